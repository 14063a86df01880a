import { specDefaults, type Spec } from '@gpucoop/protocol/spec.ts';
import type { Supply } from './supply.ts';

/** A supply and a spec that match, for tests and benches to change. */
export function sampleSupply(change: Partial<Supply> = {}): Supply {
  return {
    id: 'off_1',
    machine_id: 'mch_1',
    provider_id: 'usr_1',
    class: 'rtx-4090',
    vendor: 'nvidia',
    architecture: 'amd64',
    units_total: 4,
    units_free: 4,
    units_owner_busy: 0,
    unit_cpus: 8,
    unit_memory_mib: 32_768,
    device_memory_mib: 24_564,
    disk_free_mib: 500_000,
    price_micros_per_unit_hour: 400_000n,
    terms: {
      price_micros_per_unit_hour: {},
      min_units: 1,
      max_units: null,
      min_duration_s: 60,
      max_duration_s: 30 * 86_400,
      quiet_hours: [],
      time_zone: 'UTC',
      only_when_idle: true,
      reserve_cpus: 0,
      reserve_memory_mib: 0,
      disk_mib: null,
      region: 'eu-central',
    },
    isolation: 'container',
    disk_limit: 'watched',
    network: 'internet',
    driver: '580.65',
    cpu_model: 'a processor',
    engine: 'docker 28',
    base_image: null,
    cached_images: [],
    listing: 'listed',
    suspended: false,
    presence: 'online',
    last_seen_at: null,
    reliability_ppm: 600_000,
    ...change,
  };
}

export function sampleSpec(change: Partial<Spec> = {}, gpu: Partial<NonNullable<Spec['resources']['gpu']>> = {}): Spec {
  const request = { vendor: null, classes: [], memory_mib: { min: 0, max: null }, count: { min: 1, max: 1 }, ...gpu };
  return { ...structuredClone(specDefaults), resources: { ...specDefaults.resources, gpu: request }, ...change };
}
