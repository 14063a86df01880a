import { PPM } from './schema/amounts.ts';
import type { Licences } from './schema/licences.ts';

/**
 * What a licence brings the network after everything that may be given back of its price, and what it costs the buyer who collects
 * all of it: an address is no person, so the commission of his own code can be his too. Each part is rounded up, against the network.
 */
export function priceAfterRebates(price: bigint, codes: Licences['codes']): { network: bigint; buyer: bigint } {
  const discount = shareRoundedUp(price, codes.discount_ppm);
  const paid = price - discount;
  const back = shareRoundedUp(paid, codes.rebate_ppm) + shareRoundedUp(paid, codes.commission_max_ppm);
  return { network: paid - back, buyer: paid - back };
}

const shareRoundedUp = (amount: bigint, ppm: number): bigint => (amount * BigInt(ppm) + PPM - 1n) / PPM;
