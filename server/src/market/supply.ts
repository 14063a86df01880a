import type { Isolation } from '@gpucoop/protocol/spec.ts';
import type { MachineTerms, Offer } from '@gpucoop/protocol/resources.ts';
import { toMoney } from '@gpucoop/protocol/money.ts';
import type { MachineListing, MachinePresence } from '@gpucoop/protocol/states.ts';
import { quietHours } from '../machines/quiet-hours.ts';

/** One offer as the read model keeps it. Whether it can be had depends on the time too: `offerAt` says. */
export type Supply = {
  id: string;
  machine_id: string;
  provider_id: string;
  class: string;
  vendor: string;
  architecture: 'amd64' | 'arm64';
  units_total: number;
  /** Neither leased nor used by the owner. */
  units_free: number;
  units_owner_busy: number;
  unit_cpus: number;
  unit_memory_mib: number;
  device_memory_mib: number;
  disk_free_mib: number;
  price_micros_per_unit_hour: bigint;
  terms: MachineTerms;
  isolation: Isolation;
  disk_limit: 'enforced' | 'watched';
  network: 'internet' | 'none';
  driver: string | null;
  cpu_model: string;
  engine: string;
  base_image: string | null;
  cached_images: string[];
  listing: MachineListing;
  suspended: boolean;
  presence: MachinePresence;
  last_seen_at: Date | null;
  reliability_ppm: number;
};

/** The offer as it stands at one instant. */
export function offerAt(supply: Supply, now: Date): Offer {
  const { terms } = supply;
  return {
    id: supply.id,
    machine_id: supply.machine_id,
    class: supply.class,
    vendor: supply.vendor,
    architecture: supply.architecture,
    units_total: supply.units_total,
    units_free: supply.units_free,
    min_units: terms.min_units,
    max_units: Math.min(terms.max_units ?? supply.units_total, supply.units_total),
    unit_cpus: supply.unit_cpus,
    unit_memory_mib: supply.unit_memory_mib,
    disk_free_mib: supply.disk_free_mib,
    device_memory_mib: supply.device_memory_mib,
    price_per_unit_hour: toMoney(supply.price_micros_per_unit_hour),
    min_duration_s: terms.min_duration_s,
    max_duration_s: terms.max_duration_s,
    isolation: supply.isolation,
    disk_limit: supply.disk_limit,
    network: supply.network,
    region: terms.region,
    driver: supply.driver,
    cpu_model: supply.cpu_model,
    engine: supply.engine,
    reliability_ppm: supply.reliability_ppm,
    verified: false,
    presence: supply.presence,
    availability: availability(supply, now),
    available_from: null,
    last_seen_at: supply.last_seen_at?.toISOString() ?? null,
    cached_images: supply.cached_images,
  };
}

function availability(supply: Supply, now: Date): Offer['availability'] {
  if (supply.presence !== 'online') return 'offline';
  if (supply.listing !== 'listed' || supply.suspended) return 'paused';
  if (quietHours(supply.terms, now).quiet) return 'quiet_hours';
  if (supply.units_free >= supply.terms.min_units) return 'free';
  return supply.units_owner_busy > 0 ? 'owner_busy' : 'rented';
}

const NEW_MACHINE_PPM = 600_000n;
const PRIOR_MS = 24n * 3_600_000n; // a day's worth of doubt: a new machine climbs from 60 % as it serves

/** Share of leased time not lost by the provider, with the prior of a machine nobody knows yet. In millionths. */
export function reliabilityPpm(servedMs: bigint, lostMs: bigint): number {
  const good = servedMs * 1_000_000n + PRIOR_MS * NEW_MACHINE_PPM;
  return Number(good / (servedMs + lostMs + PRIOR_MS));
}
