import type { Policy } from '../policy.ts';

/** One laptop: test credit, loopback only, no renter's fee, and a provider's fee so that the line is seen. */
export const localPolicy: Policy = {
  version: 1,
  name: 'local',
  network: 'local',
  fees: { provider_ppm: 50_000, renter_ppm: 0 },
  hold: { horizon_s: 3600, notice_s: 300 },
  gap_s: 60,
  drain_notice_s: 300,
  keep_stopped_s: 86_400,
  quote_ttl_s: 120,
  test_credit_micros: 10_000_000,
  timeouts: {
    heartbeat_s: 5,
    silent_s: 20,
    lost_s: 600,
    accept_s: 60,
    pull_s: 3600,
    start_s: 120,
    ready_s: 600,
    stop_s: 60,
  },
};
