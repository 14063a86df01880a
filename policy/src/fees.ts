import { apportion } from './apportion.ts';
import { feeRoundedDown } from './charge.ts';
import { PPM } from './schema/amounts.ts';
import type { Fees } from './schema/fees.ts';

export type FeeLines = {
  /** Off the asking price for paying in the token; the network bears it. */
  discount: bigint;
  renterFee: bigint;
  renterPays: bigint;
  providerFee: bigint;
  providerGets: bigint;
  /** What the network has of it: both fees less the discount. */
  network: bigint;
  referral: bigint;
  /** The rest of it, by name; `burn` is burnt. */
  split: Record<string, bigint>;
};

/** What becomes of an asking price, in the units that it is paid in. Fees are rounded down; nothing is lost between the lines. */
export function feesOf(fees: Fees, currency: 'dollars' | 'token', asked: bigint, isReferred = false): FeeLines {
  const rates = currency === 'dollars' ? { ...fees, discount_ppm: 0 } : fees.token;
  if (rates === null) throw new RangeError('this policy takes no token');
  const discount = feeRoundedDown(asked, rates.discount_ppm);
  const renterFee = feeRoundedDown(asked, rates.renter_ppm);
  const providerFee = feeRoundedDown(asked, rates.provider_ppm);
  const network = renterFee + providerFee - discount;
  if (network < 0n) throw new RangeError('the discount is more than the fees');
  const referral = isReferred ? (network * BigInt(fees.referral_ppm)) / PPM : 0n;
  const names = Object.keys(fees.split).toSorted();
  const { parts } = apportion(
    network - referral,
    names.map((name) => BigInt(fees.split[name]!)),
  );
  return {
    discount,
    renterFee,
    renterPays: asked - discount + renterFee,
    providerFee,
    providerGets: asked - providerFee,
    network,
    referral,
    split: Object.fromEntries(names.map((name, n) => [name, parts[n]!])),
  };
}
