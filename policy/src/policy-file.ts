import { nearest } from '@gpucoop/protocol/nearest.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { parsePolicy, type Policy } from './policy.ts';
import { keysAt } from './schema-keys.ts';
import type { Sources } from './sources.ts';

const BYTES_MAX = 1024 * 1024;

const SourcesInFile = z.record(
  z.string(),
  z.strictObject({
    kind: z.enum(['published', 'code', 'reported', 'derived', 'assumed', 'ours']),
    text: z.string(),
    date: z.string().optional(),
  }),
);

/** `at`: line and column of a key path. */
export type PolicyFile = { policy: Policy; sources: Sources; at: (path: string) => string };

/**
 * Reads a policy from YAML or JSON. `sources` may stand in it and is no part of the policy. Throws `invalid_policy` for the first thing
 * that is wrong: `at` is line and column, the message begins with the key path, the hint names the nearest key.
 */
export function readPolicyFile(text: string): PolicyFile {
  if (text.length > BYTES_MAX) refuse('the policy is larger than 1 MiB', 'line 1, column 1');
  const lines = new LineCounter();
  const document = readDocument(text, lines);
  const place = placeOf(document, lines);
  const [error] = document.errors;
  if (error !== undefined) {
    refuse(`this is neither YAML nor JSON: ${error.message}`, lineAndColumn(lines, error.pos[0]));
  }
  const { sources: given, ...rules } = plainNumbers(valuesOf(document), []) as Record<string, unknown>;
  const sources = SourcesInFile.safeParse(given ?? {});
  if (!sources.success) throw placed(firstIssue(sources.error), ['sources'], place);
  try {
    return { policy: parsePolicy(rules), sources: sources.data as Sources, at: (path) => place(path.split('.')) };
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) throw thrown;
    throw placed(firstIssue(thrown), [], place);
  }
}

type Path = readonly PropertyKey[];
type Place = (path: Path, key?: string) => string;

function readDocument(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, intAsBigInt: true, merge: false });
  } catch (cause) {
    throw new CoopError('invalid_policy', 'the policy cannot be read as YAML', { at: 'line 1, column 1', cause });
  }
}

function valuesOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CoopError('invalid_policy', `the policy cannot be read: ${message}`, { at: 'line 1, column 1', cause });
  }
}

/** A mistyped key is also a missing one; the mistyped one says more. */
const firstIssue = ({ issues }: z.core.$ZodError): z.core.$ZodIssue =>
  issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;

/** Whole numbers that JSON holds exactly stay numbers; larger ones have to be texts, and the schema says so. */
function plainNumbers(value: unknown, path: Path): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map((item, n) => plainNumbers(item, [...path, n]));
  if (value === null || typeof value !== 'object') return path.length === 0 ? {} : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainNumbers(item, [...path, key])]));
}

function placed(issue: z.core.$ZodIssue, before: Path, place: Place): CoopError {
  const path = [...before, ...issue.path];
  const where = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = keysAt(path);
    const [near] = nearest(key, known);
    return new CoopError('invalid_policy', `${where === '' ? '' : `${where}: `}there is no key "${key}" here`, {
      at: place(path, key),
      hint: near === undefined ? `keys are ${known.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const message = missing ? `"${String(path.at(-1))}" is missing` : sentence(issue);
  const hint = hintFor(issue, path);
  return new CoopError('invalid_policy', `${where === '' ? 'policy' : where}: ${message}`, {
    at: place(path),
    ...(hint !== undefined && { hint }),
  });
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue) return 'this kind is not known';
  return issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, '');
}

function hintFor(issue: z.core.$ZodIssue, path: Path): string | undefined {
  if (issue.code === 'invalid_union' && 'options' in issue) return `kinds are ${String(issue.options)}`;
  if (issue.code === 'invalid_type' && issue.expected === 'string')
    return 'amounts of tokens stand in quotes: "1000000000000000000"';
  if (issue.code === 'invalid_type' && issue.expected === 'object' && path.length === 0)
    return 'coop policy show standby --json is one to begin with';
  return undefined;
}

/** Line and column of a value, or of the key itself; of the nearest thing around it where it is missing. */
function placeOf(document: Document.Parsed, lines: LineCounter): Place {
  return (path, key) => {
    if (key !== undefined) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      if (isNode(pair?.key) && pair.key.range) return lineAndColumn(lines, pair.key.range[0]);
    }
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lineAndColumn(lines, node.range[0]);
    }
    return lineAndColumn(lines, document.contents?.range?.[0] ?? 0);
  };
}

function lineAndColumn(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`;
}

function refuse(message: string, at: string): never {
  throw new CoopError('invalid_policy', message, { at });
}
