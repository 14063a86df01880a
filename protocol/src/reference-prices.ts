import { micros, parseDollars, toMoney, type Micros } from './money.ts';
import type { ReferencePrice } from './resources.ts';

/**
 * What one device costs by the hour, on demand, at a hyperscaler: shown beside a quote so that a renter sees what is saved. Only
 * figures with a source and a date stand here; a class without one has no reference, which is better than a guess. List prices
 * change: each entry carries the date at which its source said so.
 */
type Entry = {
  classes: readonly string[];
  cloud: string;
  product: string;
  /** For the whole product, in dollars, and how many units (devices, or vCPUs of class cpu) it has. */
  dollarsPerHour: string;
  units: number;
  asOf: string;
  source: string;
};

const entries: readonly Entry[] = [
  {
    classes: ['cpu'],
    cloud: 'AWS',
    product: 'm7g.large on demand (2 vCPU, 8 GiB, arm64), us-east-1, per vCPU',
    dollarsPerHour: '0.0816',
    units: 2,
    asOf: '2026-06-17',
    source: 'https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/',
  },
  {
    classes: ['a10g'],
    cloud: 'AWS',
    product: 'g5.xlarge on demand (1 GPU), us-east-1',
    dollarsPerHour: '1.006',
    units: 1,
    asOf: '2026-06-17',
    source: 'https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/',
  },
  {
    classes: ['h100-sxm-80gb'],
    cloud: 'AWS',
    product: 'p5.48xlarge on demand (8 GPUs), per GPU',
    dollarsPerHour: '55.04',
    units: 8,
    asOf: '2026',
    source: 'compux.net (2026)',
  },
  {
    classes: ['h100-pcie-80gb', 'h100-nvl-94gb'],
    cloud: 'Azure',
    product: 'NC H100 v5 on demand (1 GPU, PCIe/NVL class)',
    dollarsPerHour: '6.98',
    units: 1,
    asOf: '2026-03',
    source: 'costnimbus (March 2026)',
  },
  {
    classes: ['mi300x'],
    cloud: 'Azure, Oracle',
    product: 'MI300X on demand, about, per GPU',
    dollarsPerHour: '6.00',
    units: 1,
    asOf: '2026-05-18',
    source: 'cliffcenter (2026-05-18)',
  },
];

const byClass = new Map(entries.flatMap((entry) => entry.classes.map((slug) => [slug, entry])));

/** What `units` of a class cost by the hour at a big cloud; null where no dated figure is known. */
export function referenceFor(slug: string, units: number): ReferencePrice | null {
  const entry = byClass.get(slug);
  if (entry === undefined) return null;
  return {
    cloud: entry.cloud,
    product: entry.product,
    per_hour: toMoney(perHourRoundedDown(entry, units)),
    as_of: entry.asOf,
    source: entry.source,
  };
}

/** Rounded down: never lets the cloud look dearer than it is. */
function perHourRoundedDown(entry: Entry, units: number): Micros {
  return micros((parseDollars(entry.dollarsPerHour)! * BigInt(units)) / BigInt(entry.units));
}
