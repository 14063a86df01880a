import { noMatchReasons } from '@gpucoop/protocol/reasons.ts';
import type { Explanation, Offer } from '@gpucoop/protocol/resources.ts';
import { formatMib } from '@gpucoop/protocol/sizes.ts';
import type { Look } from './colours.ts';
import { renderTable } from './table.ts';
import type { Column } from './table.ts';
import { wrap } from './text.ts';
import { count, money, shortId } from './units.ts';

type Row = { why: string; failed: number; gain: Explanation['relaxing'][number] | undefined };

/** Where a GPU is asked for and nobody has one, the table of conditions says nothing: this does. `nearest`: the best of what there is. */
export function renderNoGpu(offers: number, nearest: Offer, look: Look, width: number): string {
  const size = `${count(nearest.unit_cpus, 'CPU')} and ${formatMib(nearest.unit_memory_mib)} a unit, ${nearest.units_free} of ${nearest.units_total} free`;
  return (
    `${look.attention('No machine on the market has a GPU')}: ${count(offers, 'offer')}, of class cpu.\n\n` +
    wrap(
      `The nearest is ${shortId(nearest.id)}: ${size}, ${money(nearest.price_per_unit_hour)} a unit and hour. ` +
        `It serves a run without ${look.type('--gpu')}.`,
      width,
    ).join('\n')
  );
}

/** Why nothing matches: what failed how often, and what giving way on one condition would bring. */
export function renderExplanation(explanation: Explanation, look: Look, width: number): string {
  const { offers, failed, relaxing } = explanation;
  if (offers === 0) {
    return look.attention('No machine is on the market.');
  }
  const gain = new Map(relaxing.map((one) => [one.reason, one]));
  const reasons = [...new Set([...failed.map(({ reason }) => reason), ...relaxing.map(({ reason }) => reason)])];
  const rows = reasons.map((reason) => ({
    why: noMatchReasons[reason],
    failed: failed.find((one) => one.reason === reason)?.offers ?? 0,
    gain: gain.get(reason),
  }));
  const table = renderTable<Row>(
    [
      { title: 'OFFERS', value: (row) => (row.failed === 0 ? '' : String(row.failed)), align: 'right' },
      { title: 'FAILED ON', value: (row) => row.why },
      ...(relaxing.length === 0 ? [] : gains(look)),
    ],
    rows,
    width,
    look,
  );
  const each = relaxing.length === 0 ? `\n\n${wrap(SEVERAL, width).join('\n')}` : '';
  return `${look.attention('No match')} among ${count(offers, 'offer')} on the market.\n\n${table}${each}`;
}

const SEVERAL =
  'Each fails on several conditions at once, of which the first is shown; loosen more than one. coop offers shows what is there.';

const gains = (look: Look): Column<Row>[] => [
  {
    title: 'WITHOUT IT',
    value: ({ gain }) => (gain === undefined ? '' : `${gain.offers} would match`),
    dispensable: 1,
  },
  { title: 'FOR EXAMPLE', value: ({ gain }) => gain?.example ?? '', shrinkTo: 20, style: look.type },
];
