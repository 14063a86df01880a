import type { Policy } from '../policy.ts';
import type { Source, Sources } from '../sources.ts';
import { DAY, HOUR } from './time.ts';

/** How rentals run in every preset: the networks published nothing that would take its place. */
export const ground = {
  hold: { horizon_s: HOUR, notice_s: 300 },
  gap_s: 60,
  drain_notice_s: 300,
  keep_stopped_s: DAY,
  quote_ttl_s: 120,
  test_credit_micros: 0,
  timeouts: {
    heartbeat_ms: 5000,
    silent_ms: 20_000,
    lost_ms: 600_000,
    accept_ms: 60_000,
    pull_s: HOUR,
    start_s: 120,
    ready_s: 600,
    stop_s: 60,
  },
  escrow: { thaw_s: 2 * DAY, fee_most_ppm: 300_000, signing_s: HOUR, halt_s: DAY, halt_every_s: 90 * DAY },
  governance: { timelock_s: 7 * DAY, pause_s: 7 * DAY },
} as const satisfies Partial<Policy>;

const rentals: Source = { kind: 'ours', text: 'how Coop runs rentals; nothing was published in its place' };

export const groundSources: Readonly<Record<keyof typeof ground | 'version' | 'name' | 'about' | 'network', Source>> = {
  version: rentals,
  name: rentals,
  about: rentals,
  network: rentals,
  hold: rentals,
  gap_s: rentals,
  drain_notice_s: rentals,
  keep_stopped_s: rentals,
  quote_ttl_s: rentals,
  test_credit_micros: rentals,
  timeouts: rentals,
  escrow: { kind: 'ours', text: 'windows of Coop’s contracts; nothing was published in their place' },
  governance: { kind: 'ours', text: 'bounds of Coop’s contracts; nothing was published in their place' },
};

const roots: Source = {
  kind: 'ours',
  text: 'reward roots, their disputes and bonds are Coop’s; the network’s own claims trust its operator',
};

export const rootSources: Sources = {
  'claims.forfeits': roots,
  'claims.dispute_s': roots,
  'claims.arbiter_s': roots,
  'claims.grant_most': roots,
  'claims.poster_bond': roots,
  'claims.dispute_bond': roots,
  'claims.poster_silent_s': roots,
};
