import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { CoopError } from './problem.ts';

/**
 * A spec as it was written, before it means anything: texts, lists and maps, each with its key path and its place. YAML is read
 * without types (the "failsafe" schema), so that `3.10` stays `3.10` and `no` stays `no`; the reader of each key knows what it wants.
 */
export type SpecNode = { path: string; at: string } & (
  | { kind: 'empty' }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: SpecNode[] }
  | { kind: 'map'; entries: SpecEntry[] }
);
export type SpecEntry = { key: string; at: string; node: SpecNode };

export const SPEC_BYTES_MAX = 256 * 1024;
const NODES_MAX = 20_000; // an alias counts each time it is used: a "billion laughs" ends here
const DEPTH_MAX = 20;

/** Throws `invalid_spec` with line and column. */
export function parseSpecYaml(text: string): SpecNode {
  if (text.length > SPEC_BYTES_MAX || new TextEncoder().encode(text).length > SPEC_BYTES_MAX) {
    throw new CoopError('invalid_spec', `the spec is larger than ${SPEC_BYTES_MAX / 1024} KiB`, {
      hint: 'put data into the image or copy it with coop cp',
    });
  }
  const lines = new LineCounter();
  const document = readDocument(text, lines);
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`;
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const tooDeep = error.code === 'RESOURCE_EXHAUSTION';
    throw new CoopError(
      'invalid_spec',
      tooDeep ? 'the spec is nested too deeply' : `this is no valid YAML: ${error.message}`,
      {
        at: place(error.pos[0]),
        hint:
          error.code === 'TAB_AS_INDENT'
            ? 'indent with blanks'
            : 'compare with the examples in the documentation of spec files',
      },
    );
  }
  return convert(document, place);
}

function readDocument(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    // Double keys are looked for below: the library compares every pair of keys, which takes seconds on a hostile file.
    return parseDocument(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      merge: false,
      lineCounter,
    });
  } catch (cause) {
    throw new CoopError('invalid_spec', 'the spec cannot be read as YAML', {
      hint: 'it may be nested too deeply',
      cause,
    });
  }
}

function convert(document: Document.Parsed, place: (offset: number) => string): SpecNode {
  const anchors = new Map<string, unknown>();
  let nodes = 0;

  const walk = (yaml: unknown, path: string, at: string, depth: number): SpecNode => {
    const refuse = (message: string, hint: string): never => {
      throw new CoopError('invalid_spec', path === '' ? message : `${path}: ${message}`, { at, hint });
    };
    if (++nodes > NODES_MAX) refuse(`the spec has more than ${NODES_MAX} values`, 'use fewer aliases');
    if (depth > DEPTH_MAX)
      refuse('the spec is nested too deeply', 'no key of a spec is nested deeper than four levels');
    if (isAlias(yaml)) {
      const target =
        anchors.get(yaml.source) ??
        refuse(`there is no anchor "${yaml.source}" before this`, 'define it with &name first');
      return walk(target, path, at, depth + 1);
    }
    if (!isScalar(yaml) && !isSeq(yaml) && !isMap(yaml)) return { path, at, kind: 'empty' };
    if (yaml.tag !== undefined) refuse(`YAML tags like ${yaml.tag} are not allowed`, 'remove the tag');
    if (yaml.anchor !== undefined) anchors.set(yaml.anchor, yaml);
    if (isScalar(yaml)) return scalar(yaml, path, at);
    if (isSeq(yaml)) {
      const items = yaml.items.map((item, position) =>
        walk(item, `${path}[${position}]`, placeOf(item, at), depth + 1),
      );
      return { path, at, kind: 'list', items };
    }
    const seen = new Set<string>();
    const entries = yaml.items.map((pair) => {
      const key =
        isScalar(pair.key) && typeof pair.key.value === 'string'
          ? pair.key.value
          : refuse('keys must be plain words', 'write key: value');
      const keyAt = placeOf(pair.key, at);
      if (seen.has(key))
        throw new CoopError('invalid_spec', `the key "${key}" stands twice`, {
          at: keyAt,
          hint: 'remove one of the two',
        });
      seen.add(key);
      const inner = path === '' ? key : `${path}.${key}`;
      return { key, at: keyAt, node: walk(pair.value, inner, placeOf(pair.value, keyAt), depth + 1) };
    });
    return { path, at, kind: 'map', entries };
  };
  const placeOf = (yaml: unknown, otherwise: string): string => {
    const range = (yaml as { range?: [number, number, number] } | null | undefined)?.range;
    const isNothing = isScalar(yaml) && yaml.value === '' && yaml.type === 'PLAIN';
    return range === undefined || isNothing ? otherwise : place(range[0]);
  };
  return walk(document.contents, '', placeOf(document.contents, 'line 1, column 1'), 0);
}

function scalar(yaml: { value: unknown; type?: string }, path: string, at: string): SpecNode {
  const text = typeof yaml.value === 'string' ? yaml.value : '';
  const isNothing = yaml.type === 'PLAIN' && (text === '' || text === 'null' || text === '~');
  return isNothing ? { path, at, kind: 'empty' } : { path, at, kind: 'text', text };
}
