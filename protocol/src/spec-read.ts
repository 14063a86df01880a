import { parseDollars } from './money.ts';
import { nearest } from './nearest.ts';
import { CoopError } from './problem.ts';
import { parseDuration, parseInteger, parseIntegerRange, parseSizeMib, parseSizeRange } from './sizes.ts';
import type { SpecNode } from './spec-node.ts';
import type { Range } from './spec.ts';

/** Typed values out of a spec's nodes. Each throws `invalid_spec` with key path, place and what would be right. */

export function refuse(node: { path: string; at: string }, message: string, hint: string): never {
  throw new CoopError('invalid_spec', node.path === '' ? message : `${node.path}: ${message}`, { at: node.at, hint });
}

export function optional<T>(node: SpecNode | undefined, read: (node: SpecNode) => T): T | null {
  return node === undefined ? null : read(node);
}

/** Runs a parser of a language of its own (GPU request, expression) and places its error in the spec. */
export function placed<T>(node: SpecNode, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CoopError)) throw error;
    const where = error.at === undefined ? '' : ` (${error.at})`;
    throw new CoopError('invalid_spec', `${node.path}: ${error.message}${where}`, {
      at: node.at,
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}

/** Keys that people will write and that do not stand here, each with what to do instead. */
export type OtherKeys = { notYet?: Readonly<Record<string, string>>; moved?: Readonly<Record<string, string>> };

/** The values of a map by key. Unknown keys are refused, with the nearest known one. */
export function readMap<Key extends string>(
  node: SpecNode,
  known: readonly Key[],
  others: OtherKeys = {},
): Map<Key, SpecNode> {
  if (node.kind !== 'map')
    return refuse(node, `must be a map of keys, not ${kindOf(node)}`, `its keys are ${known.join(', ')}`);
  const values = new Map<Key, SpecNode>();
  for (const { key, at, node: value } of node.entries) {
    const match = known.find((name) => name === key);
    if (match === undefined) refuseKey({ path: node.path, at }, key, known, others);
    if (value.kind === 'empty') refuse(value, 'has no value', 'give one, or remove the key');
    values.set(match, value);
  }
  return values;
}

function refuseKey(
  where: { path: string; at: string },
  key: string,
  known: readonly string[],
  { notYet = {}, moved = {} }: OtherKeys,
): never {
  const shown = key.slice(0, 60);
  if (Object.hasOwn(moved, key)) refuse(where, `"${shown}" does not stand here`, moved[key]!);
  if (Object.hasOwn(notYet, key))
    refuse(where, `"${shown}" is a key of dstack that Coop does not support yet`, notYet[key]!);
  const [near] = nearest(key, known);
  refuse(
    where,
    `there is no key "${shown}" here`,
    near === undefined ? `keys are ${known.join(', ')}` : `did you mean "${near}"?`,
  );
}

export function readText(node: SpecNode, most = 1024): string {
  if (node.kind !== 'text')
    return refuse(node, `must be a text, not ${kindOf(node)}`, 'write one value on the same line');
  if (node.text.length > most) refuse(node, `has more than ${most} characters`, 'shorten it');
  if (node.text.includes('\0')) refuse(node, 'holds a zero byte', 'no program can be given one');
  if (!node.text.isWellFormed()) refuse(node, 'holds half of a character', 'write it as the character itself');
  return node.text;
}

export function readMatching(node: SpecNode, pattern: RegExp, what: string, example: string, most = 1024): string {
  const text = readText(node, most);
  return pattern.test(text) ? text : refuse(node, `"${text.slice(0, 60)}" is no ${what}`, example);
}

export function readChoice<Choice extends string>(node: SpecNode, choices: readonly Choice[]): Choice {
  const text = readText(node);
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const [near] = nearest(text, choices);
  const hint =
    near === undefined ? `one of ${choices.join(', ')}` : `did you mean ${near}? It is one of ${choices.join(', ')}`;
  return refuse(node, `"${text.slice(0, 60)}" is not possible here`, hint);
}

export function readFlag(node: SpecNode): boolean {
  const text = readText(node);
  if (text === 'true' || text === 'false') return text === 'true';
  return refuse(node, `"${text.slice(0, 60)}" is neither true nor false`, 'write true or false');
}

/** A list of texts; one text alone is a list of one only where `orText` says so. */
export function readTexts(node: SpecNode, most: { items: number; characters: number }, orText = false): string[] {
  return readItems(node, most.items, orText).map((item) => readText(item, most.characters));
}

export function readItems(node: SpecNode, most: number, orText = false): SpecNode[] {
  if (orText && node.kind === 'text') return [node];
  if (node.kind !== 'list')
    return refuse(node, `must be a list, not ${kindOf(node)}`, 'write each item on a line of its own after "- "');
  if (node.items.length > most) refuse(node, `has more than ${most} items`, 'use fewer');
  return node.items;
}

export function readInteger(node: SpecNode, min: number, max: number): number {
  const value = parseInteger(readText(node));
  if (value !== undefined && value >= min && value <= max) return value;
  return refuse(
    node,
    `"${readText(node).slice(0, 60)}" is no whole number from ${min} to ${max}`,
    `write a number like ${Math.max(min, 1)}`,
  );
}

/** Whole seconds within bounds; `off` gives `whenOff`, or is refused where that is undefined. */
export function readDuration(node: SpecNode, min: number, max: number, whenOff?: number): number {
  const text = readText(node);
  const seconds = parseDuration(text);
  const value = seconds === 'off' ? whenOff : seconds;
  if (value === undefined) {
    const hint =
      parseInteger(text) === undefined
        ? 'write 90s, 30m, 6h, 2d or 1w'
        : `give the unit: ${text.trim()}s for seconds, ${text.trim()}h for hours`;
    return refuse(node, `"${text.slice(0, 60)}" is no duration`, hint);
  }
  return value >= min && value <= max
    ? value
    : refuse(node, `must be between ${min} and ${max} seconds`, 'choose another duration');
}

export function readSize(node: SpecNode): number {
  const text = readText(node);
  return parseSizeMib(text) ?? refuse(node, `"${text.slice(0, 60)}" is no size`, sizeHint(text));
}

/** What is left open at the lower end takes the default, or the upper end when that is lower. */
export function readSizeRange(node: SpecNode, least: number): Range {
  const text = readText(node);
  return closed(
    node,
    parseSizeRange(text) ?? refuse(node, `"${text.slice(0, 60)}" is no range of sizes`, sizeHint(text)),
    least,
  );
}

export function readCountRange(node: SpecNode, text: string, least: number): Range {
  const range =
    parseIntegerRange(text) ??
    refuse(node, `"${text.slice(0, 60)}" is no range of whole numbers`, 'write 4, 4.., ..8 or 2..8');
  return closed(node, range, least);
}

function closed(node: SpecNode, range: Range, least: number): Range {
  if (range.max === 0) return refuse(node, 'nothing cannot be rented', 'leave the key out for the default');
  return range.min > 0 ? range : { min: Math.min(least, range.max ?? least), max: range.max };
}

function sizeHint(text: string): string {
  const bare = /^[\d. ]+$/.test(text) ? text.replace(/\d+/g, '$&GB').trim() : undefined;
  return bare === undefined ? 'write 512MB, 24GB, 24GB.. or 8GB..16GB' : `give the unit: ${bare}`;
}

/** Dollars as exact micros, safe as a JSON number. */
export function readDollars(node: SpecNode, least: bigint): number {
  const amount = parseDollars(readText(node));
  if (amount === undefined) {
    return refuse(
      node,
      `"${readText(node).slice(0, 60)}" is no amount in dollars`,
      'write 0.45, with at most six decimals',
    );
  }
  return amount >= least ? Number(amount) : refuse(node, 'must be more than nothing', 'write an amount like 5.00');
}

function kindOf(node: SpecNode): string {
  return { empty: 'nothing', text: 'a single value', list: 'a list', map: 'a map of keys' }[node.kind];
}
