import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitRoundedDown } from './split.ts';

test('what is split and what is left is what there was, and less than one unit per weight is left', () => {
  const weights = fc
    .array(fc.bigInt(0n, 2n ** 64n), { minLength: 1, maxLength: 20 })
    .filter((of) => of.some((weight) => weight > 0n));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n), weights, (amount, of) => {
      const { parts, rest } = splitRoundedDown(amount, of);
      expect(parts.reduce((sum, part) => sum + part, rest)).toBe(amount);
      expect(rest).toBeGreaterThanOrEqual(0n);
      expect(rest).toBeLessThan(BigInt(of.length));
    }),
  );
});

test('one unit among 95 % and 5 % is carried, not given away', () => {
  expect(splitRoundedDown(1n, [950_000n, 50_000n])).toEqual({ parts: [0n, 0n], rest: 1n });
  expect(splitRoundedDown(20n, [950_000n, 50_000n])).toEqual({ parts: [19n, 1n], rest: 0n });
});

test('a weight may be zero and not negative, whatever the others make up for', () => {
  expect(splitRoundedDown(4n, [0n, 2n])).toEqual({ parts: [0n, 4n], rest: 0n });
  expect(() => splitRoundedDown(4n, [-1n, 2n])).toThrow(RangeError);
});

test('without weights nothing can be split', () => {
  expect(() => splitRoundedDown(1n, [])).toThrow(RangeError);
  expect(() => splitRoundedDown(1n, [0n, 0n])).toThrow(RangeError);
});
