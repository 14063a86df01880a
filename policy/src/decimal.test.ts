import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUnits, parseUnits } from './decimal.ts';

test.each([
  ['200', 0, 200n],
  ['200', 2, 20_000n],
  ['0.1259', 18, 125_900_000_000_000_000n],
  ['0.05', 2, 5n],
])('%s with %i decimals', (text, decimals, amount) => {
  expect(parseUnits(text, decimals)).toBe(amount);
  expect(formatUnits(amount, decimals)).toBe(text);
});

test.each(['0.051', '', '.5', '5.', '-1', '+1', '1e3', '0x1', '1,5', 'a1', '1a', '1.2.3'])(
  '%s is no amount of two decimals',
  (text) => {
    expect(() => parseUnits(text, 2)).toThrow('is no amount of 2 decimals');
  },
);

test('zeros at the end are left out, and what is owed has its sign', () => {
  expect([0n, 10n, 1050n, 100_000n].map((amount) => formatUnits(amount, 2))).toEqual(['0', '0.1', '10.5', '1000']);
  expect([-5n, -150n].map((amount) => formatUnits(amount, 2))).toEqual(['-0.05', '-1.5']);
});

test('what is written is read as the same', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 40n), fc.integer({ min: 0, max: 30 }), (amount, decimals) => {
      expect(parseUnits(formatUnits(amount, decimals), decimals)).toBe(amount);
    }),
  );
});
