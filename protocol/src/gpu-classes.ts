import { gpuClasses, type GpuClass } from './gpu-class-table.ts';
import { editDistance, nearest } from './nearest.ts';

export type FoundClasses = { found: true; classes: string[] } | { found: false; suggestions: string[] };

// Error correction and firmware take up to 7 % of the data sheet's memory; a card with more or much less is another card.
const LEAST_SHARE_REPORTED = 0.92;
const MOST_SHARE_REPORTED = 1.04;

const BRANDS = new Set([
  'nvidia',
  'geforce',
  'tesla',
  'amd',
  'radeon',
  'instinct',
  'intel',
  'corporation',
  'generation',
  'gpu',
]);

const bySlug = new Map(gpuClasses.map((row) => [row.slug, row]));
const byDriverName = index((row) => row.driverNames);
const byName = index(namesOf);
const stems = new Set(gpuClasses.flatMap((row) => [withoutMemory(row.slug), slugWords(row.family)]));

/**
 * The canonical class of a card from what its driver says. A card that the table does not know, or a known name with another
 * memory size (a rebuilt 4090 with 48 GB), gets a slug of its own made from name and memory, the same on every machine.
 */
export function classOf(driverName: string, memoryMib: number, pciDeviceId?: string): string {
  const key = fold(driverName);
  const named = byDriverName.get(key) ?? byName.get(key) ?? [];
  const fitting = fittingMemory(named, memoryMib);
  if (fitting.length === 1) return fitting[0]!.slug;
  const device = pciDeviceId === undefined ? undefined : deviceDigits(pciDeviceId);
  const candidates = fitting.length > 1 || named.length > 0 ? fitting : fittingMemory(gpuClasses, memoryMib);
  const byDevice = device === undefined ? [] : candidates.filter((row) => row.pciDeviceIds.includes(device));
  return byDevice.length === 1 ? byDevice[0]!.slug : unknownSlug(driverName, memoryMib);
}

/** What a person means by a name: one class, all classes of a family (`A100`), or, when nothing fits, what is near. */
export function findClasses(text: string): FoundClasses {
  const slug = text.trim().toLowerCase();
  if (bySlug.has(slug)) return { found: true, classes: [slug] };
  const rows = byName.get(fold(text));
  if (rows !== undefined) return { found: true, classes: rows.map((row) => row.slug) };
  if (isSlugOfUnknownCard(slug)) return { found: true, classes: [slug] };
  return { found: false, suggestions: suggestionsFor(text) };
}

export function gpuClass(slug: string): GpuClass | undefined {
  return bySlug.get(slug);
}

/** The memory that people call the card by: an L4 reports 23034 MiB and is still a card of 24 GB. */
export function nominalMemoryMib(slug: string, reportedMib: number): number {
  const known = bySlug.get(slug);
  if (known !== undefined) return known.memoryGib * 1024;
  const suffix = /-(\d{1,4})gb$/.exec(slug);
  return suffix ? Number(suffix[1]) * 1024 : reportedMib;
}

/** Lower case, brands and punctuation gone: `NVIDIA-GeForce-RTX-4090`, `RTX_4090` and `RTX4090` become `rtx4090`. */
function fold(text: string): string {
  return words(text).join('');
}

function words(text: string): string[] {
  return text
    .slice(0, 200)
    .toLowerCase()
    .replace(/\((?:r|tm)\)/g, ' ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !BRANDS.has(word));
}

function slugWords(text: string): string {
  return words(text).join('-');
}

/** Every way to write a class: its family, with or without form and memory, in either order. */
function namesOf(row: GpuClass): string[] {
  const names = [row.slug, ...row.driverNames];
  const sizes = row.memoryGib === 0 ? [] : [`${row.memoryGib}gb`, `${row.memoryGib}g`, `${row.memoryGib}gib`];
  for (const base of [row.family, ...row.alsoCalled]) {
    names.push(base, ...row.forms.map((form) => `${base} ${form}`));
    for (const size of sizes) {
      names.push(
        `${base} ${size}`,
        ...row.forms.flatMap((form) => [`${base} ${form} ${size}`, `${base} ${size} ${form}`]),
      );
    }
  }
  return names;
}

function index(namesOfRow: (row: GpuClass) => readonly string[]): Map<string, GpuClass[]> {
  const rows = new Map<string, GpuClass[]>();
  for (const row of gpuClasses) {
    for (const key of new Set(namesOfRow(row).map(fold))) rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  return rows;
}

function fittingMemory(rows: readonly GpuClass[], memoryMib: number): GpuClass[] {
  const share = (row: GpuClass) => memoryMib / (row.memoryGib * 1024);
  const fitting = rows.filter((row) => share(row) >= LEAST_SHARE_REPORTED && share(row) <= MOST_SHARE_REPORTED);
  const best = Math.min(...fitting.map((row) => Math.abs(1 - share(row))));
  return fitting.filter((row) => Math.abs(1 - share(row)) === best);
}

/** `0x233010DE` (nvidia-smi: device, then vendor), `0x2330` or `2330` → `2330`. */
function deviceDigits(pciDeviceId: string): string {
  return pciDeviceId.toLowerCase().replace(/^0x/, '').slice(0, 4);
}

function unknownSlug(driverName: string, memoryMib: number): string {
  const name = words(driverName).filter((word) => !/^\d+gi?b?$/.test(word));
  const gib = Math.max(1, Math.round(memoryMib / 1024));
  return `${name.join('-').slice(0, 40).replace(/-$/, '') || 'unknown'}-${gib}gb`;
}

function withoutMemory(slug: string): string {
  return slug.replace(/-\d{1,4}gb$/, '');
}

/** Such slugs cannot be looked up, so their form is accepted, unless they look like a typing error in a known one. */
function isSlugOfUnknownCard(slug: string): boolean {
  if (slug.length > 48 || !/^[a-z0-9]+(?:-[a-z0-9]+)*-\d{1,4}gb$/.test(slug)) return false;
  const stem = withoutMemory(slug);
  return stems.has(stem) || ![...stems].some((known) => editDistance(stem, known) <= 2);
}

function suggestionsFor(text: string): string[] {
  const near = nearest(fold(text), byName.keys(), 12);
  const shown = near.map((key) => {
    const rows = byName.get(key)!;
    return rows.length === 1 ? rows[0]!.slug : rows[0]!.family;
  });
  return [...new Set(shown)].slice(0, 3);
}
