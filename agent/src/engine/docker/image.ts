import type Docker from 'dockerode';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { EngineError } from '../engine-error.ts';
import type { PrepareProgress } from '../engine.ts';
import { within } from '../within.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';
import type { PrivateImages } from './private-images.ts';

/** `user`: whom the image runs as where the order does not say; empty is root. */
export type Image = { id: string; digest: string | null; sizeBytes: number; user: string };

export type ImageSource = { docker: Docker; privateImages: PrivateImages; ownImages: boolean };

/**
 * The image of an order, pulled only if it is not there. Two kinds of image that are there do not count: one that was pulled with
 * somebody's credentials (the registry is asked again, so that nobody runs another's private image), and, where renters are
 * strangers, one that the provider built for himself.
 */
export async function obtainImage(
  source: ImageSource,
  order: Pick<LeaseOrder, 'registry_auth'> & { image: string },
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<Image> {
  const reference = parseImageReference(order.image);
  if (reference === undefined)
    throw new EngineError('image_not_found', `"${order.image}" is not the name of an image.`);
  const present = await findImage(source.docker, reference.name);
  const mustAsk = order.registry_auth !== null || source.privateImages.has(reference.repository);
  if (present !== undefined && !mustAsk && (source.ownImages || present.digest !== null)) return present;
  // What is named by its digest and is here, docker pulls without asking anybody; so the registry is asked for leave.
  if (present !== undefined && mustAsk && reference.name.includes('@'))
    await askRegistry(source.docker, reference, order.registry_auth);
  await pullImage(source.docker, reference, order.registry_auth, onProgress, signal);
  if (order.registry_auth !== null) source.privateImages.add(reference.repository);
  const pulled = await findImage(source.docker, reference.name);
  if (pulled === undefined)
    throw new EngineError('image_pull_failed', `${order.image} was pulled, but the engine does not have it.`);
  return pulled;
}

export async function findImage(docker: Docker, reference: string): Promise<Image | undefined> {
  try {
    const image = await within(10_000, 'inspect image', (abortSignal) =>
      docker.getImage(reference).inspect({ abortSignal } as object),
    );
    return {
      id: image.Id,
      digest: image.RepoDigests?.[0] ?? null,
      sizeBytes: image.Size,
      user: image.Config?.User ?? '',
    };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw asEngineError(error, `inspect image ${reference}`);
  }
}

async function askRegistry(
  docker: Docker,
  reference: ImageReference,
  auth: LeaseOrder['registry_auth'],
): Promise<void> {
  try {
    await within(60_000, 'ask the registry', (abortSignal) =>
      docker.getImage(reference.name).distribution({ ...credentials(reference, auth), abortSignal } as object),
    );
  } catch (error) {
    throw error instanceof EngineError ? error : pullError(error, reference.name, auth !== null);
  }
}

async function pullImage(
  docker: Docker,
  reference: ImageReference,
  auth: LeaseOrder['registry_auth'],
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const image = reference.name;
  const progress = new PullProgress();
  onProgress({ phase: 'pulling', ...progress.bytes() });
  try {
    const stream = await docker.pull(image, {
      abortSignal: signal,
      ...credentials(reference, auth),
    });
    for await (const line of jsonLines(stream)) {
      if (line.error !== undefined) throw new Error(line.errorDetail?.message ?? line.error);
      if (progress.add(line)) onProgress({ phase: 'pulling', ...progress.bytes() });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw pullError(error, image, auth !== null);
  }
}

function credentials({ registry }: ImageReference, auth: LeaseOrder['registry_auth']) {
  return auth === null
    ? {}
    : { authconfig: { username: auth.username, password: auth.password, serveraddress: registry } };
}

type PullLine = {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  errorDetail?: { message?: string };
};

/** Adds up the layers: a total is known once every layer that was announced has said its size. */
export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number | null }>();

  /** True when the sums changed. */
  add({ id, status, progressDetail }: PullLine): boolean {
    if (id === undefined || status === undefined) return false;
    const layer = this.#layers.get(id);
    switch (status) {
      case 'Pulling fs layer':
      case 'Waiting':
        if (layer === undefined) this.#layers.set(id, { current: 0, total: null });
        return layer === undefined;
      case 'Downloading': {
        const { current, total } = progressDetail ?? {};
        if (current === undefined) return false;
        this.#layers.set(id, { current, total: total !== undefined && total > 0 ? total : (layer?.total ?? null) });
        return true;
      }
      case 'Verifying Checksum':
      case 'Download complete':
      case 'Extracting':
      case 'Pull complete':
        // Small layers come without a "Downloading" line; what was never sized counts as nothing.
        if (layer === undefined) return false;
        this.#layers.set(id, { current: layer.total ?? layer.current, total: layer.total ?? layer.current });
        return true;
      default:
        return false;
    }
  }

  bytes(): { pulled_bytes: number | null; total_bytes: number | null } {
    const layers = [...this.#layers.values()];
    if (layers.length === 0) return { pulled_bytes: null, total_bytes: null };
    const pulled = layers.reduce((sum, layer) => sum + layer.current, 0);
    const sized = layers.every((layer) => layer.total !== null);
    return {
      pulled_bytes: pulled,
      total_bytes: sized ? layers.reduce((sum, layer) => sum + (layer.total ?? 0), 0) : null,
    };
  }
}

/** Registries answer "denied" for what does not exist, so that nobody learns which private images there are. */
export function pullError(error: unknown, image: string, withAuth: boolean): EngineError {
  const message = engineMessage(error);
  const say = (reason: ConstructorParameters<typeof EngineError>[0]) =>
    new EngineError(reason, `${image}: ${message}`, { cause: error });
  if (
    /manifest unknown|not found: manifest|name unknown|repository name not known|no matching manifest|invalid reference/i.test(
      message,
    )
  ) {
    return say('image_not_found');
  }
  if (/unauthorized|authentication required|no basic auth|incorrect username or password/i.test(message))
    return say('image_auth_failed');
  if (/denied|does not exist/i.test(message)) return say(withAuth ? 'image_auth_failed' : 'image_not_found');
  if (/lookup|dial tcp|i\/o timeout|TLS|no space left|connection refused|toomanyrequests|EOF/i.test(message))
    return say('image_pull_failed');
  if (statusOf(error) === 404) return say('image_not_found');
  return say('image_pull_failed');
}

async function* jsonLines(stream: NodeJS.ReadableStream): AsyncGenerator<PullLine> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as PullLine;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as PullLine;
}
