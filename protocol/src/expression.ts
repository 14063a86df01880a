import { allFieldSpellings, fieldNamed, fieldOf, type FieldKind, type FieldName } from './expression-fields.ts';
import { findClasses } from './gpu-classes.ts';
import { parseDollars } from './money.ts';
import { nearest } from './nearest.ts';
import { CoopError } from './problem.ts';
import type { Offer } from './resources.ts';
import { parseDuration, parseSizeMib } from './sizes.ts';
import { isolationLevels } from './spec.ts';

/**
 * Vast's language for choosing offers: `gpu=rtx-4090 reliability>=0.98 price<0.5 region in [se,de]`. Conditions stand side by
 * side and must all hold. One pass over the text, exact integers, no regular expression that could run away.
 */

const EXPRESSION_MAX = 2000;
const LIST_MAX = 64;
const operators = ['<=', '>=', '==', '!=', '<', '>', '='] as const;
type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'notin';
type Value = string | bigint | boolean | readonly bigint[] | readonly string[];

/** `values` is empty for `any`: the condition always holds. A class stands for all its values. */
export type Condition = { field: FieldName; operator: Operator; values: readonly Value[] };
export type Expression = readonly Condition[];

/** Throws `invalid_expression`, whose `at` is the column, counted from 1. */
export function parseExpression(text: string): Expression {
  if (text.length > EXPRESSION_MAX) {
    throw new CoopError('invalid_expression', `the expression has more than ${EXPRESSION_MAX} characters`, { hint: 'shorten it' });
  }
  const scanner = scan(text);
  const conditions: Condition[] = [];
  for (scanner.skipBlanks(); !scanner.atEnd(); scanner.skipBlanks()) conditions.push(readCondition(scanner));
  return conditions;
}

export function matches(expression: Expression, offer: Offer): boolean {
  return expression.every((condition) => holds(condition, offer));
}

/** `price,-reliability` or Vast's `dph-,num_gpus`. Equal offers are ordered by id, so that pages never shuffle. */
export function parseSort(text: string): (a: Offer, b: Offer) => number {
  if (text.length > EXPRESSION_MAX) throw new CoopError('invalid_expression', 'the sort order is too long', { hint: 'shorten it' });
  const keys: { read: (offer: Offer) => string | bigint | boolean | null; sign: 1 | -1; kind: FieldKind }[] = [];
  let column = 1;
  for (const piece of text.split(',')) {
    const word = piece.trim();
    const name = word.replace(/^[+-]/, '').replace(/[+-]$/, '');
    const descending = word.startsWith('-') || (word.endsWith('-') && word.length > 1);
    const field = fieldOf(knownField(name, column));
    keys.push({ read: field.read, sign: descending ? -1 : 1, kind: field.kind });
    column += piece.length + 1;
  }
  return (a, b) => {
    for (const { read, sign, kind } of keys) {
      const order = compareForSort(read(a), read(b), kind);
      if (order !== 0) return order * sign;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

type Word = { text: string; column: number; quoted: boolean };
type Scanner = ReturnType<typeof scan>;

function readCondition(scanner: Scanner): Condition {
  const name = scanner.word();
  if (name.text === '') throw unexpected(scanner, 'a field name');
  const field = knownField(name.text, name.column);
  const operator = readOperator(scanner, name);
  scanner.skipBlanks();
  const column = scanner.column();
  const words = scanner.peek() === '[' ? readList(scanner) : [readValue(scanner, name.text)];
  const isList = operator === 'in' || operator === 'notin';
  if (words.length > 1 && !isList) {
    const word = operator === '!=' ? 'notin' : 'in';
    throw invalid(column, `${operator} compares with one value, not with a list`, `write ${name.text} ${word} [a,b]`);
  }
  if (words.some((word) => word.text.toLowerCase() === 'any' && !word.quoted)) return { field, operator, values: [] };
  const { kind } = fieldOf(field);
  if (isOrder(operator) && !isOrdered(kind)) {
    throw invalid(column, `${name.text} has no order, so ${operator} cannot be used`, `write ${name.text}=value or ${name.text} in [a,b]`);
  }
  return { field, operator, values: words.map((word) => readAs(kind, word, name.text)) };
}

function readOperator(scanner: Scanner, name: Word): Operator {
  scanner.skipBlanks();
  const symbol = operators.find((candidate) => scanner.take(candidate));
  if (symbol !== undefined) return symbol === '==' ? '=' : symbol;
  const column = scanner.column();
  const word = scanner.word().text.toLowerCase();
  if (word === 'in' || word === 'notin') return word;
  if (word === 'not') {
    scanner.skipBlanks();
    if (scanner.word().text.toLowerCase() === 'in') return 'notin';
  }
  const found = word === '' ? scanner.peek() || 'the end' : `"${word.slice(0, 40)}"`;
  throw invalid(column, `after ${name.text} an operator is expected, not ${found}`, 'one of < <= = != >= > in notin');
}

function readValue(scanner: Scanner, fieldName: string): Word {
  const word = scanner.value();
  if (word.text === '' && !word.quoted) throw unexpected(scanner, `a value for ${fieldName}`);
  return word;
}

function readList(scanner: Scanner): Word[] {
  const start = scanner.column();
  scanner.take('[');
  const words: Word[] = [];
  for (;;) {
    scanner.skipBlanks();
    const word = scanner.value();
    if (word.text === '' && !word.quoted) throw unexpected(scanner, 'a value in the list');
    words.push(word);
    if (words.length > LIST_MAX) throw invalid(start, `the list has more than ${LIST_MAX} values`, 'use fewer');
    scanner.skipBlanks();
    if (scanner.take(']')) return words;
    if (!scanner.take(',')) throw unexpected(scanner, '"," or "]" in the list');
  }
}

function readAs(kind: FieldKind, word: Word, name: string): Value {
  const refuse = (what: string, hint: string) =>
    invalid(word.column, `"${word.text.slice(0, 60)}" is ${what} for ${name}`, hint);
  switch (kind) {
    case 'text':
      return foldText(word.text);
    case 'class': {
      const found = findClasses(word.text);
      if (found.found) return found.classes;
      const hint = found.suggestions.length > 0 ? `did you mean ${found.suggestions.join(' or ')}?` : 'names look like rtx-4090 or A100';
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

function holds({ field, operator, values }: Condition, offer: Offer): boolean {
  if (values.length === 0) return true;
  const { kind, read } = fieldOf(field);
  const actual = comparable(read(offer), kind);
  if (actual === null) return operator === '!=' || operator === 'notin';
  const equal = () => values.some((value) => (kind === 'class' ? (value as string[]).includes(actual as string) : compare(actual, value) === 0));
  switch (operator) {
    case '=':
    case 'in':
      return equal();
    case '!=':
    case 'notin':
      return !equal();
    case '<':
      return compare(actual, values[0]!) < 0;
    case '<=':
      return compare(actual, values[0]!) <= 0;
    case '>':
      return compare(actual, values[0]!) > 0;
    case '>=':
      return compare(actual, values[0]!) >= 0;
  }
}

/** What an offer says, in the form in which `readAs` gives values. */
function comparable(actual: string | bigint | boolean | null, kind: FieldKind): Value | null {
  if (actual === null) return null;
  if (kind === 'gib') return (actual as bigint) * 1_000_000n;
  if (kind === 'text') return foldText(actual as string);
  if (kind === 'version') return version(actual as string) ?? null;
  return actual;
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'object' && typeof b === 'object') return compareVersions(a as readonly bigint[], b as readonly bigint[]);
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
function compareForSort(a: string | bigint | boolean | null, b: string | bigint | boolean | null, kind: FieldKind): number {
  const left = comparable(a, kind);
  const right = comparable(b, kind);
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  return compare(left, right);
}

function isOrder(operator: Operator): boolean {
  return operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
}

function isOrdered(kind: FieldKind): boolean {
  return kind !== 'text' && kind !== 'class' && kind !== 'flag';
}

function foldText(text: string): string {
  const folded = text.trim().toLowerCase().replace(/[\s_-]+/g, '-');
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

function knownField(name: string, column: number): FieldName {
  const field = fieldNamed(name);
  if (field !== undefined) return field;
  const shown = name.slice(0, 40);
  if (/^(and|&&|or|\|\|)$/i.test(name)) {
    const hint = /^o|\|/i.test(name) ? 'write alternatives as a list: gpu in [rtx-4090,rtx-5090]' : 'write conditions side by side';
    throw invalid(column, `"${shown}" is not needed: all conditions must hold`, hint);
  }
  const near = nearest(name, allFieldSpellings)[0];
  throw invalid(column, `there is no field "${shown}"`, near === undefined ? 'fields are gpu, vram, price, cpus, memory, disk, …' : `did you mean ${near}?`);
}

function unexpected(scanner: Scanner, expected: string): CoopError {
  const found = scanner.atEnd() ? 'the end' : `"${scanner.peek()}"`;
  return invalid(scanner.column(), `${expected} is expected, not ${found}`, 'conditions look like price<0.5 or gpu in [rtx-4090,A100]');
}

function invalid(column: number, message: string, hint: string): CoopError {
  return new CoopError('invalid_expression', message, { at: `column ${column}`, hint });
}

function fail(error: CoopError): never {
  throw error;
}

/** Walks over the text once; every call moves forward or ends the parse. */
function scan(text: string) {
  let position = 0;
  const isBlank = (char: string | undefined) => char === ' ' || char === '\t' || char === '\n' || char === '\r';
  const ends = (char: string | undefined, stops: string) => char === undefined || isBlank(char) || stops.includes(char);
  const until = (stops: string): Word => {
    const start = position;
    while (!ends(text[position], stops)) position++;
    return { text: text.slice(start, position), column: start + 1, quoted: false };
  };
  const quoted = (quote: string): Word => {
    const column = position + 1;
    const end = text.indexOf(quote, position + 1);
    if (end < 0) throw invalid(column, 'the quoted value has no end', `close it with ${quote}`);
    const inner = text.slice(position + 1, end);
    position = end + 1;
    return { text: inner, column, quoted: true };
  };
  return {
    atEnd: () => position >= text.length,
    column: () => position + 1,
    peek: () => text[position] ?? '',
    skipBlanks: () => {
      while (isBlank(text[position])) position++;
    },
    take: (symbol: string) => {
      if (!text.startsWith(symbol, position)) return false;
      position += symbol.length;
      return true;
    },
    word: () => until('<>=!,[]"\''),
    value: () => (text[position] === '"' || text[position] === "'" ? quoted(text[position]!) : until(',[]<>=!"\'')),
  };
}
