import fc from 'fast-check';
import { expect, test } from 'vitest';
import { vestedRoundedDown, vestingFault, type VestingCurve } from './vesting.ts';

const DAY = 86_400n;
const curve: VestingCurve = {
  points: [
    { after_s: 30 * 86_400, ppm: 250_000 },
    { after_s: 180 * 86_400, ppm: 1_000_000 },
  ],
};

test('a quarter after 30 days, all after 180, a straight line between, nothing before', () => {
  const days = [0n, 29n, 30n, 105n, 179n, 180n, 1000n];
  expect(days.map((day) => vestedRoundedDown(curve, 1_000_000n, day * DAY))).toEqual([
    0n,
    0n,
    250_000n,
    625_000n,
    995_000n,
    1_000_000n,
    1_000_000n,
  ]);
  expect(vestedRoundedDown(curve, 1_000_000n, 30n * DAY - 1n)).toBe(0n);
});

test('waiting never lowers it, and taking in parts never gives more', () => {
  const amount = fc.bigInt(0n, 2n ** 128n - 1n);
  const elapsed = fc.bigInt(0n, 400n * DAY);
  fc.assert(
    fc.property(amount, amount, elapsed, elapsed, (a, b, at, more) => {
      const together = vestedRoundedDown(curve, a + b, at);
      expect(vestedRoundedDown(curve, a, at) + vestedRoundedDown(curve, b, at)).toBeLessThanOrEqual(together);
      expect(together).toBeLessThanOrEqual(vestedRoundedDown(curve, a + b, at + more));
    }),
  );
});

test('a curve must end with everything and never go back', () => {
  expect(vestingFault(curve)).toBeUndefined();
  expect(vestingFault({ points: [] })).toMatch('1,000,000');
  expect(vestingFault({ points: curve.points.slice(0, 1) })).toMatch('1,000,000');
  expect(vestingFault({ points: curve.points.toReversed() })).toMatch('1,000,000');
  expect(
    vestingFault({
      points: [
        { after_s: 9, ppm: 5 },
        { after_s: 9, ppm: 1_000_000 },
      ],
    }),
  ).toBe('point 1 goes back');
});

test.each([
  ['half a second', { after_s: 0.5, ppm: 0 }, 'point 0: whole seconds, not negative'],
  ['before the claim', { after_s: -1, ppm: 0 }, 'point 0: whole seconds, not negative'],
  ['half a millionth', { after_s: 1, ppm: 0.5 }, 'point 0: whole ppm, not negative'],
  ['less than nothing', { after_s: 1, ppm: -1 }, 'point 0: whole ppm, not negative'],
  ['more than the point after it', { after_s: 1, ppm: 1_000_001 }, 'point 1 goes back'],
  ['nothing yet', { after_s: 0, ppm: 0 }, undefined],
])('a first point of %s', (_, first, fault) => {
  expect(vestingFault({ points: [first, { after_s: 2, ppm: 1_000_000 }] })).toBe(fault);
});

test('a curve may have many points, and stay level between two', () => {
  const flat: VestingCurve = {
    points: [
      { after_s: 0, ppm: 100_000 },
      { after_s: 10, ppm: 100_000 },
      { after_s: 20, ppm: 500_000 },
      { after_s: 30, ppm: 1_000_000 },
    ],
  };
  expect(vestingFault(flat)).toBeUndefined();
  expect([0n, 9n, 10n, 15n, 20n, 29n, 30n].map((at) => vestedRoundedDown(flat, 100n, at))).toEqual([
    10n,
    10n,
    10n,
    30n,
    50n,
    95n,
    100n,
  ]);
});
