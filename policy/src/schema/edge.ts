import { z } from 'zod';
import { Factor, Name, Ppm, Tokens } from './amounts.ts';

/** Small home devices that are always on. */
export const Edge = z.strictObject({
  pool: Name,
  vesting: Name,
  profile: z.strictObject({
    memory_mib: z.int().min(0),
    storage_gib: z.int().min(0),
    up_mbps: z.int().min(0),
    down_mbps: z.int().min(0),
  }),
  tiers: z.record(
    Name,
    z.strictObject({
      stake: Tokens,
      base_per_day: Tokens,
      bonus_weight: Factor.describe('Weight in the bonus, in millionths; 0: none'),
      bonus_most_per_day: Tokens,
    }),
  ),
  bonus_per_day: Tokens.describe('For all devices together'),
  reward_fee_ppm: Ppm,
  service_share_ppm: Ppm.describe('Of service fees, to the device’s owner'),
});
export type Edge = z.output<typeof Edge>;
