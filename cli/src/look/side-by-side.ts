import type { Look } from './colours.ts';
import { plain, textWidth, wrap } from './text.ts';

/** Things under one another that are compared side by side: cells are wrapped, never cut. A line break in a cell stays. */
export type Cell = { text: string; style?: (line: string) => string };
export type Line = { title: string; cells: readonly Cell[] };
export type Section = { title: string; lines: readonly Line[] };

/** `narrow`: as wide as its widest cell; the others share what is left. */
export type Head = { title: string; narrow?: true };

const GAP = 2;
const TITLE_MAX = 26;
const CELL_LEAST = 16;
/** Of a page that nobody's terminal bounds. */
const PAGE_WIDTH = 160;

export function renderSideBySide(
  heads: readonly Head[],
  sections: readonly Section[],
  look: Look,
  width: number,
): string {
  const lines = sections.flatMap((section) => section.lines);
  const titleWidth = Math.min(TITLE_MAX, Math.max(...lines.map(({ title }) => textWidth(title))));
  const narrow = heads.map((head, n) =>
    head.narrow ? Math.max(1, ...lines.map(({ cells }) => textWidth(cells[n]!.text))) : undefined,
  );
  const fixed = narrow.reduce<number>((sum, size) => sum + (size ?? 0), titleWidth + GAP * heads.length);
  const page = Number.isFinite(width) ? width : PAGE_WIDTH;
  const wide = narrow.filter((size) => size === undefined).length;
  const share = Math.max(CELL_LEAST, Math.floor((page - fixed) / wide));
  const sizes = narrow.map((size) => size ?? share);
  const body = sections.map((section) =>
    [look.bold(section.title), ...section.lines.map((one) => line(look, titleWidth, sizes, one))].join('\n'),
  );
  if (heads.every(({ title }) => title === '')) return body.join('\n\n');
  const cells = heads.map(({ title }) => ({ text: title, style: look.bold }));
  return [line(look, titleWidth, sizes, { title: '', cells }), ...body].join('\n\n');
}

function line(look: Look, titleWidth: number, sizes: readonly number[], { title, cells }: Line): string {
  const columns = [
    { lines: wrapped(title, titleWidth), size: titleWidth, style: look.dim },
    ...cells.map(({ text, style }, n) => ({ lines: wrapped(text, sizes[n]!), size: sizes[n]!, style })),
  ];
  const height = Math.max(...columns.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    columns
      .map(({ lines, size, style }) => {
        const text = lines[row] ?? '';
        const padding = ' '.repeat(Math.max(0, size - textWidth(text)));
        return (style === undefined || text === '' ? text : style(text)) + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  ).join('\n');
}

const wrapped = (text: string, size: number): string[] => text.split('\n').flatMap((one) => wrap(plain(one), size));
