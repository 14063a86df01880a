import { allFieldSpellings, fieldNamed, fieldOf, type FieldKind, type FieldName } from './expression-fields.ts';
import { invalid, scan, unexpected, type Scanner, type Word } from './expression-scan.ts';
import { comparable, compare, compareForSort, isOrdered, meets, readAs, type Value } from './expression-values.ts';
import { nearest } from './nearest.ts';
import { CoopError } from './problem.ts';
import type { Offer } from './resources.ts';

/**
 * Vast's language for choosing offers: `gpu=rtx-4090 reliability>=0.98 price<0.5 region in [se,de]`. Conditions stand side by
 * side and must all hold. One pass over the text, exact integers, no regular expression that could run away.
 */

const EXPRESSION_MAX = 2000;
const LIST_MAX = 64;
const operators = ['<=', '>=', '==', '!=', '<', '>', '='] as const;
type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'notin';

/** `values` is empty for `any`: the condition always holds. A class stands for all its values. */
export type Condition = { field: FieldName; operator: Operator; values: readonly Value[] };
export type Expression = readonly Condition[];

/** Throws `invalid_expression`, whose `at` is the column, counted from 1. */
export function parseExpression(text: string): Expression {
  if (text.length > EXPRESSION_MAX) {
    throw new CoopError('invalid_expression', `the expression has more than ${EXPRESSION_MAX} characters`, {
      hint: 'shorten it',
    });
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
  if (text.length > EXPRESSION_MAX)
    throw new CoopError('invalid_expression', 'the sort order is too long', { hint: 'shorten it' });
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
    throw invalid(
      column,
      `${name.text} has no order, so ${operator} cannot be used`,
      `write ${name.text}=value or ${name.text} in [a,b]`,
    );
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

function holds({ field, operator, values }: Condition, offer: Offer): boolean {
  if (values.length === 0) return true;
  const { kind, read } = fieldOf(field);
  const actual = comparable(read(offer), kind);
  if (actual === null) return operator === '!=' || operator === 'notin';
  const equal = () => values.some((value) => meets(kind, actual, value));
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

function isOrder(operator: Operator): boolean {
  return operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
}

function knownField(name: string, column: number): FieldName {
  const field = fieldNamed(name);
  if (field !== undefined) return field;
  const shown = name.slice(0, 40);
  if (/^(and|&&|or|\|\|)$/i.test(name)) {
    const hint = /^o|\|/i.test(name)
      ? 'write alternatives as a list: gpu in [rtx-4090,rtx-5090]'
      : 'write conditions side by side';
    throw invalid(column, `"${shown}" is not needed: all conditions must hold`, hint);
  }
  const near = nearest(name, allFieldSpellings)[0];
  throw invalid(
    column,
    `there is no field "${shown}"`,
    near === undefined ? 'fields are gpu, vram, price, cpus, memory, disk, …' : `did you mean ${near}?`,
  );
}
