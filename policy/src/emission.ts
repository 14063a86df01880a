/**
 * Emission curves: everything that may ever have been released, as a function of the seconds since the start. A curve is a ceiling;
 * what is not needed is released later or never. PolicyMath.sol computes the same integers. Amounts are of the smallest unit.
 */

export const RAY = 10n ** 27n;
/** Amounts of a curve stay below this, so that no product in the contract overflows 256 bits. */
export const AMOUNT_MAX = 2n ** 128n - 1n;

export type CurvePoint = { at_s: number; total: bigint };

export type DecayCurve = {
  kind: 'decay';
  /** Releasable at the start. */
  genesis: bigint;
  /** Of the first epoch; each further one is less by `decay_ray` / 10²⁷. An epoch counts once it is over. */
  first: bigint;
  decay_ray: bigint;
  epoch_s: number;
  /** Nothing beyond it, genesis included. */
  cap: bigint;
};

/** Linear between its points, constant after the last. Two points of one instant are a step. */
export type PointsCurve = { kind: 'points'; points: readonly CurvePoint[] };
export type Curve = DecayCurve | PointsCurve;

/** Everything that may have been released `elapsed_s` after the start. Zero before it. */
export function ceilingRoundedDown(curve: Curve, elapsed_s: bigint): bigint {
  if (elapsed_s < 0n) return 0n;
  return curve.kind === 'decay'
    ? decayTotalRoundedDown(curve, elapsed_s / BigInt(curve.epoch_s))
    : pointsTotalRoundedDown(curve.points, elapsed_s);
}

/**
 * genesis + first × (1 − (1 − d)ⁿ) / d, at most the cap, after n whole epochs. The power is rounded up and the quotient down, so that the
 * result never exceeds the exact curve.
 */
export function decayTotalRoundedDown({ genesis, first, decay_ray, cap }: DecayCurve, epochs: bigint): bigint {
  const left = powRayRoundedUp(RAY - decay_ray, epochs);
  const total = genesis + (first * (RAY - left)) / decay_ray;
  return total < cap ? total : cap;
}

/** base^exponent of 27 decimals by squaring, every product rounded up. */
export function powRayRoundedUp(base: bigint, exponent: bigint): bigint {
  let power = RAY;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = (power * square + RAY - 1n) / RAY;
    square = (square * square + RAY - 1n) / RAY;
  }
  return power;
}

/** Why a curve cannot be deployed; undefined when it can. The contract refuses the same. */
export function curveFault(curve: Curve): string | undefined {
  if (curve.kind === 'decay') {
    const { genesis, first, decay_ray, epoch_s, cap } = curve;
    if (genesis < 0n || first < 0n || genesis > cap)
      return 'genesis and first are not negative, and genesis is within the cap';
    if (first > AMOUNT_MAX || cap > AMOUNT_MAX) return 'amounts are below 2^128';
    if (decay_ray <= 0n || decay_ray > RAY) return 'decay_ray lies above 0 and at most at 10^27';
    if (!Number.isSafeInteger(epoch_s) || epoch_s <= 0 || epoch_s >= 2 ** 32)
      return 'an epoch lasts whole seconds, below 2^32';
    return undefined;
  }
  const { points } = curve;
  if (points[0]?.at_s !== 0) return 'the first point is the genesis, at 0 seconds';
  for (const [n, { at_s, total }] of points.entries()) {
    if (!Number.isSafeInteger(at_s) || total < 0n || total > AMOUNT_MAX)
      return `point ${n}: whole seconds, and an amount below 2^128`;
    const before = points[n - 1];
    if (before !== undefined && (at_s < before.at_s || total < before.total)) return `point ${n} goes back`;
  }
  return undefined;
}

/** The most that a curve ever allows. */
export function curveCap(curve: Curve): bigint {
  return curve.kind === 'decay' ? curve.cap : curve.points.at(-1)!.total;
}

/**
 * Geometric years as points: year n gets `ratio_ray` / 10²⁷ of year n − 1, all years together exactly `total`, linear within a year.
 * Each year's end is rounded down from the exact sum, so no rounding adds up; the last is `total`.
 */
export function geometricYears(of: { total: bigint; ratio_ray: bigint; years: number; year_s: number }): PointsCurve {
  let share = RAY ** 2n; // of the first year; more digits than a ray has, so that forty years stay exact to the wei
  const sums = [0n];
  for (let year = 0; year < of.years; year += 1) {
    sums.push(sums.at(-1)! + share);
    share = (share * of.ratio_ray) / RAY;
  }
  return points(sums.map((sum, year) => ({ at_s: year * of.year_s, total: (of.total * sum) / sums.at(-1)! })));
}

/**
 * Supply halving as points: half of what is left is released over each period, linear within it. Where the rate follows the supply itself,
 * as with Xai's challenges (half the rest per 17,520 hours), this is the ceiling of a network that always emits all it may.
 */
export function halvings(of: { supply: bigint; genesis: bigint; period_s: number; periods: number }): PointsCurve {
  const rest = of.supply - of.genesis;
  return points(
    Array.from({ length: of.periods + 1 }, (_, n) => ({
      at_s: n * of.period_s,
      total: of.supply - (rest + 2n ** BigInt(n) - 1n) / 2n ** BigInt(n),
    })),
  );
}

/** `genesis` at once, nothing until the cliff, then the rest evenly over the term. The cliff may be zero. */
export function cliffThenLinear(of: { total: bigint; genesis: bigint; cliff_s: number; term_s: number }): PointsCurve {
  const { total, genesis, cliff_s, term_s } = of;
  const start = [{ at_s: 0, total: genesis }];
  if (cliff_s > 0) start.push({ at_s: cliff_s, total: genesis });
  return points([...start, { at_s: cliff_s + term_s, total }]);
}

function points(of: CurvePoint[]): PointsCurve {
  return { kind: 'points', points: of };
}

function pointsTotalRoundedDown(curve: readonly CurvePoint[], elapsed_s: bigint): bigint {
  let total = 0n;
  for (const [n, point] of curve.entries()) {
    const at = BigInt(point.at_s);
    if (at > elapsed_s) {
      const before = curve[n - 1]!;
      const from = BigInt(before.at_s);
      return before.total + ((point.total - before.total) * (elapsed_s - from)) / (at - from);
    }
    total = point.total;
  }
  return total;
}
