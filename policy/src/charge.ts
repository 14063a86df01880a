/** What a lease costs. Exact integers; every rounding is down, in the payer's favour, and cumulative, so that it never adds up. */

const SECONDS_PER_HOUR = 3600n;
const PPM = 1_000_000n;

/** Charge in micros for whole seconds served so far at `pricePerHour` micros: ⌊price × seconds / 3600⌋. */
export function chargeRoundedDown(pricePerHour: bigint, servedSeconds: bigint): bigint {
  if (pricePerHour < 0n || servedSeconds < 0n) throw new RangeError('a price and a duration are not negative');
  return (pricePerHour * servedSeconds) / SECONDS_PER_HOUR;
}

/** The provider's fee on a cumulative gross: ⌊gross × ppm / 10⁶⌋. */
export function feeRoundedDown(gross: bigint, ppm: number): bigint {
  return (gross * BigInt(ppm)) / PPM;
}

/**
 * All that the network keeps of a cumulative gross: the renter's fee that is on top of the asking price, and the provider's fee of what
 * was asked. Both rise with the gross and never exceed it.
 */
export function networkFeeRoundedDown(gross: bigint, fees: { provider_ppm: number; renter_ppm: number }): bigint {
  const onTop = (gross * BigInt(fees.renter_ppm)) / (PPM + BigInt(fees.renter_ppm));
  return onTop + feeRoundedDown(gross - onTop, fees.provider_ppm);
}

/** A hold covers `seconds` of a price, rounded up, so that it never falls short of the charge. */
export function holdRoundedUp(pricePerHour: bigint, seconds: bigint): bigint {
  return (pricePerHour * seconds + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR;
}

/** Whole seconds that `amount` pays for at `pricePerHour`; undefined when the price is zero: no end. */
export function secondsCovered(pricePerHour: bigint, amount: bigint): bigint | undefined {
  if (pricePerHour === 0n) return undefined;
  // The largest s with ⌊price × s / 3600⌋ ≤ amount.
  return ((amount + 1n) * SECONDS_PER_HOUR - 1n) / pricePerHour;
}
