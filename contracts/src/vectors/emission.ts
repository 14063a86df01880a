import {
  cliffThenLinear,
  ceilingRoundedDown,
  geometricYears,
  halvings,
  RAY,
  type Curve,
} from '@gpucoop/policy/emission.ts';
import { splitRoundedDown } from '@gpucoop/policy/split.ts';
import { vestedRoundedDown, type VestingCurve } from '@gpucoop/policy/vesting.ts';

/** Inputs and results of the functions that PolicyMath.sol mirrors, for the Solidity tests to compare. */

const TOKEN = 10n ** 18n;
const YEAR_S = 31_557_600;

/** https://io.net: 500 M at genesis, 300 M over 175,319 hours, each 1.38869523959793e-5 less than the one before. */
const ionet: Curve = {
  kind: 'decay',
  genesis: 500_000_000n * TOKEN,
  first: (500_000_000n * TOKEN * 8n) / 876_000n,
  decay_ray: (RAY * 138_869_523_959_793_00n) / 10n ** 21n,
  epoch_s: 3600,
  cap: 800_000_000n * TOKEN,
};
/** Halves each epoch, and nearly all of a wei-sized supply is rounding. */
const tiny: Curve = { kind: 'decay', genesis: 0n, first: 1n, decay_ray: RAY / 2n, epoch_s: 1, cap: 2n };
/** Everything in the first epoch. */
const atOnce: Curve = { kind: 'decay', genesis: 0n, first: 7n, decay_ray: RAY, epoch_s: 60, cap: 7n };
const largest: Curve = {
  kind: 'decay',
  genesis: 0n,
  first: 2n ** 128n - 1n,
  decay_ray: 1n,
  epoch_s: 1,
  cap: 2n ** 128n - 1n,
};
const edge = geometricYears({
  total: 9_660_000_000n * TOKEN,
  ratio_ray: 603n * 10n ** 24n,
  years: 10,
  year_s: YEAR_S,
});
const halving = halvings({ supply: 2_500_000_000n * TOKEN, genesis: 0n, period_s: 17_520 * 3600, periods: 12 });
const team = cliffThenLinear({ total: 5_250_000_000n * TOKEN, genesis: 1n, cliff_s: YEAR_S * 1.5, term_s: YEAR_S * 3 });
const step: Curve = {
  kind: 'points',
  points: [
    { at_s: 0, total: 1n },
    { at_s: 10, total: 1n },
    { at_s: 10, total: 5n },
    { at_s: 13, total: 6n },
  ],
};

const hours = (...of: bigint[]) => of.map((n) => n * 3600n);
const curves: { curve: Curve; at: bigint[] }[] = [
  { curve: ionet, at: [0n, 3599n, ...hours(1n, 2n, 8760n, 87_660n, 175_318n, 175_319n, 175_320n, 10n ** 12n)] },
  { curve: tiny, at: [0n, 1n, 2n, 3n, 89n, 90n, 91n, 2n ** 40n] },
  { curve: atOnce, at: [59n, 60n, 61n] },
  { curve: largest, at: [0n, 1n, 2n, 1000n] },
  {
    curve: edge,
    at: [0n, 1n, BigInt(YEAR_S) - 1n, BigInt(YEAR_S), BigInt(YEAR_S) * 5n + 7n, BigInt(YEAR_S) * 10n, 2n ** 60n],
  },
  { curve: halving, at: [0n, ...hours(17_519n, 17_520n, 17_521n, 35_041n, 210_240n, 210_241n)] },
  { curve: team, at: [0n, BigInt(YEAR_S), BigInt(YEAR_S) * 2n, BigInt(YEAR_S) * 9n] },
  { curve: step, at: [0n, 9n, 10n, 11n, 12n, 13n, 14n] },
];

const DAY_S = 86_400;
const vestings: { curve: VestingCurve; amounts: bigint[]; at: number[] }[] = [
  {
    curve: {
      points: [
        { after_s: 30 * DAY_S, ppm: 250_000 },
        { after_s: 180 * DAY_S, ppm: 1_000_000 },
      ],
    },
    amounts: [1n, 3n, 10n ** 18n + 7n, 2n ** 128n - 1n],
    at: [0, 30 * DAY_S - 1, 30 * DAY_S, 30 * DAY_S + 1, 105 * DAY_S, 180 * DAY_S - 1, 180 * DAY_S, 400 * DAY_S],
  },
  { curve: { points: [{ after_s: 0, ppm: 1_000_000 }] }, amounts: [1n], at: [0, 1] },
];

const splits: { amount: bigint; weights: bigint[] }[] = [
  { amount: 1n, weights: [950_000n, 50_000n] },
  { amount: 19n, weights: [950_000n, 50_000n] },
  { amount: 20n, weights: [950_000n, 50_000n] },
  { amount: 100n, weights: [1n, 1n, 1n] },
  { amount: 2n ** 128n - 1n, weights: [2n ** 64n - 1n, 1n, 0n] },
];

/** Written to test/vectors/emission.json. Numbers are texts, since JSON's are floats. */
export function emissionVectors(): unknown {
  return {
    ceilings: curves.map(({ curve, at }) => ({
      decay: curve.kind === 'decay' ? decayColumns(curve) : [],
      at_s: curve.kind === 'points' ? curve.points.map((point) => String(point.at_s)) : [],
      total: curve.kind === 'points' ? curve.points.map((point) => String(point.total)) : [],
      elapsed_s: at.map(String),
      ceiling: at.map((elapsed) => String(ceilingRoundedDown(curve, elapsed))),
    })),
    vested: vestings.flatMap(({ curve, amounts, at }) =>
      amounts.map((amount) => ({
        after_s: curve.points.map((point) => String(point.after_s)),
        ppm: curve.points.map((point) => String(point.ppm)),
        amount: String(amount),
        elapsed_s: at.map(String),
        vested: at.map((elapsed) => String(vestedRoundedDown(curve, amount, BigInt(elapsed)))),
      })),
    ),
    splits: splits.map(({ amount, weights }) => {
      const { parts, rest } = splitRoundedDown(amount, weights);
      return { amount: String(amount), weights: weights.map(String), parts: parts.map(String), rest: String(rest) };
    }),
  };
}

function decayColumns(curve: Extract<Curve, { kind: 'decay' }>): string[] {
  return [curve.genesis, curve.first, curve.decay_ray, BigInt(curve.epoch_s), curve.cap].map(String);
}
