import { z } from 'zod';
import type { PolicyJson } from './policy.ts';

/** What stood in policies before the economics came: databases keep them, and leases of their time settle under them. */
const fee = z.number().int().min(0).max(300_000);
const whole = z.number().int().min(0);

export const PolicyV1 = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  network: z.enum(['local', 'public']),
  fees: z.strictObject({ provider_ppm: fee, renter_ppm: fee }),
  hold: z.strictObject({ horizon_s: whole, notice_s: whole }),
  gap_s: whole,
  drain_notice_s: whole,
  keep_stopped_s: whole,
  quote_ttl_s: whole,
  test_credit_micros: whole,
  timeouts: z.strictObject({
    heartbeat_s: z.number().positive(),
    silent_s: z.number().positive(),
    lost_s: z.number().positive(),
    accept_s: z.number().positive(),
    pull_s: whole,
    start_s: whole,
    ready_s: whole,
    stop_s: z.number().positive(),
  }),
});

const ms = (seconds: number): number => Math.round(seconds * 1000);

/** The same rules in today's shape, with nothing paid beside the rents. */
export function fromV1({ timeouts, fees, ...rest }: z.output<typeof PolicyV1>): PolicyJson {
  const { heartbeat_s, silent_s, lost_s, accept_s, stop_s, ...steps } = timeouts;
  return {
    ...rest,
    version: 2,
    about: '',
    fees: { ...fees, token: null, split: { treasury: 1_000_000 }, referral_ppm: 0, claimable_after_s: 0 },
    timeouts: {
      ...steps,
      heartbeat_ms: ms(heartbeat_s),
      silent_ms: ms(silent_s),
      lost_ms: ms(lost_s),
      accept_ms: ms(accept_s),
      stop_s: Math.ceil(stop_s),
    },
    ...withoutEconomics,
  };
}

const withoutEconomics = {
  token: null,
  emission: null,
  rewards: {},
  claims: null,
  stake: null,
  checks: null,
  licences: null,
  pledges: null,
  edge: null,
  partner: null,
  place: null,
  escrow: null,
  governance: null,
} as const satisfies Partial<PolicyJson>;
