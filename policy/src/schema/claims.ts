import { z } from 'zod';
import { vestingFault } from '../vesting.ts';
import { Duration, Name, Ppm, Seconds, Tokens } from './amounts.ts';

const VestingCurve = z
  .strictObject({
    points: z
      .array(z.strictObject({ after_s: Seconds, ppm: Ppm }))
      .min(1)
      .max(20)
      .describe('What part of a claim may be had after so long; linear between, nothing before the first'),
  })
  .superRefine((curve, context) => {
    const fault = vestingFault(curve);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['points'], message: fault });
  });

/** How what was granted is taken: disputes first, then vesting. */
export const Claims = z.strictObject({
  vesting: z.record(Name, VestingCurve).describe('By name; each rule says which one its rewards follow'),
  forfeits: z.enum(['burnt', 'pool']).describe('What is given up by not waiting'),
  least: Tokens.describe('Smallest claim'),
  fee: Tokens.describe('Of each claim'),
  identity: z.boolean().describe('A claim needs a checked identity'),
  dispute_s: Duration.describe('Between the posting of an epoch’s root and its becoming final'),
  poster_bond: Tokens,
  dispute_bond: Tokens,
  arbiter_s: Duration.describe('To decide a dispute; silence voids the roots'),
  grant_most: Tokens.describe('Most that the roots of one epoch may grant: what a false one takes at worst'),
  poster_silent_s: Duration.describe('Then anybody with a bond may post'),
});
export type Claims = z.output<typeof Claims>;

/** Money of renters on chain. */
export const Escrow = z.strictObject({
  thaw_s: Duration.describe('From asking for money back until it may be taken'),
  fee_most_ppm: Ppm.describe('Most that a statement may keep of what a renter pays'),
  signing_s: Duration.describe('Longest time between a second served and the statement that pays for it'),
  halt_s: Seconds.describe('Longest halt that the meter may call; thaw clocks stop'),
  halt_every_s: Duration.describe('Shortest time between two halts'),
});

export const Governance = z.strictObject({
  timelock_s: Seconds.describe('Between the announcement of a change and the change'),
  pause_s: Seconds.describe('Longest pause of posting, slashing and sale by the guardian'),
});
