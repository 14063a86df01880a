import { PPM } from './schema/amounts.ts';
import type { Licences } from './schema/licences.ts';

/**
 * What a licence brings the network after everything that may be given back of its price: the discount of a code, its rebate and the highest
 * commission. It is also what a buyer pays who has them all: an address is no person, so the code may be his own. Each part is rounded up.
 */
export function priceAfterRebates(
  price: bigint,
  codes: Pick<Licences['codes'], 'discount_ppm' | 'rebate_ppm' | 'commission_max_ppm'>,
): bigint {
  const paid = price - shareRoundedUp(price, codes.discount_ppm);
  return paid - shareRoundedUp(paid, codes.rebate_ppm) - shareRoundedUp(paid, codes.commission_max_ppm);
}

const shareRoundedUp = (amount: bigint, ppm: number): bigint => (amount * BigInt(ppm) + PPM - 1n) / PPM;
