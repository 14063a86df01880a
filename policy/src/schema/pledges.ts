import { z } from 'zod';
import { Duration, Ppm, Seconds } from './amounts.ts';

/** Renters' commitments to rent, once so many machines are proven at no more than so much. */
export const Pledges = z.strictObject({
  deposit_s: Duration.describe('The deposit is this long of the pledged price'),
  longest_s: Duration.describe('A pledge ends after this, and its deposit goes back'),
  answer_s: Duration.describe('Once its conditions hold, the renter orders within this'),
  lapse_ppm: Ppm.describe('Of the deposit, for the machines that waited, if he does not'),
  proven_s: Seconds.describe('A machine counts as proven after passing its checks for this long'),
});
export type Pledges = z.output<typeof Pledges>;
