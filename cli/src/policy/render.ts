import { sourceText, type Source } from '@gpucoop/policy/sources.ts';
import type { Look } from '../look/colours.ts';
import { renderSideBySide, type Cell, type Section } from '../look/side-by-side.ts';
import type { Compared } from './compare.ts';

const NOTHING = '–';
const SAME = '″';

/** One policy, each line with its source, which is not said again where it is that of the line above. */
export function renderOne(name: string, lines: readonly Compared[], look: Look, width: number): string {
  const texts = lines.map(({ sources }) => (sources[0] === null ? '' : sourceText(sources[0]!)));
  const isRepeated = (n: number) => texts[n] !== '' && texts[n] === texts[n - 1] && startsNoSubject(lines, n);
  return renderSideBySide(
    [{ title: name }, { title: 'source' }],
    sections(lines, (line) => {
      const n = lines.indexOf(line);
      return [{ text: line.values[0] ?? NOTHING }, { text: isRepeated(n) ? SAME : texts[n]!, style: look.dim }];
    }),
    look,
    width,
  );
}

function startsNoSubject(lines: readonly Compared[], n: number): boolean {
  return lines[n]!.subject === lines[n - 1]?.subject;
}

/** Two policies and a mark between them, and what a third does instead where it is neither of them. */
export function renderTwo(
  names: readonly string[],
  lines: readonly Compared[],
  options: { sources: boolean; look: Look; width: number },
): string {
  const { look } = options;
  const titles = names.map((name, n) => ({ title: n === 2 ? `${name} (Coop's default)` : name }));
  const heads = [titles[0]!, { title: '', narrow: true as const }, ...titles.slice(1)];
  return renderSideBySide(
    heads,
    sections(lines, ({ values, sources, same }) => [
      cell(values[0]!, sources[0]!, options),
      { text: same ? '=' : '≠', style: same ? look.dim : look.attention },
      ...values.slice(1).map((value, n) => cell(value, sources[n + 1]!, options)),
    ]),
    look,
    options.width,
  );
}

function sections(lines: readonly Compared[], cells: (line: Compared) => Cell[]): Section[] {
  return [...Map.groupBy(lines, ({ subject }) => subject)].map(([title, of]) => ({
    title,
    lines: of.map((line) => ({ title: line.rule, cells: cells(line) })),
  }));
}

function cell(value: string | null, source: Source | null, { sources, look }: { sources: boolean; look: Look }): Cell {
  const text = value ?? NOTHING;
  if (source === null) return { text };
  const from = sources ? sourceText(source) : `${source.kind}${source.date === undefined ? '' : ` ${source.date}`}`;
  return {
    text: `${text}\n[${from}]`,
    style: (line) => (line.startsWith('[') || line.endsWith(']') ? look.dim(line) : line),
  };
}
