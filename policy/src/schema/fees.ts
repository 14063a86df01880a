import { z } from 'zod';
import { Ppm, Seconds, Split } from './amounts.ts';

const FEE_MAX_PPM = 300_000;
const Fee = z.int().min(0).max(FEE_MAX_PPM);

/** What the network takes of a rental, by side and by the currency that it is paid in, and where that goes. */
export const Fees = z.strictObject({
  provider_ppm: Fee.describe('Of the gross, in millionths, taken from the provider; paid in dollars'),
  renter_ppm: Fee.describe('On top of the asking price; paid in dollars'),
  token: z
    .strictObject({
      provider_ppm: Fee,
      renter_ppm: Fee,
      discount_ppm: Ppm.describe('Less of the asking price for the renter; the network bears it out of its fees'),
    })
    .nullable()
    .describe('The same where it is paid in the network’s token; null: not taken'),
  split: Split.describe('Where the fees go; what is named burn buys tokens and burns them'),
  referral_ppm: Ppm.describe('Of the fees, to who brought the renter, before the split'),
  claimable_after_s: Seconds.describe('From the end of the day of service until the provider may take it out'),
});
export type Fees = z.output<typeof Fees>;
