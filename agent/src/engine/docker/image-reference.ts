/** The parts of an image's name that matter here, read by the registries' own grammar; undefined: it is not one. */
export type ImageReference = {
  /** As the engine is asked for it, with a tag: without one it would pull every tag there is. */
  name: string;
  /** In one spelling, whatever the tag or digest, so that what is private stays so under each of its names. */
  repository: string;
  registry: string;
};

const WORD = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const GRAMMAR = new RegExp(
  `^(?:([a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\\d{1,5})?)/)?(${WORD}(?:/${WORD})*)(:[\\w][\\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$`,
);
const HUB = 'https://index.docker.io/v1/';

export function parseImageReference(text: string): ImageReference | undefined {
  const [whole, first, rest, tag = '', digest = ''] = GRAMMAR.exec(text) ?? [];
  // A bare digest is the engine's own number of an image: it would find any image here, whoever's it is.
  if (whole === undefined || rest === undefined || whole.length > 512 || text.startsWith('sha256:')) return undefined;
  const isHost = first !== undefined && (/[.:]/.test(first) || first === 'localhost');
  const isHub = !isHost || /^(index\.)?docker\.io$/.test(first);
  const path = isHost || first === undefined ? rest : `${first}/${rest}`;
  return {
    name: tag === '' && digest === '' ? `${text}:latest` : text,
    repository: isHub ? `docker.io/${path.replace(/^library\//, '')}` : `${first}/${path}`,
    registry: isHub ? HUB : first,
  };
}
