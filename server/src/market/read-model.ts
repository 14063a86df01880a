import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { MachineListing, MachinePresence } from '@gpucoop/protocol/states.ts';
import type { Tables } from '../db/rows.ts';
import { rentableDiskMib } from '../machines/supply.ts';
import { createShelves, type Shelves } from './shelves.ts';
import { reliabilityPpm, type Supply } from './supply.ts';

/**
 * All offers in memory, so that a quote asks no table. Truth stays in the database: a reservation locks rows there, and whoever
 * reads a stale offer here is told `offer_taken`. Changes come by version; versions are handed out before commit, so each look
 * goes back a little, and every so often everything is read again.
 */
export type ReadModel = {
  /** As they stand now; ask again after a while. */
  shelves(): Shelves;
  /** Catches up with the database. Calls at the same time share one look. */
  refresh(): Promise<void>;
};

const OVERLAP_VERSIONS = 200n;
const FULL_EVERY_MS = 60_000;

export function createReadModel(db: Kysely<Tables>): ReadModel {
  let shelves = createShelves();
  let seen = 0n;
  let fullAt = -Infinity;
  let running: Promise<void> | undefined;
  let again = false;

  async function look(): Promise<void> {
    const now = performance.now();
    const full = now - fullAt >= FULL_EVERY_MS;
    const rows = await readSupplies(db, full ? 0n : seen - OVERLAP_VERSIONS);
    if (full) [shelves, fullAt] = [createShelves(), now];
    for (const { id, supply, version, withdrawn } of rows) {
      if (withdrawn || supply === undefined) shelves.remove(id);
      else shelves.put(supply);
      if (version > seen) seen = version;
    }
  }

  return {
    shelves: () => shelves,
    async refresh() {
      // A look that has begun may have missed what the caller knows of: then one more follows.
      if (running !== undefined) {
        again = true;
        return running;
      }
      running = (async () => {
        do {
          again = false;
          await look();
        } while (again);
      })().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

async function readSupplies(db: Kysely<Tables>, after: bigint) {
  const rows = await db
    .selectFrom('offers')
    .innerJoin('machines', 'machines.id', 'offers.machine_id')
    .where('offers.version', '>', after)
    .select([
      'offers.id',
      'offers.machine_id',
      'offers.class',
      'offers.vendor',
      'offers.unit_cpus',
      'offers.unit_memory_mib',
      'offers.device_memory_mib',
      'offers.price_micros_per_unit_hour',
      'offers.version',
      'offers.withdrawn',
      'machines.provider_id',
      'machines.listing',
      'machines.presence',
      'machines.suspended_at',
      'machines.facts',
      'machines.terms',
      'machines.last_seen_at',
      'machines.served_ms',
      'machines.lost_ms',
      'machines.cpu_owner_busy',
    ])
    .select((eb) => [
      eb
        .selectFrom('slots')
        .whereRef('slots.offer_id', '=', 'offers.id')
        .where('slots.present', '=', true)
        .select(sql<number>`count(*)::int`.as('n'))
        .as('units_total'),
      eb
        .selectFrom('slots')
        .whereRef('slots.offer_id', '=', 'offers.id')
        .where('slots.present', '=', true)
        .where('slots.lease_id', 'is', null)
        .where('slots.owner_busy', '=', false)
        .select(sql<number>`count(*)::int`.as('n'))
        .as('units_free'),
      eb
        .selectFrom('slots')
        .whereRef('slots.offer_id', '=', 'offers.id')
        .where('slots.present', '=', true)
        .where('slots.lease_id', 'is', null)
        .where('slots.owner_busy', '=', true)
        .select(sql<number>`count(*)::int`.as('n'))
        .as('units_busy'),
      eb
        .selectFrom('leases')
        .whereRef('leases.machine_id', '=', 'machines.id')
        .where('leases.removed_at', 'is', null)
        .select(sql<bigint>`coalesce(sum(disk_mib), 0)::bigint`.as('mib'))
        .as('disk_used_mib'),
    ])
    .execute();
  return rows.map((row) => ({ id: row.id, supply: toSupply(row), version: row.version, withdrawn: row.withdrawn }));
}

type Row = {
  id: string;
  machine_id: string;
  provider_id: string;
  class: string;
  vendor: string;
  unit_cpus: number;
  unit_memory_mib: bigint;
  device_memory_mib: bigint;
  price_micros_per_unit_hour: bigint;
  listing: string;
  presence: string;
  suspended_at: Date | null;
  facts: unknown;
  terms: unknown;
  last_seen_at: Date | null;
  served_ms: bigint;
  lost_ms: bigint;
  cpu_owner_busy: boolean;
  units_total: number | null;
  units_free: number | null;
  units_busy: number | null;
  disk_used_mib: bigint | null;
};

/** Undefined: its facts are of an agent that this server does not understand (any more). That machine is not on offer; all others are. */
function toSupply(row: Row): Supply | undefined {
  const known = MachineFacts.safeParse(row.facts);
  const asked = MachineTerms.safeParse(row.terms);
  if (!known.success || !asked.success) return undefined;
  const [facts, terms] = [known.data, asked.data];
  const idleOnly = terms.only_when_idle;
  // The owner's use of a CPU is not tied to a unit: while he works, no CPU is on offer.
  const cpuBusy = idleOnly && row.class === 'cpu' && row.cpu_owner_busy;
  const free = Number(row.units_free ?? 0) + (idleOnly ? 0 : Number(row.units_busy ?? 0));
  return {
    id: row.id,
    machine_id: row.machine_id,
    provider_id: row.provider_id,
    class: row.class,
    vendor: row.vendor,
    architecture: facts.architecture,
    units_total: Number(row.units_total ?? 0),
    units_free: cpuBusy ? 0 : free,
    units_owner_busy: cpuBusy ? free : idleOnly ? Number(row.units_busy ?? 0) : 0,
    unit_cpus: row.unit_cpus,
    unit_memory_mib: Number(row.unit_memory_mib),
    device_memory_mib: Number(row.device_memory_mib),
    disk_free_mib: Math.max(0, rentableDiskMib(facts, terms) - Number(row.disk_used_mib ?? 0n)),
    price_micros_per_unit_hour: row.price_micros_per_unit_hour,
    terms,
    isolation: facts.engine.isolation,
    disk_limit: facts.engine.disk_limit,
    network: facts.engine.network,
    driver: facts.devices.find((device) => device.class === row.class)?.driver ?? null,
    cpu_model: facts.cpu_model,
    engine: `${facts.engine.name} ${facts.engine.version}`,
    base_image: facts.engine.base_image,
    cached_images: facts.engine.cached_images,
    listing: row.listing as MachineListing,
    suspended: row.suspended_at !== null,
    presence: row.presence as MachinePresence,
    last_seen_at: row.last_seen_at,
    reliability_ppm: reliabilityPpm(row.served_ms, row.lost_ms),
  };
}
