import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignPoints, exactMoney, money, percent, relativeTime, shortId } from './units.ts';

test('money shows the digits that matter', () => {
  const shown = [0n, 1n, 111n, 12_345n, 20_000n, 400_000n, 1_234_567n, 10_000_000n, -5_500n].map((amount) =>
    money(amount),
  );
  expect(shown).toEqual([
    '$0.00',
    '$0.000001',
    '$0.000111',
    '$0.0123',
    '$0.02',
    '$0.40',
    '$1.23',
    '$10.00',
    '-$0.0055',
  ]);
});

test('an amount that is not zero never looks like zero', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 13n }),
      (amount) => /[1-9]/.test(money(amount)) && /[1-9]/.test(money(-amount)),
    ),
  );
});

test('exact money loses no digit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }), (amount) => {
      const [whole, fraction] = exactMoney(amount).replace(/[-$]/g, '').split('.');
      const back = BigInt(whole!) * 1_000_000n + BigInt(fraction!.padEnd(6, '0'));
      return (amount < 0n ? -back : back) === amount;
    }),
  );
});

test('points stand below each other', () => {
  expect(alignPoints(['$10.00', '$0.000111'])).toEqual(['$10.00    ', '$0.000111']);
  expect(alignPoints([])).toEqual([]);
});

test('times are told relative to now, in one unit', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  const shown = [
    '2026-11-23T12:00:01Z',
    '2026-11-23T11:59:18Z',
    '2026-11-23T12:05:59Z',
    '2026-11-21T11:00:00Z',
    null,
  ].map((at) => relativeTime(at, now));
  expect(shown).toEqual(['just now', '42s ago', 'in 5m', '2d ago', '-']);
});

test('ids are cut to what can be typed, shares become percent', () => {
  expect(shortId('run_0123456789abcdefghjkmnpqrs')).toBe('run_01234567');
  expect([1_000_000, 984_321, 600_000].map(percent)).toEqual(['100%', '98.4%', '60%']);
});
