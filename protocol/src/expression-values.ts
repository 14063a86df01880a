import type { FieldKind } from './expression-fields.ts';
import { invalid, type Word } from './expression-scan.ts';
import { findClasses } from './gpu-classes.ts';
import { parseDollars } from './money.ts';
import type { CoopError } from './problem.ts';
import { parseDuration, parseSizeMib } from './sizes.ts';
import { isolationLevels } from './spec.ts';

export type Value = string | bigint | boolean | readonly bigint[] | readonly string[];

/** What a condition compares with. A class stands for all classes of its family. */
export function readAs(kind: FieldKind, word: Word, name: string): Value {
  const refuse = (what: string, hint: string) =>
    invalid(word.column, `"${word.text.slice(0, 60)}" is ${what} for ${name}`, hint);
  switch (kind) {
    case 'text':
    case 'place':
    case 'part':
      return foldText(word.text);
    case 'class': {
      const found = findClasses(word.text);
      if (found.found) return found.classes;
      const hint =
        found.suggestions.length > 0
          ? `did you mean ${found.suggestions.join(' or ')}?`
          : 'names look like rtx-4090 or A100';
      throw refuse('no known card', hint);
    }
    case 'number':
      return decimal(word.text) ?? fail(refuse('no number', 'write a decimal number with at most six decimals'));
    case 'gib':
      return gibMillionths(word.text) ?? fail(refuse('no size', 'write GiB as a number, or 512MB, 24GB, 1TB'));
    case 'dollars':
      return parseDollars(word.text) ?? fail(refuse('no amount', 'write dollars with at most six decimals, like 0.45'));
    case 'share':
      return share(word.text) ?? fail(refuse('no share', 'write 0.98 or 98%'));
    case 'flag':
      return flag(word.text) ?? fail(refuse('neither true nor false', 'write true or false'));
    case 'time': {
      const seconds = parseDuration(word.text);
      return typeof seconds === 'number' ? BigInt(seconds) : fail(refuse('no duration', 'give the unit: 12h, 3d'));
    }
    case 'version':
      return version(word.text) ?? fail(refuse('no version', 'write dotted numbers, like 550.54'));
    case 'isolation': {
      const rank = isolationLevels.findIndex((level) => level === word.text.toLowerCase());
      return rank >= 0 ? BigInt(rank) : fail(refuse('no isolation', `one of ${isolationLevels.join(', ')}`));
    }
  }
}

/** What an offer says, in the form in which `readAs` gives values. */
export function comparable(actual: string | bigint | boolean | null, kind: FieldKind): Value | null {
  if (actual === null) return null;
  if (kind === 'gib') return (actual as bigint) * 1_000_000n;
  if (kind === 'text' || kind === 'place' || kind === 'part') return foldText(actual as string);
  if (kind === 'version') return version(actual as string) ?? null;
  return actual;
}

/** Whether what an offer says is what a condition names: a member of a family, a place within a region, a part of a model's name. */
export function meets(kind: FieldKind, actual: Value, value: Value): boolean {
  if (kind === 'class') return (value as readonly string[]).includes(actual as string);
  if (kind === 'place') return actual === value || (actual as string).startsWith(`${value as string}-`);
  if (kind === 'part') return (actual as string).includes(value as string);
  return compare(actual, value) === 0;
}

export function compare(a: Value, b: Value): number {
  if (typeof a === 'object' && typeof b === 'object')
    return compareVersions(a as readonly bigint[], b as readonly bigint[]);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareVersions(a: readonly bigint[], b: readonly bigint[]): number {
  for (let position = 0; position < Math.max(a.length, b.length); position++) {
    const left = a[position] ?? 0n;
    const right = b[position] ?? 0n;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** What an offer does not say counts as the smallest. */
export function compareForSort(
  a: string | bigint | boolean | null,
  b: string | bigint | boolean | null,
  kind: FieldKind,
): number {
  const left = comparable(a, kind);
  const right = comparable(b, kind);
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  return compare(left, right);
}

export function isOrdered(kind: FieldKind): boolean {
  return !['text', 'place', 'part', 'class', 'flag'].includes(kind);
}

function foldText(text: string): string {
  const folded = text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '-');
  return folded === 'x86-64' || folded === 'x64' ? 'amd64' : folded === 'aarch64' ? 'arm64' : folded;
}

/** Millionths. */
function decimal(text: string): bigint | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text);
  return match ? BigInt(match[1]!) * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0')) : undefined;
}

/** Millionths of a MiB, so that both `23.5` (GiB) and `512MB` are exact. */
function gibMillionths(text: string): bigint | undefined {
  const gib = decimal(text);
  if (gib !== undefined) return gib * 1024n;
  const mib = parseSizeMib(text);
  return mib === undefined ? undefined : BigInt(mib) * 1_000_000n;
}

/** Parts per million. */
function share(text: string): bigint | undefined {
  const percent = text.endsWith('%');
  const value = decimal(percent ? text.slice(0, -1) : text);
  if (value === undefined) return undefined;
  if (percent && value % 100n !== 0n) return undefined;
  const ppm = percent ? value / 100n : value;
  return ppm <= 1_000_000n ? ppm : undefined;
}

function flag(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'yes' || word === '1') return true;
  return word === 'false' || word === 'no' || word === '0' ? false : undefined;
}

function version(text: string): bigint[] | undefined {
  return /^\d{1,9}(?:\.\d{1,9}){0,5}$/.test(text) ? text.split('.').map(BigInt) : undefined;
}

function fail(error: CoopError): never {
  throw error;
}
