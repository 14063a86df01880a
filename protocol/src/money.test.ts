import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalDollars, parseDollars, toMoney } from './money.ts';

test.each([
  [0n, '0.00'],
  [12n, '0.000012'],
  [400_000n, '0.40'],
  [123_400n, '0.1234'],
  [1_000_000n, '1.00'],
  [1_234_567_890n, '1234.56789'],
  [-1_500_000n, '-1.50'],
  [-1n, '-0.000001'],
])('%d micros are $%s', (amount, text) => {
  expect(decimalDollars(amount)).toBe(text);
});

test.each([
  ['12', 12_000_000n],
  ['$0.4', 400_000n],
  [' 0.40 ', 400_000n],
  ['0.000001', 1n],
  ['999999999.999999', 999_999_999_999_999n],
])('%s is an amount', (text, amount) => {
  expect(parseDollars(text)).toBe(amount);
});

test.each(['', '$', '.5', '5.', '0.0000001', '1234567890', '-1', '+1', '1e3', '1,5', '$ 1', '1$', 'x1', '1x'])(
  '%o is none',
  (text) => {
    expect(parseDollars(text)).toBeUndefined();
  },
);

test('what is written is read as the same', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 999_999_999_999_999n), (amount) => {
      expect(parseDollars(decimalDollars(amount))).toBe(amount);
    }),
  );
});

test('on the wire it is an exact integer beside its text, or it is refused', () => {
  expect(toMoney(-400_000n)).toEqual({ micros: -400_000, usd: '-0.40' });
  expect(toMoney(2n ** 53n - 1n).micros).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => toMoney(2n ** 53n)).toThrow(RangeError);
  expect(() => toMoney(-(2n ** 53n))).toThrow(RangeError);
});
