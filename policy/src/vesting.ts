/** What a granted reward is worth to one who waits. PolicyMath.sol computes the same integers. */

const PPM = 1_000_000n;

/** Linear between its points, zero before the first, all after the last, which is 1,000,000. */
export type VestingCurve = { points: readonly { after_s: number; ppm: number }[] };

/** Of `amount`, what may be taken `elapsed_s` after the claim; taking it forfeits the rest. */
export function vestedRoundedDown(curve: VestingCurve, amount: bigint, elapsed_s: bigint): bigint {
  for (const [n, point] of curve.points.entries()) {
    const after = BigInt(point.after_s);
    if (after <= elapsed_s) continue;
    const before = curve.points[n - 1];
    if (before === undefined) return 0n;
    const [from, term] = [BigInt(before.after_s), after - BigInt(before.after_s)];
    const share = BigInt(before.ppm) * term + BigInt(point.ppm - before.ppm) * (elapsed_s - from);
    return (amount * share) / (PPM * term);
  }
  return amount;
}

/** Why a vesting curve cannot be deployed; undefined when it can. The contract refuses the same. */
export function vestingFault({ points }: VestingCurve): string | undefined {
  if (points.at(-1)?.ppm !== 1_000_000) return 'the last point is 1,000,000 ppm: whoever waits gets all';
  for (const [n, { after_s, ppm }] of points.entries()) {
    if (!Number.isSafeInteger(after_s) || after_s < 0) return `point ${n}: whole seconds, not negative`;
    if (!Number.isSafeInteger(ppm) || ppm < 0) return `point ${n}: whole ppm, not negative`;
    const before = points[n - 1];
    if (before !== undefined && (after_s <= before.after_s || ppm < before.ppm)) return `point ${n} goes back`;
  }
  return undefined;
}
