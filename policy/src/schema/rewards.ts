import { z } from 'zod';
import { DeviceClass, Duration, Factor, Micros, Name, Ppm, Seconds, Split, Tokens } from './amounts.ts';

/**
 * Who is paid out of which pool, and by what. Times count from the start of the emission; a season before it is negative.
 */
const span = {
  pool: Name.describe('Pool of the emission that pays'),
  vesting: Name.describe('Curve of claims.vesting'),
  from_s: z.int().describe('In force from, after the start of the emission; before it where negative'),
  until_s: z.int().nullable().describe('null: for good'),
};

const Weight = z
  .strictObject({
    kind: z.literal('weight'),
    ...span,
    epoch_s: Duration.describe('Paid for each'),
    groups: Split.describe('Shares of the pool; each group divides its own'),
    classes: z.record(
      DeviceClass,
      z.strictObject({
        group: Name.describe('One of groups'),
        weight_ppm: Factor.describe('1000000 is 1; 0: no reward'),
      }),
    ),
    eligible: z.strictObject({
      uptime_s: Seconds.describe('Without a break, before the first reward'),
      wait_s: Seconds.describe('After enrolment'),
      connectivity: z.int().min(0).max(4).describe('Lowest tier of the line'),
      checks: z.array(Name).describe('Checks that must have passed in the epoch'),
      stake: z.boolean().describe('What stake.required asks for is there'),
    }),
  })
  .describe('Share = weight × devices × eligible, hour by hour');

const Task = z
  .strictObject({ kind: z.literal('task'), ...span, epoch_s: Duration.describe('Paid for each') })
  .describe('Pool of the epoch × correct checks of a licence ÷ correct checks of all');

const UptimeBonus = z
  .strictObject({
    kind: z.literal('uptime_bonus'),
    ...span,
    epoch_s: Duration.describe('Paid for each'),
    of: Name.describe('Rule of kind task whose rewards it is divided by'),
    uptime_from_epoch: z.int().min(1).describe('From this period on the uptime is asked for'),
    uptime_above_ppm: Ppm,
  })
  .describe('Pool of the period × base reward ÷ base reward of all who were up long enough');

const Season = z
  .strictObject({
    kind: z.literal('season'),
    ...span,
    until_s: z.int(),
    amount: Tokens.describe('For the whole season'),
    uptime_hour_ppm: Factor.describe('Points of an hour online'),
    job_hour_ppm: Factor.describe('Points of an hour rented'),
    classes: z.record(DeviceClass, Factor),
    connectivity: z.array(Factor).length(5).describe('By tier of the line, 0 to 4'),
  })
  .describe('Points over a season, paid pro rata at its end: (hours online + hours rented) × class × line');

const Work = z
  .strictObject({
    kind: z.literal('work'),
    ...span,
    epoch_s: Duration.describe('Paid for each'),
    capacity_ppm: Ppm.describe('For seconds online and qualified; the rest for seconds rented'),
    classes: z.record(DeviceClass, Factor),
  })
  .describe('Share by class value × seconds, one part for being there and one for work done');

const UsdTarget = z
  .strictObject({
    kind: z.literal('usd_target'),
    ...span,
    epoch_s: Duration.describe('Paid for each'),
    classes: z.record(DeviceClass, z.strictObject({ price_micros_per_hour: Micros, target_ppm: Factor })),
    surplus_burn_ppm: Ppm.describe('Of the fees that are left after the epoch’s payments'),
  })
  .describe(
    'Owed = price × target × devices, in dollars’ worth: from the pool, then from fees, then cut for all alike',
  );

const Standby = z
  .strictObject({
    kind: z.literal('standby'),
    ...span,
    epoch_s: Duration.describe('Paid for each'),
    window_s: Duration.describe('Demand is the mean of this long'),
    beta_ppm: Factor.describe('β of need = λ + β√λ'),
    pledged_ppm: Ppm.describe('How much of a pledged unit counts as demand'),
    asks_at_most_ppm: Factor.describe('Of the class’s reference price; who asks more is not paid for waiting'),
    checks: z.array(Name).describe('Checks that must have passed'),
    classes: z.record(DeviceClass, z.strictObject({ pay_micros_per_hour: Micros, reference_micros_per_hour: Micros })),
    surplus_burn_ppm: Ppm,
  })
  .describe('Idle machines are paid per class only up to λ + β√λ of rented and pledged demand, in dollars’ worth');

export const RewardRule = z.discriminatedUnion('kind', [Weight, Task, UptimeBonus, Season, Work, UsdTarget, Standby]);
export type RewardRule = z.output<typeof RewardRule>;
export type RewardRuleOf<Kind extends RewardRule['kind']> = Extract<RewardRule, { kind: Kind }>;

export const Rewards = z.record(Name, RewardRule);
