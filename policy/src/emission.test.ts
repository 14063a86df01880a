import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ceilingRoundedDown,
  cliffThenLinear,
  curveCap,
  curveFault,
  geometricYears,
  halvings,
  powRayRoundedUp,
  RAY,
  type Curve,
  type DecayCurve,
} from './emission.ts';

const IO = 10n ** 18n;
const ionet: DecayCurve = {
  kind: 'decay',
  genesis: 500_000_000n * IO,
  first: (500_000_000n * IO * 8n) / 876_000n,
  decay_ray: 13_886_952_395_979_300_000_000n,
  epoch_s: 3600,
  cap: 800_000_000n * IO,
};
const afterHours = (n: bigint) => ceilingRoundedDown(ionet, n * 3600n);

describe('the hourly decay that io.net publishes', () => {
  test('starts with the genesis and gives the first epoch when it is over', () => {
    expect(ceilingRoundedDown(ionet, -1n)).toBe(0n);
    expect(afterHours(0n)).toBe(500_000_000n * IO);
    expect(ceilingRoundedDown(ionet, 3599n)).toBe(500_000_000n * IO);
    expect(afterHours(1n)).toBe(500_000_000n * IO + ionet.first);
  });

  test('meets its cap with epoch 175,319, and stays there', () => {
    expect(afterHours(175_318n)).toBeLessThan(ionet.cap);
    expect(ionet.cap - afterHours(175_318n)).toBeLessThan(401n * IO); // less than one epoch's emission is missing
    expect(afterHours(175_319n)).toBe(ionet.cap);
    expect(afterHours(175_320n)).toBe(ionet.cap);
    expect(afterHours(10n ** 15n)).toBe(ionet.cap);
  });

  test('would exceed the cap without the explicit minimum', () => {
    const uncapped = { ...ionet, cap: 2n ** 128n - 1n };
    expect(ceilingRoundedDown(uncapped, 175_319n * 3600n)).toBeGreaterThan(ionet.cap);
  });

  test('agrees with the sum of its epochs to a thousandth of a token after twenty years', () => {
    let [sum, epoch] = [ionet.genesis, ionet.first * RAY];
    for (let n = 0; n < 175_318; n += 1) {
      sum += epoch / RAY;
      epoch -= (epoch * ionet.decay_ray) / RAY;
    }
    const apart = afterHours(175_318n) - sum;
    expect(apart < 0n ? -apart : apart).toBeLessThan(IO / 1000n);
  });
});

const decay = fc
  .record({
    genesis: fc.bigInt(0n, 10n ** 27n),
    first: fc.bigInt(0n, 10n ** 24n),
    decay_ray: fc.bigInt(10n ** 15n, RAY),
    epoch_s: fc.integer({ min: 1, max: 1_000_000 }),
    room: fc.bigInt(0n, 10n ** 27n),
  })
  .map(({ room, ...curve }): Curve => ({ kind: 'decay', ...curve, cap: curve.genesis + room }));
const points = fc
  .array(fc.record({ step_s: fc.integer({ min: 0, max: 10 ** 8 }), more: fc.bigInt(0n, 10n ** 27n) }), {
    maxLength: 12,
  })
  .map((steps): Curve => {
    const of = [{ at_s: 0, total: 7n }];
    for (const { step_s, more } of steps) of.push({ at_s: of.at(-1)!.at_s + step_s, total: of.at(-1)!.total + more });
    return { kind: 'points', points: of };
  });

test('every curve only rises, and never beyond its cap', () => {
  fc.assert(
    fc.property(fc.oneof(decay, points), fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 10n ** 9n), (curve, at, more) => {
      expect(curveFault(curve)).toBeUndefined();
      const sooner = ceilingRoundedDown(curve, at);
      const later = ceilingRoundedDown(curve, at + more);
      expect(sooner).toBeLessThanOrEqual(later);
      expect(later).toBeLessThanOrEqual(curveCap(curve));
    }),
  );
});

test('a decaying curve never exceeds the exact one', () => {
  // The exact power of a fraction with few digits, as one long integer.
  fc.assert(
    fc.property(fc.bigInt(1n, 999n), fc.bigInt(0n, 60n), (base, n) => {
      const exact = (base ** n * RAY) / 1000n ** n; // rounded down
      const power = powRayRoundedUp((base * RAY) / 1000n, n);
      expect(power).toBeGreaterThanOrEqual(exact);
      expect(power - exact).toBeLessThanOrEqual(2n * n + 2n);
    }),
  );
});

test('a power that is exact is not rounded', () => {
  expect(powRayRoundedUp(RAY, 1_000_000_007n)).toBe(RAY);
  expect([0n, 1n, 2n, 3n, 4n].map((n) => powRayRoundedUp(RAY / 2n, n))).toEqual(
    [1n, 2n, 4n, 8n, 16n].map((n) => RAY / n),
  );
});

test('geometric years give the shares that Aethir Edge publishes, and all of it in the end', () => {
  // 40 %, 24.12 %, 14.54 %, 8.77 %, 5.29 % with ratio 0.603: https://docs.myedge.io (mining)
  const total = 9_660_000_000n * IO;
  const curve = geometricYears({ total, ratio_ray: 603n * 10n ** 24n, years: 10, year_s: 31_557_600 });
  const years = curve.points.slice(1).map((point, n) => point.total - curve.points[n]!.total);
  expect(curve.points.at(-1)!.total).toBe(total);
  expect(curve.points.map(({ at_s }) => at_s / 31_557_600)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const shares = years.slice(0, 5).map((year) => Number((year * 10_000n) / total) / 100);
  expect(shares).toEqual([39.95, 24.09, 14.52, 8.76, 5.28]);
  for (const [n, year] of years.slice(1).entries()) {
    const wanted = (years[n]! * 603n) / 1000n;
    expect(year - wanted).toBeGreaterThanOrEqual(-2n);
    expect(year - wanted).toBeLessThanOrEqual(2n);
  }
});

test('halvings release half of the rest each period', () => {
  const curve = halvings({ supply: 1000n, genesis: 200n, period_s: 10, periods: 4 });
  expect(curve.points.map(({ total }) => total)).toEqual([200n, 600n, 800n, 900n, 950n]);
  expect(ceilingRoundedDown(curve, 5n)).toBe(400n);
  expect(halvings({ supply: 7n, genesis: 0n, period_s: 1, periods: 5 }).points.at(-1)!.total).toBe(6n);
});

test('a cliff gives nothing until it is over, then a straight line', () => {
  const curve = cliffThenLinear({ total: 1000n, genesis: 100n, cliff_s: 50, term_s: 90 });
  expect([0n, 49n, 50n, 51n, 95n, 140n, 141n].map((at) => ceilingRoundedDown(curve, at))).toEqual([
    100n,
    100n,
    100n,
    110n,
    550n,
    1000n,
    1000n,
  ]);
});

test('without a cliff the line begins with the genesis', () => {
  expect(cliffThenLinear({ total: 10n, genesis: 1n, cliff_s: 0, term_s: 9 }).points).toEqual([
    { at_s: 0, total: 1n },
    { at_s: 9, total: 10n },
  ]);
});

test('two points of one instant are a step', () => {
  const curve: Curve = {
    kind: 'points',
    points: [
      { at_s: 0, total: 0n },
      { at_s: 9, total: 0n },
      { at_s: 9, total: 8n },
    ],
  };
  expect([8n, 9n, 10n].map((at) => ceilingRoundedDown(curve, at))).toEqual([0n, 8n, 8n]);
});

describe('a curve that cannot be deployed says why', () => {
  const MOST = 2n ** 128n - 1n;
  test.each([
    ['the published one', {}, undefined],
    ['no genesis and nothing after it', { genesis: 0n, first: 0n }, undefined],
    ['a genesis that is all', { genesis: ionet.cap }, undefined],
    ['the most that the contract can multiply', { first: MOST, cap: MOST }, undefined],
    ['all in the first epoch', { decay_ray: RAY }, undefined],
    ['the shortest epoch', { epoch_s: 1 }, undefined],
    ['the longest epoch', { epoch_s: 2 ** 32 - 1 }, undefined],
    ['a genesis beyond the cap', { genesis: ionet.cap + 1n }, 'genesis is within the cap'],
    ['a genesis below zero', { genesis: -1n }, 'not negative'],
    ['a first epoch below zero', { first: -1n }, 'not negative'],
    ['too large a first epoch', { first: MOST + 1n }, 'amounts are below 2^128'],
    ['too large a cap', { cap: MOST + 1n }, 'amounts are below 2^128'],
    ['no decay', { decay_ray: 0n }, 'decay_ray lies above 0'],
    ['more decay than all', { decay_ray: RAY + 1n }, 'decay_ray lies above 0 and at most at 10^27'],
    ['epochs of no time', { epoch_s: 0 }, 'whole seconds'],
    ['epochs of less than no time', { epoch_s: -1 }, 'whole seconds'],
    ['epochs of half a second', { epoch_s: 0.5 }, 'whole seconds'],
    ['epochs too long for the contract', { epoch_s: 2 ** 32 }, 'below 2^32'],
  ])('%s', (_, change, fault) => {
    const found = curveFault({ ...ionet, ...change });
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  const at = (at_s: number, total: bigint) => ({ at_s, total });
  test.each([
    ['no points', [], 'the first point is the genesis'],
    ['a first point that is late', [at(1, 0n)], 'the first point is the genesis'],
    ['one point of nothing', [at(0, 0n)], undefined],
    ['one point of the most', [at(0, MOST)], undefined],
    ['a step, and a time in which nothing is released', [at(0, 1n), at(0, 2n), at(9, 2n)], undefined],
    ['an amount that falls', [at(0, 2n), at(1, 1n)], 'point 1 goes back'],
    ['a time that goes back', [at(0, 0n), at(9, 1n), at(8, 2n)], 'point 2 goes back'],
    ['an amount below zero', [at(0, -1n)], 'point 0: whole seconds'],
    ['too large an amount', [at(0, 0n), at(1, MOST + 1n)], 'point 1: whole seconds, and an amount below 2^128'],
    ['half a second', [at(0, 0n), at(0.5, 1n)], 'point 1: whole seconds'],
  ])('%s', (_, points_, fault) => {
    const found = curveFault({ kind: 'points', points: points_ });
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });
});
