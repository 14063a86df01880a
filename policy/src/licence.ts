/**
 * What licences cost. The id of a licence is its place in the sale, from 0, and its price follows from the tiers alone. LicenseSale.sol
 * computes the same integers. Amounts are of the smallest unit of the sale's currency.
 */

const PPM = 1_000_000n;

export type LicenceTier = {
  count: number;
  price: bigint;
  /** Most that one address may receive of this tier; 0: no cap. */
  cap_per_address: number;
};

/** What a referrer takes off a price for the buyer, and of what is then paid for himself. */
export type ReferralTerms = { discount_ppm: number; commission_ppm: number };

const NOBODY: ReferralTerms = { discount_ppm: 0, commission_ppm: 0 };

/** All licences that will ever be sold. */
export function licenceSupply(tiers: readonly LicenceTier[]): number {
  return tiers.reduce((sum, tier) => sum + tier.count, 0);
}

/** The tier of an id, and the first id past it. */
export function tierOf(tiers: readonly LicenceTier[], id: number): { tier: number; end: number } {
  let end = 0;
  for (const [tier, { count }] of tiers.entries()) {
    end += count;
    if (id >= 0 && id < end) return { tier, end };
  }
  throw new RangeError(`there is no licence ${id} among ${end}`);
}

/** What the next `count` ids cost after `sold`, across tiers, and what of it the referrer is owed. */
export function licenceCost(
  tiers: readonly LicenceTier[],
  { sold, count, terms = NOBODY }: { sold: number; count: number; terms?: ReferralTerms },
): { cost: bigint; commission: bigint } {
  let [cost, commission] = [0n, 0n];
  for (let id = sold; id < sold + count;) {
    const { tier, end } = tierOf(tiers, id);
    const next = Math.min(end, sold + count);
    const { price } = tiers[tier]!;
    const paid = lessRoundedUp(price, terms.discount_ppm);
    cost += BigInt(next - id) * paid;
    commission += BigInt(next - id) * (paid - lessRoundedUp(paid, terms.commission_ppm));
    id = next;
  }
  return { cost, commission };
}

/** What giving a licence back pays: what its buyer paid for it, less the fee. */
export function licenceRefund(cost: bigint, fee_ppm: number): bigint {
  return lessRoundedUp(cost, fee_ppm);
}

/** What a licence costs whoever refers himself from a second address, which no contract can tell from a stranger's. */
export function licencePriceAfterRebates(price: bigint, { discount_ppm, commission_ppm }: ReferralTerms): bigint {
  return lessRoundedUp(lessRoundedUp(price, discount_ppm), commission_ppm);
}

/** What is left of an amount without a share of it, which is rounded down. */
function lessRoundedUp(amount: bigint, ppm: number): bigint {
  return amount - (amount * BigInt(ppm)) / PPM;
}
