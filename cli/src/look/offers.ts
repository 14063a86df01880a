import { formatDuration, formatMib } from '@gpucoop/protocol/sizes.ts';
import type { Offer } from '@gpucoop/protocol/resources.ts';
import type { Look } from './colours.ts';
import { renderTable } from './table.ts';
import type { Column } from './table.ts';
import { count, money, percent, relativeTime, shortId } from './units.ts';

/** What is on the market: one row an offer, prices for the smallest slice that is rented out. */
export function renderOffers(offers: readonly Offer[], look: Look, width: number, nowMs: number): string {
  if (offers.length === 0) return '';
  const table = renderTable(columns(look, nowMs), offers, width, look);
  const weak = offers.some((offer) => offer.isolation === 'none');
  return weak
    ? `${table}\n\n${look.attention('isolation none')}: plain processes; nothing keeps the workload and the machine apart.`
    : table;
}

function columns(look: Look, nowMs: number): Column<Offer>[] {
  return [
    { title: 'OFFER', value: (offer) => shortId(offer.id) },
    { title: 'CLASS', value: (offer) => offer.class },
    { title: 'FREE', value: (offer) => `${offer.units_free} of ${offer.units_total}`, align: 'right' },
    {
      title: 'VRAM',
      value: (offer) => (offer.device_memory_mib === 0 ? '-' : formatMib(offer.device_memory_mib)),
      align: 'right',
      dispensable: 1,
    },
    { title: 'CPU', value: (offer) => eachUnit(offer.unit_cpus), align: 'right', dispensable: 4 },
    { title: 'MEMORY', value: (offer) => formatMib(offer.unit_memory_mib), align: 'right', dispensable: 3 },
    { title: 'DISK', value: (offer) => formatMib(offer.disk_free_mib), align: 'right', dispensable: 5 },
    { title: '$/UNIT·H', value: (offer) => money(offer.price_per_unit_hour), align: 'right', style: look.bold },
    {
      title: 'RELIABLE',
      value: (offer) => percent(offer.reliability_ppm),
      align: 'right',
      dispensable: 6,
      style: (text, offer) => reliability(text, offer, look),
    },
    {
      title: 'VERIFIED',
      value: (offer) => (offer.verified ? 'yes' : 'not yet'),
      dispensable: 9,
      style: (text, offer) => (offer.verified ? look.good(text) : text),
    },
    {
      title: 'ISOLATION',
      value: (offer) => offer.isolation,
      style: (text, offer) => (offer.isolation === 'none' ? look.attention(text) : text),
      dispensable: 2,
    },
    { title: 'PLACE', value: (offer) => offer.region, shrinkTo: 8, dispensable: 7 },
    { title: 'UP TO', value: (offer) => formatDuration(offer.max_duration_s), align: 'right', dispensable: 8 },
    {
      title: 'STATE',
      value: (offer) => stateOf(offer, nowMs),
      style: (text, offer) => (offer.availability === 'free' ? look.good(text) : look.attention(text)),
    },
  ];
}

const eachUnit = (cpus: number): string => String(Math.round(cpus * 100) / 100);

function reliability(text: string, offer: Offer, look: Look): string {
  if (offer.reliability_ppm >= 980_000) return look.good(text);
  return offer.reliability_ppm < 600_000 ? look.attention(text) : text;
}

const availabilityWords = {
  free: 'free',
  rented: 'rented out',
  owner_busy: 'owner is using it',
  quiet_hours: 'quiet hours',
  offline: 'offline',
  paused: 'paused',
} as const satisfies Record<Offer['availability'], string>;

function stateOf(offer: Offer, nowMs: number): string {
  const word = availabilityWords[offer.availability];
  if (offer.availability === 'offline' && offer.last_seen_at !== null)
    return `${word}, seen ${relativeTime(offer.last_seen_at, nowMs)}`;
  return offer.available_from === null ? word : `${word}, free ${relativeTime(offer.available_from, nowMs)}`;
}

/** `2 × rtx-4090` or `4 CPUs`. */
export const unitsText = (units: number, deviceClass: string): string =>
  deviceClass === 'cpu' ? count(units, 'CPU') : `${units} × ${deviceClass}`;
