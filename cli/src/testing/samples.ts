import { toMoney } from '@gpucoop/protocol/money.ts';
import type { Lease, Offer, Quote, QuotedOffer, Run } from '@gpucoop/protocol/resources.ts';
import { specDefaults } from '@gpucoop/protocol/spec.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';

/** Things of the API as a server gives them, for tests of how they look. */

export const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const at = (secondsFromNow: number): string => new Date(NOW_MS + secondsFromNow * 1000).toISOString();
const id = (prefix: string, digit: string): string => `${prefix}_${digit.repeat(26)}`;

export const offer = (change: Partial<Offer> = {}): Offer => ({
  id: id('off', '1'),
  machine_id: id('mch', '2'),
  class: 'rtx-4090',
  vendor: 'nvidia',
  architecture: 'amd64',
  units_total: 2,
  units_free: 1,
  min_units: 1,
  max_units: 2,
  unit_cpus: 8,
  unit_memory_mib: 32_768,
  disk_free_mib: 512_000,
  device_memory_mib: 24_564,
  price_per_unit_hour: toMoney(350_000n),
  min_duration_s: 60,
  max_duration_s: 2_592_000,
  isolation: 'container',
  disk_limit: 'enforced',
  network: 'internet',
  region: 'se-stockholm',
  driver: '560.35',
  cpu_model: 'EPYC',
  engine: 'docker 27.3',
  reliability_ppm: 991_000,
  verified: true,
  presence: 'online',
  availability: 'free',
  available_from: null,
  last_seen_at: at(-2),
  cached_images: [],
  ...change,
});

export const quoted = (change: Partial<Offer> = {}): QuotedOffer => {
  const rented = offer(change);
  return {
    offer: rented,
    units: 1,
    cpus: 8,
    memory_mib: 32_768,
    disk_mib: 102_400,
    lines: [
      { what: '1 × rtx-4090', per_hour: rented.price_per_unit_hour, note: 'asked by the provider' },
      { what: 'network fee', per_hour: toMoney(0n), note: 'none for renters' },
    ],
    per_hour: rented.price_per_unit_hour,
    reference: {
      cloud: 'AWS',
      product: 'g6e.xlarge',
      per_hour: toMoney(1_861_000n),
      as_of: '2026-11-01',
      source: 'its price page',
    },
  };
};

export const quote = (options: QuotedOffer[] = [quoted()], change: Partial<Quote> = {}): Quote => ({
  id: id('qte', '3'),
  spec: { ...(specDefaults as Spec), max_duration_s: 7200 },
  spec_hash: '0'.repeat(64),
  policy_hash: '0'.repeat(64),
  options,
  explanation: { offers: options.length, matching: options.length, failed: [], relaxing: [] },
  hold: toMoney(350_000n),
  budget: toMoney(700_000n),
  balance: toMoney(10_000_000n),
  created_at: at(0),
  expires_at: at(120),
  ...change,
});

export const lease = (change: Partial<Lease> = {}): Lease => ({
  id: id('lse', '4'),
  run_id: id('run', '5'),
  offer_id: id('off', '1'),
  machine_id: id('mch', '2'),
  class: 'rtx-4090',
  units: 1,
  cpus: 8,
  memory_mib: 32_768,
  disk_mib: 102_400,
  devices: [],
  isolation: 'container',
  region: 'se-stockholm',
  state: 'running',
  phase: null,
  pulled_bytes: null,
  total_bytes: null,
  price_per_hour: toMoney(350_000n),
  billed_s: 125,
  unbilled_s: 0,
  cost: toMoney(12_152n),
  held: toMoney(337_848n),
  end_reason: null,
  end_detail: null,
  exit_code: null,
  created_at: at(-140),
  ready_at: at(-125),
  ended_at: null,
  removed_at: null,
  ...change,
});

export const run = (change: Partial<Run> = {}): Run => ({
  id: id('run', '5'),
  name: 'train',
  spec: { ...(specDefaults as Spec), command: ['python', 'train.py', '--epochs', '3'] },
  state: 'running',
  attempt: 1,
  budget: toMoney(700_000n),
  cost: toMoney(12_152n),
  max_price_per_hour: toMoney(350_000n),
  expires_at: at(7000),
  end_reason: null,
  end_detail: null,
  exit_code: null,
  created_at: at(-140),
  ended_at: null,
  leases: [lease()],
  ...change,
});
