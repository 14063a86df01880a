import { CoopError } from './problem.ts';

export type Word = { text: string; column: number; quoted: boolean };
export type Scanner = ReturnType<typeof scan>;

/** Walks over the text once; every call moves forward or ends the parse. */
export function scan(text: string) {
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

export function unexpected(scanner: Scanner, expected: string): CoopError {
  const found = scanner.atEnd() ? 'the end' : `"${scanner.peek()}"`;
  return invalid(
    scanner.column(),
    `${expected} is expected, not ${found}`,
    'conditions look like price<0.5 or gpu in [rtx-4090,A100]',
  );
}

export function invalid(column: number, message: string, hint: string): CoopError {
  return new CoopError('invalid_expression', message, { at: `column ${column}`, hint });
}
