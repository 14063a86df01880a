import { presets } from '@gpucoop/policy/presets/presets.ts';
import { compare, type Compared } from './compare.ts';
import { isTable } from './rows/rows.ts';

const SHOWN = ['ionet', 'aethir', 'standby'];

/** The table of docs/concepts/policies.md: what the policies say, and the kind of source of each value. */
export function policiesTable(): string {
  const lines = compare(SHOWN.map((name) => presets[name]!)).filter((line) => !isTable(line));
  return [...Map.groupBy(lines, ({ subject }) => subject)]
    .map(([subject, of]) => [`### ${subject}`, '', header, ...of.map(row)].join('\n'))
    .join('\n\n');
}

const header = `| | ${SHOWN.join(' | ')} |\n|---|---|---|---|`;

const row = ({ rule, values, sources }: Compared): string =>
  `| ${escaped(rule)} | ${values.map((value, n) => `${escaped(value ?? '–')}${kindOf(sources[n])}`).join(' | ')} |`;

const kindOf = (source: Compared['sources'][number] | undefined): string =>
  source === null || source === undefined ? '' : ` *${source.kind}*`;

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', '<br>');
