import { z } from 'zod';
import { Duration, Name, Ppm, Seconds, Tokens } from './amounts.ts';

/** The sale of checker licences. Times count from the opening of the sale. */
export const Licences = z.strictObject({
  symbol: z.string().regex(/^[A-Za-z0-9]{2,11}$/),
  currency: z.enum(['ether', 'dollars', 'token']).describe('What the prices are in'),
  decimals: z.int().min(0).max(36).describe('Of that currency’s smallest unit'),
  tiers: z
    .array(
      z.strictObject({
        count: z.int().min(1),
        price: Tokens,
        cap_per_address: z.int().min(0).describe('0: none. Binds addresses, not persons'),
      }),
    )
    .min(1)
    .max(200),
  phases: z.record(
    Name,
    z.strictObject({
      from_s: Seconds,
      until_s: Seconds,
      allowlist: z.boolean().describe('Only for who stands on a list'),
      allocation: z.int().min(0).describe('Licences for each address on the list; 0: as its entry says'),
    }),
  ),
  codes: z.strictObject({
    discount_ppm: Ppm.describe('Off the price for who buys with a code'),
    rebate_ppm: Ppm.describe('Paid back to the buyer later'),
    commission_ppm: Ppm.describe('To whose code it is'),
    commission_max_ppm: Ppm.describe('Most that may be agreed for one code'),
    paid_after_s: Seconds,
  }),
  refund: z.strictObject({
    until_s: Seconds.describe('The one end of all refunds; not before the last phase ends'),
    fee_ppm: Ppm,
  }),
  locked_until_s: Seconds.describe('No transfers before'),
  earns: z
    .enum(['activated', 'refund_end', 'either'])
    .describe('A licence earns once it is activated, or its refund has ended'),
  identity: z.enum(['none', 'claim', 'purchase']).describe('Where a checked identity is asked for'),
  transfer_void_s: Seconds.describe('Work of this long before a transfer is not paid'),
  delegation: z.strictObject({
    commission_max_ppm: Ppm,
    commission_step_ppm: Ppm.describe('Most by which an operator may raise it at once'),
    notice_s: Seconds.describe('Before a raise takes effect'),
    longest_s: Duration,
  }),
});
export type Licences = z.output<typeof Licences>;
