import { z } from 'zod';
import { DeviceClass, Duration, Factor, Micros, Ppm, Seconds, Tokens } from './amounts.ts';

/** How much a provider must have at risk, for each device. */
const Required = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('per_device'),
      amount: z.discriminatedUnion('currency', [
        z.strictObject({ currency: z.literal('token'), tokens: Tokens }),
        z.strictObject({ currency: z.literal('dollars'), micros: Micros }),
      ]),
      weights: z.record(DeviceClass, Factor),
      least_weight_ppm: Factor,
    })
    .describe('Amount × max(least weight, weight of the class) × devices'),
  z
    .strictObject({
      kind: z.literal('coefficient'),
      coefficient: Tokens.describe('Tokens for a value of 1'),
      values: z.record(DeviceClass, Factor).describe('K: what a device of the class is worth beside the others'),
      fixed_for_s: Duration.describe('A stake once set holds for this long'),
    })
    .describe('K of the class × coefficient × devices'),
  z
    .strictObject({
      kind: z.literal('earned'),
      keep_ppm: Ppm.describe('Of the income, until the stake is full; a deposit fills it at once'),
      at_risk_s: Duration.describe('Value at risk: this long of the asking price'),
    })
    .describe('Kept from income until it covers the value at risk, in dollars’ worth'),
]);

export const SlashCase = z.enum([
  'lost_lease',
  'lost_reserved',
  'offline_idle',
  'below_class',
  'false_offer',
  'data_compromise',
  'poor_service',
]);
export type SlashCase = z.output<typeof SlashCase>;

export const Stake = z.strictObject({
  required: Required,
  co_stake: z
    .strictObject({ most_ppm: Ppm, exit_wait_s: Seconds })
    .nullable()
    .describe('Others may put down a part for a share of the rewards'),
  slash: z
    .partialRecord(
      SlashCase,
      z.strictObject({
        stake_ppm: Ppm.describe('Of the stake that is required'),
        refund: z.boolean().describe('The renter gets back what he paid in the period'),
      }),
    )
    .describe('What is taken, and for what'),
  rewards_first: z.boolean().describe('Rewards not yet paid out are taken before the stake'),
  slash_most_ppm: Ppm.describe('Of a machine’s stake, by one root'),
  root_most_ppm: Ppm.describe('Of all stakes together, by one root'),
  epochs_open: z.int().min(1).describe('Slashes of the last so many epochs can be announced'),
  cooldown_s: Seconds.describe('From unstaking until it may be taken out; until then it can be slashed'),
  appeal_s: Duration.describe('From the announcement of a slash until it may be carried out'),
  appeal_bond: Tokens.describe('In what the stake is in: a token’s or a dollar’s smallest units'),
  arbiter_s: Duration.describe('To answer an appeal; silence voids the slash'),
});
export type Stake = z.output<typeof Stake>;
