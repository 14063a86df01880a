import { z } from 'zod';
import { Duration, Seconds } from './amounts.ts';

/** How rentals run, whatever the network pays beside them. */
export const running = {
  hold: z.strictObject({
    horizon_s: z.int().min(60).describe('A hold covers at most this long'),
    notice_s: Seconds.describe('Between the warning and the stop, when the next hold cannot be placed'),
  }),
  gap_s: Seconds.describe('Silence up to this long is billed from signed meter lines; longer is unpaid'),
  drain_notice_s: Seconds.describe('Between a provider’s drain and the end of the leases'),
  keep_stopped_s: Seconds.describe('An ended container and its files stay this long, unbilled'),
  quote_ttl_s: z.int().min(5).describe('A quote is good for this long'),
  test_credit_micros: z
    .int()
    .min(0)
    .describe('What the first user of a test network is given, in millionths of a dollar'),
  timeouts: z.strictObject({
    heartbeat_ms: Duration.describe('Between two heartbeats'),
    silent_ms: Duration.describe('Then presence and leases are unknown'),
    lost_ms: Duration.describe('Then the machine is lost and its leases end'),
    accept_ms: Duration.describe('For the agent to take a reserved lease'),
    pull_s: Duration.describe('To fetch the image'),
    start_s: Duration.describe('To start the container'),
    ready_s: Duration.describe('To pass the readiness probe'),
    stop_s: Duration.describe('On top of the grace, for the agent to confirm the stop'),
  }),
} as const;
