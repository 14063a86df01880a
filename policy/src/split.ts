/** Dividing an amount by weights, so that nothing is lost. PolicyMath.sol computes the same integers. */

/** ⌊amount × weight / Σ weights⌋ for each weight. What is left, `rest`, is less than one unit per weight and is carried by the caller. */
export function splitRoundedDown(amount: bigint, weights: readonly bigint[]): { parts: bigint[]; rest: bigint } {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum <= 0n || weights.some((weight) => weight < 0n))
    throw new RangeError('weights are not negative, and one is not zero');
  const parts = weights.map((weight) => (amount * weight) / sum);
  return { parts, rest: amount - parts.reduce((total, part) => total + part, 0n) };
}
