import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apportion } from './apportion.ts';

const amounts = fc.bigInt({ min: 0n, max: 10n ** 30n });
const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { maxLength: 60 });
const sum = (parts: readonly bigint[]): bigint => parts.reduce((total, part) => total + part, 0n);

test('what goes out and is carried is what came in, and no part is off by a whole unit', () => {
  fc.assert(
    fc.property(amounts, weights, (amount, of) => {
      const { parts, carried } = apportion(amount, of);
      const total = sum(of);
      expect(sum(parts) + carried).toBe(amount);
      for (const [n, part] of parts.entries()) {
        const off = part * total - amount * of[n]!;
        expect(off < total || total === 0n).toBe(true);
        expect(off > -total || total === 0n).toBe(true);
      }
    }),
  );
});

test('it is the plain largest remainder', () => {
  fc.assert(
    fc.property(amounts, weights, (amount, of) => {
      const total = sum(of);
      fc.pre(total > 0n);
      const plain = of.map((weight, n) => ({ n, part: (amount * weight) / total, rest: (amount * weight) % total }));
      const left = Number(amount - sum(plain.map(({ part }) => part)));
      const more = plain.toSorted((a, b) => (a.rest === b.rest ? 0 : a.rest > b.rest ? -1 : 1)).slice(0, left);
      for (const one of more) plain[one.n]!.part += 1n;
      // Equal remainders of different weights may be served in another order, and of equal weights are not.
      const remainders = (parts: readonly bigint[]) =>
        parts.map((part, n) => part * total - amount * of[n]!).toSorted((a, b) => Number(a - b));
      expect(remainders(apportion(amount, of).parts)).toEqual(remainders(plain.map(({ part }) => part)));
    }),
  );
});

test('more weight never gets less, and equal weights differ by one unit at most, the first first', () => {
  fc.assert(
    fc.property(amounts, weights, (amount, of) => {
      const { parts } = apportion(amount, of);
      for (const [n, weight] of of.entries()) {
        for (const [m, other] of of.entries()) {
          if (weight > other) expect(parts[n]! >= parts[m]! - 1n).toBe(true);
          if (weight === other && n < m) expect([0n, 1n]).toContain(parts[n]! - parts[m]!);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['nobody', 10n, [], [], 10n],
  ['nobody with a weight', 10n, [0n, 0n], [0n, 0n], 10n],
  ['one', 10n, [7n], [10n], 0n],
  ['one unit among three', 1n, [1n, 1n, 1n], [1n, 0n, 0n], 0n],
  ['the largest remainder, not the largest weight', 10n, [6n, 6n, 1n], [5n, 4n, 1n], 0n],
  ['of equal remainders the first, be it the lighter', 2n, [1n, 3n], [1n, 1n], 0n],
  ['of equal remainders the first, be it the heavier', 2n, [3n, 1n], [2n, 0n], 0n],
  ['weight nothing', 5n, [0n, 2n], [0n, 5n], 0n],
  ['nothing', 0n, [1n, 2n], [0n, 0n], 0n],
])('%s', (_, amount, of, parts, carried) => {
  expect(apportion(amount, of)).toEqual({ parts, carried });
});

test('what is negative is refused', () => {
  expect(() => apportion(-1n, [1n])).toThrow(RangeError);
  expect(() => apportion(1n, [-1n])).toThrow(RangeError);
});
