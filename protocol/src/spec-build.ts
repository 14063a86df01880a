import { CoopError } from './problem.ts';
import { joinCommands, splitWords } from './shell-words.ts';
import {
  coopKeys,
  movedKeys,
  resourceKeys,
  topKeys,
  topKeysNotYet,
  typesNotYet,
  type CoopKey,
  type TopKey,
} from './spec-keys.ts';
import type { SpecNode } from './spec-node.ts';
import {
  readPorts,
  readReadiness,
  readRegions,
  readRegistryAuth,
  readResources,
  readRetry,
  readUtilizationPolicy,
  readWhere,
  type ResourceFields,
} from './spec-parts.ts';
import {
  optional,
  readChoice,
  readDollars,
  readDuration,
  readFlag,
  readItems,
  readMap,
  readMatching,
  readText,
  readTexts,
  refuse,
} from './spec-read.ts';
import { isolationLevels, Spec, specDefaults } from './spec.ts';

/** A spec with what travels beside it and is never part of it. Values of secrets are added by the client that has them. */
export type ParsedSpec = {
  spec: Spec;
  /** Variables whose values the client takes from its own environment. The same list stands in `spec.secret_names`. */
  secretNames: string[];
  registryAuth: { username: string; password: string } | null;
  /** Queue the order when nothing matches now. */
  wait: boolean;
};

const LONGEST_S = 365 * 86_400;

type Fields = Map<TopKey, SpecNode>;

/** `layers` are whole specs, the later ones over the earlier: a file, then flags. Throws `invalid_spec`. */
export function buildSpec(layers: readonly SpecNode[]): ParsedSpec {
  const fields: Fields = new Map();
  const extras = new Map<CoopKey, SpecNode>();
  const resources: ResourceFields = new Map();
  const environments: SpecNode[] = [];
  for (const layer of layers) {
    for (const [key, node] of readMap(layer, topKeys, { moved: movedKeys, notYet: topKeysNotYet })) {
      if (key === 'env') environments.push(node);
      else if (key === 'x-coop') for (const [extra, value] of readMap(node, coopKeys)) extras.set(extra, value);
      else if (key === 'resources') for (const [name, value] of readMap(node, resourceKeys)) resources.set(name, value);
      else fields.set(key, node);
    }
  }
  const type = typeOf(fields.get('type'), layers[0]!);
  refuseSpot(fields.get('spot_policy'));
  const { env, secretNames } = readEnvironment(environments);
  const registryAuth = optional(fields.get('registry_auth'), readRegistryAuth);
  const spec: Spec = {
    type,
    name: optional(fields.get('name'), readName),
    image: optional(fields.get('image'), readImage),
    ...readCommand(type, fields, layers[0]!),
    env,
    secret_names: secretNames,
    registry_auth: registryAuth !== null,
    working_dir: optional(fields.get('working_dir'), readWorkingDir),
    user: optional(fields.get('user'), readUser),
    ports: readPorts(fields.get('ports')),
    resources: readResources(resources, extras.get('architecture')),
    readiness: readReadiness(extras.get('readiness')),
    max_price_micros_per_hour: optional(fields.get('max_price'), (node) => readDollars(node, 0n)),
    budget_micros: optional(extras.get('budget'), (node) => readDollars(node, 1n)),
    max_duration_s:
      optional(fields.get('max_duration'), (node) => readDuration(node, 1, LONGEST_S, LONGEST_S)) ??
      specDefaults.max_duration_s,
    retry: optional(either(fields.get('retry'), extras.get('retry')), readRetry),
    utilization_policy: optional(fields.get('utilization_policy'), readUtilizationPolicy),
    stop_grace_s:
      optional(extras.get('stop_grace'), (node) => readDuration(node, 0, 600, 0)) ?? specDefaults.stop_grace_s,
    where: optional(extras.get('where'), readWhere),
    isolation: optional(extras.get('isolation'), (node) => readChoice(node, isolationLevels)),
    regions: optional(either(fields.get('regions'), extras.get('regions')), readRegions),
  };
  return { spec: checked(spec), secretNames, registryAuth, wait: optional(extras.get('wait'), readFlag) ?? false };
}

/** The shape is the last word: what it refuses although the readers let it pass is still the writer's to mend. */
function checked(spec: Spec): Spec {
  const result = Spec.safeParse(spec);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new CoopError('invalid_spec', `${issue.path.join('.')}: ${issue.message}`, {
    at: issue.path.join('.'),
    cause: result.error,
  });
}

function either(atTop: SpecNode | undefined, inExtras: SpecNode | undefined): SpecNode | undefined {
  if (atTop !== undefined && inExtras !== undefined)
    refuse(inExtras, `is also given as ${atTop.path}`, 'keep one of the two');
  return atTop ?? inExtras;
}

function typeOf(node: SpecNode | undefined, root: SpecNode): Spec['type'] {
  if (node === undefined) return refuse(root, 'the key "type" is missing', 'add a line: type: task');
  const text = readText(node);
  if (Object.hasOwn(typesNotYet, text)) return refuse(node, `"${text}" is not supported yet`, typesNotYet[text]!);
  return readChoice(node, ['task', 'dev-environment']);
}

function refuseSpot(node: SpecNode | undefined): void {
  if (node === undefined || readChoice(node, ['on-demand', 'auto', 'spot']) !== 'spot') return;
  refuse(
    node,
    'interruptible offers do not exist yet',
    'write spot_policy: on-demand, or leave it out; cap the price with max_price',
  );
}

function readName(node: SpecNode): string {
  return readMatching(
    node,
    /^[a-z][a-z0-9-]*$/,
    'name of a run',
    'lower-case letters, digits and -, beginning with a letter',
    63,
  );
}

function readImage(node: SpecNode): string {
  return readMatching(
    node,
    /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/,
    'image',
    'write it as docker pull takes it: name:tag or host/name@sha256:…',
    512,
  );
}

function readWorkingDir(node: SpecNode): string {
  return readMatching(node, /^\//, 'absolute path', 'begin with /');
}

function readUser(node: SpecNode): string {
  return readMatching(
    node,
    /^[A-Za-z0-9_][\w.-]*(?::[A-Za-z0-9_][\w.-]*)?$/,
    'user',
    'write a name, a number, or user:group',
    64,
  );
}

/**
 * `commands` become one shell line. As in dstack they need no entrypoint of the image, so they replace it; with an entrypoint of
 * the spec's own they are its arguments, as docker has it.
 */
function readCommand(type: Spec['type'], fields: Fields, root: SpecNode): Pick<Spec, 'entrypoint' | 'command'> {
  const node = fields.get('commands');
  const entrypoint = optional(fields.get('entrypoint'), readEntrypoint);
  const commands = optional(node, (list) => readTexts(list, { items: 256, characters: 65_536 }));
  if (type === 'dev-environment' && commands !== null) {
    refuse(node!, 'a dev-environment stands and waits for you', 'use type: task, or run them with coop exec');
  }
  if (commands === null) {
    if (type === 'task' && entrypoint === null && !fields.has('image')) {
      refuse(
        root,
        'there is nothing to run',
        'give commands (on the command line after --, as in: coop run -- echo hello), an image, or both',
      );
    }
    return { entrypoint, command: null };
  }
  if (commands.length === 0)
    refuse(node!, 'has no command', 'give one, or leave the key out to run what the image runs');
  if (entrypoint !== null || node!.path === '--') return { entrypoint, command: commands };
  return { entrypoint: ['/bin/sh', '-c'], command: [placedJoin(node!, commands)] };
}

function placedJoin(node: SpecNode, commands: string[]): string {
  const blank = commands.findIndex((command) => command.trim() === '');
  if (blank >= 0) refuse(node, `the command at position ${blank + 1} is empty`, 'remove it');
  const line = joinCommands(commands);
  return line.length <= 65_536
    ? line
    : refuse(node, 'the commands together have more than 65536 characters', 'put them into a script in the image');
}

function readEntrypoint(node: SpecNode): string[] {
  if (node.kind === 'list') return readTexts(node, { items: 64, characters: 4096 });
  const words = splitWords(readText(node, 4096));
  if (words === undefined) return refuse(node, 'a quote has no end', 'close it, or write a list of words');
  return words.length > 0 && words.length <= 64
    ? words
    : refuse(node, 'must have 1 to 64 words', 'leave the key out for what the image has');
}

/** Lists of `NAME=value` and `NAME` (taken from the renter's own environment), or a map of name to value. Later layers win. */
function readEnvironment(layers: SpecNode[]): { env: Record<string, string>; secretNames: string[] } {
  const values = new Map<string, string | null>();
  for (const layer of layers) {
    const here = new Set<string>();
    for (const { name, value, node } of variablesOf(layer)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__') {
        refuse(
          node,
          `"${name.slice(0, 60)}" is no name of a variable`,
          'write NAME=value; letters, digits and _, no digit first',
        );
      }
      if (here.has(name)) refuse(node, `${name} is set twice`, 'remove one of the two');
      here.add(name);
      values.set(name, value);
    }
  }
  const plain = [...values].filter((entry): entry is [string, string] => entry[1] !== null);
  const secretNames = [...values].filter(([, value]) => value === null).map(([name]) => name);
  return { env: Object.fromEntries(plain), secretNames };
}

function variablesOf(layer: SpecNode): { name: string; value: string | null; node: SpecNode }[] {
  if (layer.kind === 'map') {
    return layer.entries.map(({ key, node }) => {
      if (node.kind === 'empty')
        refuse(
          node,
          'has no value',
          `write ${key}: "" for an empty one, or the list form "- ${key}" to take it from your environment`,
        );
      return { name: key, value: readText(node, 65_536), node };
    });
  }
  return readItems(layer, 1024).map((node) => {
    const text = readText(node, 70_000);
    const equals = text.indexOf('=');
    return equals < 0
      ? { name: text, value: null, node }
      : { name: text.slice(0, equals), value: text.slice(equals + 1), node };
  });
}
