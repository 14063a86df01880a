import { matches, type Expression } from '@gpucoop/protocol/expression.ts';
import { nominalMemoryMib } from '@gpucoop/protocol/gpu-classes.ts';
import type { NoMatchReason } from '@gpucoop/protocol/reasons.ts';
import { isolationLevels, type Range, type Spec } from '@gpucoop/protocol/spec.ts';
import { quietHours } from '../machines/quiet-hours.ts';
import type { Shelves } from './shelves.ts';
import { offerAt, type Supply } from './supply.ts';

/** What decides besides spec and offer. `weakestIsolation` is what a spec gets that asks for none: `none` only on a local network. */
export type MatchContext = {
  now: Date;
  where: Expression | null;
  renterPpm: number;
  weakestIsolation: 'none' | 'container';
  /** Machines not to use: those on which an earlier attempt of the run was lost. */
  without: ReadonlySet<string>;
};

export type Match = {
  supply: Supply;
  units: number;
  cpus: number;
  memory_mib: number;
  disk_mib: number;
  price_micros_per_hour: bigint;
};

export type Judgement = { supply: Supply; match: Match } | { supply: Supply; failures: NoMatchReason[] };

/** Judges every offer. Pure: the same supplies, spec and context give the same answer. */
export function judgeAll(supplies: Iterable<Supply>, spec: Spec, context: MatchContext): Judgement[] {
  return [...supplies].map((supply) => judge(supply, spec, context));
}

/** The matches, cheapest first; then the more reliable; then by id, so that the order is total. */
export function cheapestFirst(judgements: Judgement[]): Match[] {
  return judgements.flatMap((judgement) => ('match' in judgement ? [judgement.match] : [])).toSorted(byPrice);
}

/**
 * The first `count` of what `cheapestFirst` gives, by looking at no more offers than that takes: of each class that can serve, from the
 * cheapest unit up, until even the fewest units that the spec asks for would cost more than what is found or allowed.
 */
export function cheapest(shelves: Shelves, spec: Spec, context: MatchContext, count: number): Match[] {
  const found: Match[] = [];
  const fewest = spec.resources.gpu?.count.min ?? 1;
  const most = spec.max_price_micros_per_hour === null ? undefined : BigInt(spec.max_price_micros_per_hour);
  for (const name of classesFor(spec, shelves)) {
    for (const supply of shelves.ofClass(name)) {
      const least = priceOf(supply, fewest, context.renterPpm);
      const last = found.length === count ? found[count - 1]!.price_micros_per_hour : undefined;
      if ((most !== undefined && least > most) || (last !== undefined && least > last)) break;
      const match = matchOf(supply, spec, context);
      if (match !== undefined) insert(found, match, count);
    }
  }
  return found;
}

function classesFor({ resources: { gpu } }: Spec, shelves: Shelves): Iterable<string> {
  if (gpu === null) return ['cpu'];
  return gpu.classes.length > 0 ? new Set(gpu.classes) : shelves.classes();
}

function insert(found: Match[], match: Match, count: number): void {
  let at = found.length;
  while (at > 0 && byPrice(match, found[at - 1]!) < 0) at -= 1;
  found.splice(at, 0, match);
  if (found.length > count) found.pop();
}

function byPrice(a: Match, b: Match): number {
  return (
    compare(a.price_micros_per_hour, b.price_micros_per_hour) ||
    b.supply.reliability_ppm - a.supply.reliability_ppm ||
    compare(a.supply.id, b.supply.id)
  );
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What keeps this offer from serving the spec, the first two reasons at most, or how it serves it. */
export function judge(supply: Supply, spec: Spec, context: MatchContext): Judgement {
  const units = chooseUnits(supply, spec);
  const candidate: Candidate = { supply, spec, context, units };
  const failures: NoMatchReason[] = [];
  for (const [reason, fails] of conditions) {
    if (!fails(candidate)) continue;
    failures.push(reason);
    // Whether giving way on one condition would be enough is known then: an explanation asks no more.
    if (failures.length === 2) break;
  }
  return failures.length > 0 ? { supply, failures } : { supply, match: matchWith(candidate) };
}

/** As `judge`, but the first reason against it ends it, and what takes longest to find out comes last. */
function matchOf(supply: Supply, spec: Spec, context: MatchContext): Match | undefined {
  const candidate: Candidate = { supply, spec, context, units: chooseUnits(supply, spec) };
  for (const [, fails] of quickestFirst) if (fails(candidate)) return undefined;
  return matchWith(candidate);
}

function matchWith({ supply, spec, context, units }: Candidate): Match {
  return {
    supply,
    units: units.count,
    cpus: atMost(spec.resources.cpus, supply.unit_cpus * units.count),
    memory_mib: atMost(spec.resources.memory_mib, supply.unit_memory_mib * units.count),
    disk_mib: Math.max(1, spec.resources.disk_mib.min),
    price_micros_per_hour: priceOf(supply, units.count, context.renterPpm),
  };
}

type Candidate = { supply: Supply; spec: Spec; context: MatchContext; units: Units };

/** In the order in which they are told: an offer that fails several counts under the first. */
const conditions: readonly (readonly [NoMatchReason, (candidate: Candidate) => boolean])[] = [
  ['machine_offline', ({ supply }) => supply.presence !== 'online'],
  [
    'not_listed',
    ({ supply, context }) => supply.listing !== 'listed' || supply.suspended || context.without.has(supply.machine_id),
  ],
  ['quiet_hours', ({ supply, context }) => quietHours(supply.terms, context.now).quiet],
  ['architecture', ({ supply, spec }) => (spec.resources.architecture ?? supply.architecture) !== supply.architecture],
  ['class', ({ supply, spec }) => !isOfClass(supply, spec)],
  ['vram', ({ supply, spec }) => !hasMemory(supply, spec)],
  ['devices', ({ units }) => units.fewest > units.highest],
  ['cpus', ({ units }) => units.forCpus > units.highest],
  ['memory', ({ units }) => units.forMemory > units.highest],
  ['owner_busy', ({ supply, units }) => isLacking(supply, units) && ownerHasThem(supply, units)],
  ['disk', ({ supply, spec }) => spec.resources.disk_mib.min > supply.disk_free_mib],
  ['isolation', ({ supply, spec, context }) => tooWeak(supply, spec, context)],
  ['term', ({ supply, spec, context }) => !fitsTerm(supply, spec, context.now)],
  ['where', ({ supply, spec, context }) => !placed(supply, spec, context)],
  ['price', ({ supply, spec, context, units }) => tooDear(priceOf(supply, units.count, context.renterPpm), spec)],
  ['rented', ({ supply, units }) => isLacking(supply, units) && !ownerHasThem(supply, units)],
];

/** An expression makes of an offer all that a person would see of it. */
const quickestFirst = conditions.toSorted(([a], [b]) => Number(a === 'where') - Number(b === 'where'));

/** Asking price of some units with the renter's fee on top, per hour, rounded up so that no fee is lost on cheap units. */
export function priceOf(supply: Supply, units: number, renterPpm: number): bigint {
  const asked = supply.price_micros_per_unit_hour * BigInt(units);
  return asked + renterFee(asked, renterPpm);
}

export function renterFee(asked: bigint, renterPpm: number): bigint {
  return (asked * BigInt(renterPpm) + 999_999n) / 1_000_000n;
}

/** Nothing at all cannot be rented: an agent would refuse the lease, and that would count against its provider. */
function atMost(range: Range, share: number): number {
  return range.max === null ? share : Math.min(Math.max(1, range.max), share);
}

type Units = { count: number; fewest: number; highest: number; forCpus: number; forMemory: number };

/** The fewest units that serve the spec. A share of CPUs or memory too small is made up by more units where the spec allows more. */
function chooseUnits(supply: Supply, spec: Spec): Units {
  const { gpu, cpus, memory_mib: memory } = spec.resources;
  const most = Math.min(supply.terms.max_units ?? supply.units_total, supply.units_total);
  const fewest = Math.max(supply.terms.min_units, gpu?.count.min ?? 1);
  const highest = Math.min(most, gpu === null ? most : (gpu.count.max ?? most));
  const forCpus = unitsFor(cpus.min, supply.unit_cpus);
  const forMemory = unitsFor(memory.min, supply.unit_memory_mib);
  const wanted = Math.max(fewest, forCpus, forMemory);
  const count = Number.isSafeInteger(wanted) ? wanted : fewest; // shares of nothing: it fails anyway
  return { count, fewest, highest, forCpus, forMemory };
}

function isLacking(supply: Supply, { count }: Units): boolean {
  return count > supply.units_free && count <= supply.units_total;
}

function ownerHasThem(supply: Supply, { count }: Units): boolean {
  return count <= supply.units_free + supply.units_owner_busy;
}

function tooDear(price: bigint, { max_price_micros_per_hour: most }: Spec): boolean {
  return most !== null && price > BigInt(most);
}

function unitsFor(wanted: number, share: number): number {
  return wanted === 0 ? 0 : Math.ceil(wanted / share);
}

function isOfClass(supply: Supply, { resources: { gpu } }: Spec): boolean {
  if (gpu === null || supply.class === 'cpu') return gpu === null && supply.class === 'cpu';
  return (
    (gpu.vendor === null || gpu.vendor === supply.vendor) &&
    (gpu.classes.length === 0 || gpu.classes.includes(supply.class))
  );
}

function hasMemory(supply: Supply, { resources: { gpu } }: Spec): boolean {
  return gpu === null || inRange(nominalMemoryMib(supply.class, supply.device_memory_mib), gpu.memory_mib);
}

/** Nominal memory: drivers keep a little for themselves, and a "24 GB" card may report 23,034 MiB. */
function inRange(memoryMib: number, range: Range): boolean {
  return memoryMib >= range.min && (range.max === null || memoryMib <= range.max);
}

function tooWeak(supply: Supply, spec: Spec, context: MatchContext): boolean {
  const wanted = spec.isolation ?? context.weakestIsolation;
  return isolationLevels.indexOf(supply.isolation) < isolationLevels.indexOf(wanted);
}

function fitsTerm(supply: Supply, spec: Spec, now: Date): boolean {
  const { secondsUntil } = quietHours(supply.terms, now);
  const longest = Math.min(
    supply.terms.max_duration_s,
    secondsUntil === undefined || secondsUntil === 0 ? Infinity : secondsUntil,
  );
  return spec.max_duration_s >= supply.terms.min_duration_s && spec.max_duration_s <= longest;
}

function placed(supply: Supply, spec: Spec, context: MatchContext): boolean {
  if (spec.regions !== null && !spec.regions.some((region) => lies(supply.terms.region, region))) return false;
  return context.where === null || matches(context.where, offerAt(supply, context.now));
}

/** `eu` holds `eu-north` too, as in expressions. */
function lies(region: string, wanted: string): boolean {
  return region === wanted || region.startsWith(`${wanted}-`);
}
