import { plain, textWidth, truncate, wrap } from './text.ts';
import type { Look } from './colours.ts';

/** Aligned tables that fit the terminal: first long texts are cut, then the least needed columns are left out. */

export type Column<Row> = {
  title: string;
  value: (row: Row) => string;
  align?: 'left' | 'right';
  /** May be cut down to this many characters when the terminal is narrow. */
  shrinkTo?: number;
  /** Then goes on in the line below instead of being cut. */
  wraps?: boolean;
  /** The higher, the sooner it is left out; 0 or absent stays. */
  dispensable?: number;
  style?: (text: string, row: Row) => string;
};

const GAP = 2;
const NARROWEST_VALUE = 20;

/** Lines of the table, without colours in cells unless a style gives them. `width` Infinity: everything is shown. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  look: Look,
): string {
  const cells = columns.map((column) => ({ column, texts: rows.map((row) => plain(column.value(row))) }));
  const fitted = fit(cells.map(measure), width);
  const header = fitted.map(({ column, size }, i) =>
    look.dim(place(column.title, size, column.align, i === fitted.length - 1)),
  );
  const lines = rows.flatMap((row, r) => {
    const pieces = fitted.map(({ column, texts, size }) =>
      column.wraps === true ? wrap(texts[r]!, size) : [texts[r]!],
    );
    return Array.from({ length: Math.max(...pieces.map(({ length }) => length)) }, (_, line) =>
      fitted
        .map(({ column, size }, i) => {
          const text = truncate(pieces[i]![line] ?? '', size);
          const padded = place(text, size, column.align, i === fitted.length - 1);
          return column.style === undefined || text === ''
            ? padded
            : padded.replace(text, () => column.style!(text, row));
        })
        .join(' '.repeat(GAP)),
    );
  });
  return [header.join(' '.repeat(GAP)), ...lines].map((line) => line.trimEnd()).join('\n');
}

type Cells<Row> = { column: Column<Row>; texts: string[] };
type Measured<Row> = Cells<Row> & { size: number };

function measure<Row>({ column, texts }: Cells<Row>): Measured<Row> {
  return { column, texts, size: Math.max(textWidth(column.title), ...texts.map(textWidth)) };
}

const total = (columns: readonly { size: number }[]): number =>
  columns.reduce((sum, { size }) => sum + size, 0) + GAP * (columns.length - 1);

function fit<Row>(columns: Measured<Row>[], width: number): Measured<Row>[] {
  let kept = columns.map((column) => ({ ...column }));
  for (;;) {
    const excess = total(kept) - width;
    if (excess <= 0) return kept;
    if (shrink(kept, excess)) return kept;
    const least = Math.max(...kept.map(({ column }) => column.dispensable ?? 0));
    if (least === 0) return kept;
    kept = columns
      .filter(({ column }) => kept.some((one) => one.column === column) && (column.dispensable ?? 0) < least)
      .map((column) => ({ ...column }));
  }
}

/** Takes `excess` from the widest columns that may shrink; true when that was enough. */
function shrink<Row>(columns: Measured<Row>[], excess: number): boolean {
  let left = excess;
  const able = (column: Measured<Row>): number =>
    column.size - Math.max(column.column.shrinkTo ?? column.size, textWidth(column.column.title));
  while (left > 0) {
    const widest = columns.filter((column) => able(column) > 0).toSorted((a, b) => b.size - a.size)[0];
    if (widest === undefined) return false;
    widest.size -= 1;
    left -= 1;
  }
  return true;
}

function place(text: string, size: number, align: 'left' | 'right' = 'left', last = false): string {
  const padding = ' '.repeat(Math.max(0, size - textWidth(text)));
  if (align === 'right') return padding + text;
  return last ? text : text + padding;
}

/** `label   value` lines, labels aligned and dimmed; an empty label continues the one above, and long values go on below. */
export function renderFields(
  fields: readonly (readonly [string, string])[],
  look: Look,
  width: number,
  indent = '',
): string {
  const size = Math.max(...fields.map(([label]) => textWidth(label)));
  const room = Math.max(NARROWEST_VALUE, width - indent.length - size - GAP);
  return fields
    .flatMap(([label, value]) =>
      wrap(value, room).map((line, i) => {
        const left = i === 0 ? look.dim(label.padEnd(size)) : ' '.repeat(size);
        return `${indent}${left}${' '.repeat(GAP)}${line}`.trimEnd();
      }),
    )
    .join('\n');
}
