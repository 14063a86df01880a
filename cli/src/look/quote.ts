import { formatDuration, formatMib } from '@gpucoop/protocol/sizes.ts';
import type { Quote, QuotedOffer, ReferencePrice } from '@gpucoop/protocol/resources.ts';
import type { Look } from './colours.ts';
import { unitsText } from './offers.ts';
import { renderFields, renderTable } from './table.ts';
import { plain } from './text.ts';
import { alignPoints, exactMoney, money, percent, relativeTime, shortId } from './units.ts';

/** A quote as it is put to the renter: what it is, what each part costs, what can be lost at most. */
export function renderQuote(
  quote: Quote,
  chosen: QuotedOffer,
  maxPrice: bigint,
  look: Look,
  width: number,
  nowMs: number,
): string {
  return [
    heading(chosen, look),
    priceLines(chosen, look, width),
    renderFields(terms(quote, chosen, maxPrice, look, nowMs), look, width, '  '),
    ...alternatives(quote, chosen, look, width),
    ...warnings(chosen, look),
  ].join('\n\n');
}

function heading({ offer, units, cpus, memory_mib, disk_mib }: QuotedOffer, look: Look): string {
  const size = `${offer.class === 'cpu' ? '' : `${cpus} CPUs, `}${formatMib(memory_mib)} memory, ${formatMib(disk_mib)} disk`;
  const place = [offer.region, shortId(offer.machine_id), offer.engine, `isolation ${offer.isolation}`]
    .filter((text) => text !== '' && text !== 'unknown')
    .map(plain);
  return `${look.bold(unitsText(units, offer.class))}  ${size}\n${look.dim(place.join(' · '))}`;
}

function priceLines(chosen: QuotedOffer, look: Look, width: number): string {
  const rows = [
    ...chosen.lines.map(({ what, per_hour, note }) => ({
      what,
      amount: exactMoney(per_hour),
      note: note ?? '',
      kind: 'line',
    })),
    {
      what: 'together',
      amount: exactMoney(chosen.per_hour),
      note: `${perSecond(chosen)} a second, from ready to the end`,
      kind: 'total',
    },
    ...(chosen.reference === null ? [] : [referenceRow(chosen.reference, chosen)]),
  ];
  const amounts = alignPoints(rows.map(({ amount }) => amount));
  return renderTable(
    [
      {
        title: 'PER HOUR',
        value: ({ what }) => what,
        shrinkTo: 24,
        wraps: true,
        style: (text, { kind }) => shade(text, kind, look),
      },
      {
        title: '',
        value: (row) => amounts[rows.indexOf(row)]!.trimEnd().padEnd(amounts[0]!.length),
        align: 'right',
        style: (text, { kind }) => shade(text, kind, look),
      },
      { title: '', value: ({ note }) => note, shrinkTo: 24, wraps: true, style: look.dim },
    ],
    rows,
    width,
    look,
  );
}

function shade(text: string, kind: string, look: Look): string {
  if (kind === 'total') return look.bold(text);
  return kind === 'reference' ? look.dim(text) : text;
}

/** The big clouds' price, with its date, and how much less this is. */
function referenceRow(reference: ReferencePrice, chosen: QuotedOffer) {
  const theirs = reference.per_hour.micros;
  const less = theirs === 0 ? 0 : Math.round(((theirs - chosen.per_hour.micros) * 1_000_000) / theirs);
  const compared =
    less > 0 ? `this is ${percent(less)} less` : less < 0 ? `this is ${percent(-less)} more` : 'the same';
  return {
    what: `${reference.cloud} ${reference.product}`,
    amount: exactMoney(reference.per_hour),
    note: `as of ${reference.as_of}; ${compared}`,
    kind: 'reference',
  };
}

function perSecond(chosen: QuotedOffer): string {
  const nanos = Math.round((chosen.per_hour.micros * 1000) / 3600);
  return nanos === 0 ? '$0' : `$${(nanos / 1e9).toPrecision(2).replace(/e.*$/, '')}`;
}

function terms(quote: Quote, chosen: QuotedOffer, maxPrice: bigint, look: Look, nowMs: number): [string, string][] {
  const budget = BigInt(quote.budget.micros);
  const balance = BigInt(quote.balance.micros);
  const enough = BigInt(quote.hold.micros) <= balance;
  return [
    [
      'at most',
      `${exactMoney(budget)} in all (budget), ${formatDuration(quote.spec.max_duration_s)} long, ${exactMoney(maxPrice)} an hour`,
    ],
    [
      'held now',
      `${exactMoney(quote.hold)} of your ${money(balance)}${enough ? '' : `  ${look.bad('not enough credit')}`}`,
    ],
    ['quote', `${shortId(quote.id)}, good until ${relativeTime(quote.expires_at, nowMs).replace('in ', '')} from now`],
    ...(chosen.offer.disk_limit === 'watched'
      ? ([['disk', 'watched, not enforced: the run ends when it uses more']] as [string, string][])
      : []),
    ...(chosen.offer.network === 'none'
      ? ([['network', look.attention('none: this machine gives workloads no internet')]] as [string, string][])
      : []),
  ];
}

const ALTERNATIVES_SHOWN = 3;

function alternatives(quote: Quote, chosen: QuotedOffer, look: Look, width: number): string[] {
  const others = quote.options.filter((option) => option.offer.id !== chosen.offer.id).slice(0, ALTERNATIVES_SHOWN);
  if (others.length === 0) return [];
  return [
    renderTable<QuotedOffer>(
      [
        { title: 'NEXT BEST', value: ({ offer }) => shortId(offer.id) },
        { title: '', value: ({ offer, units }) => unitsText(units, offer.class) },
        { title: '', value: ({ per_hour }) => `${money(per_hour)}/h`, align: 'right' },
        { title: '', value: ({ offer }) => `${percent(offer.reliability_ppm)} reliable`, dispensable: 1 },
        { title: '', value: ({ offer }) => offer.region, shrinkTo: 8, dispensable: 2 },
      ],
      others,
      width,
      look,
    ),
  ];
}

function warnings({ offer }: QuotedOffer, look: Look): string[] {
  if (offer.isolation !== 'none') return [];
  return [
    `${look.attention('isolation: none')}  The command runs as a plain process of the machine's owner, who sees all it does. Never send secrets there.`,
  ];
}
