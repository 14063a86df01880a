import { canonicalHash } from '@gpucoop/protocol/canonical.ts';
import { z } from 'zod';

/** All economic rules of a network. Its hash stands on every quote, and a lease settles under the policy of its quote. */
export const Policy = z
  .strictObject({
    version: z.literal(1),
    name: z.string(),
    network: z.enum(['local', 'public']).describe('local: loopback only, test credit, plain processes allowed'),
    fees: z.strictObject({
      provider_ppm: z
        .number()
        .int()
        .min(0)
        .max(300_000)
        .describe('Of the gross, in millionths, taken from the provider'),
      renter_ppm: z.number().int().min(0).max(300_000).describe('On top of the asking price'),
    }),
    hold: z.strictObject({
      horizon_s: z.number().int().min(60).describe('A hold covers at most this long'),
      notice_s: z
        .number()
        .int()
        .min(0)
        .describe('Between the warning and the stop, when the next hold cannot be placed'),
    }),
    gap_s: z
      .number()
      .int()
      .min(0)
      .describe('Silence up to this long is billed from signed meter lines; longer is unpaid'),
    drain_notice_s: z.number().int().min(0),
    keep_stopped_s: z.number().int().min(0).describe('An ended container and its files stay this long, unbilled'),
    quote_ttl_s: z.number().int().min(5),
    test_credit_micros: z.number().int().min(0),
    timeouts: z.strictObject({
      heartbeat_s: z.number().positive().describe('Between two heartbeats'),
      silent_s: z.number().positive().describe('Then presence and leases are unknown'),
      lost_s: z.number().positive().describe('Then the machine is lost and its leases end'),
      accept_s: z.number().positive().describe('For the agent to take a reserved lease'),
      pull_s: z.number().int().positive(),
      start_s: z.number().int().positive(),
      ready_s: z.number().int().positive(),
      stop_s: z.number().int().positive().describe('On top of the grace, for the agent to confirm the stop'),
    }),
  })
  .refine((policy) => policy.timeouts.silent_s > policy.timeouts.heartbeat_s, {
    message: 'silent_s must be longer than heartbeat_s, or every machine is always unknown',
    path: ['timeouts', 'silent_s'],
  })
  .refine((policy) => policy.timeouts.lost_s > policy.timeouts.silent_s, {
    message: 'lost_s must be longer than silent_s: silence is unknown before it is lost',
    path: ['timeouts', 'lost_s'],
  })
  .refine((policy) => policy.hold.horizon_s > policy.hold.notice_s, {
    message: 'the hold must cover the notice',
    path: ['hold', 'notice_s'],
  });
export type Policy = z.infer<typeof Policy>;

export function policyHash(policy: Policy): string {
  // Timeouts may be fractions of a second in tests; as milliseconds they are the integers that canonical JSON takes.
  const timeouts = Object.fromEntries(Object.entries(policy.timeouts).map(([name, s]) => [name, Math.round(s * 1000)]));
  return canonicalHash({ ...policy, timeouts });
}
