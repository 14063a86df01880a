import fc from 'fast-check';
import { expect, test } from 'vitest';
import { standby as preset } from './presets/standby.ts';
import { squareRootRoundedDown } from './square-root.ts';
import { paidIdle, standbyNeedRoundedUp, standbyOwed } from './standby.ts';

const rule = preset.policy.rewards['standby']!;
if (rule.kind !== 'standby') throw new Error('standby');
const units = (n: number): bigint => BigInt(n) * 1_000_000n;

test.each([
  [0, 0, 0n],
  [1, 0, 2n],
  [100, 0, 110n],
  [99, 2, 110n], // a pledged unit counts as half
  [2, 0, 4n], // 2 + 1.41…
  [10_000, 0, 10_100n],
])('%d rented and %d pledged: %d should be there', (rented, pledged, need) => {
  expect(standbyNeedRoundedUp(rule, { rentedPpm: units(rented), pledged })).toBe(need);
});

test('the integer root is the root', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 60n), (n) => {
      const root = squareRootRoundedDown(n);
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
    }),
  );
  expect([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(squareRootRoundedDown)).toEqual([0n, 1n, 1n, 1n, 2n, 2n, 3n]);
  expect(() => squareRootRoundedDown(-1n)).toThrow(RangeError);
});

test('more demand never needs less, and the need exceeds demand by about its root', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.bigInt(0n, 10n ** 12n), (rentedPpm, more) => {
      const need = standbyNeedRoundedUp(rule, { rentedPpm, pledged: 0 });
      expect(standbyNeedRoundedUp(rule, { rentedPpm: rentedPpm + more, pledged: 0 }) >= need).toBe(true);
      const over = need * 1_000_000n - rentedPpm - squareRootRoundedDown(rentedPpm * 1_000_000n);
      expect(over >= 0n && over < 1_000_001n).toBe(true);
    }),
  );
});

test('idle machines are paid up to the need, and not those that nobody needs', () => {
  expect(paidIdle(110n, { rented: 100, idle: 4900 })).toBe(10n);
  expect(paidIdle(110n, { rented: 100, idle: 3 })).toBe(3n);
  expect(paidIdle(110n, { rented: 120, idle: 5 })).toBe(0n);
});

const hour = { units: 1, idleSeconds: 3600, askMicrosPerHour: 300_000n };

test('two paid units among four idle: each waits for half of the pay', () => {
  const pay = rule.classes['rtx-4090']!.pay_micros_per_hour;
  expect(standbyOwed(rule, 'rtx-4090', 2n, [hour, hour, hour, hour])).toEqual([pay / 2n, pay / 2n, pay / 2n, pay / 2n]);
  expect(standbyOwed(rule, 'rtx-4090', 9n, [hour])).toEqual([pay]);
});

test('who asks too much waits for nothing, and the others are not paid more for a second than the class’s pay', () => {
  const greedy = { ...hour, askMicrosPerHour: 330_001n };
  const pay = rule.classes['rtx-4090']!.pay_micros_per_hour;
  expect(standbyOwed(rule, 'rtx-4090', 2n, [greedy, hour])).toEqual([0n, pay]);
  const dearest = { ...hour, askMicrosPerHour: 330_000n };
  expect(standbyOwed(rule, 'rtx-4090', 2n, [dearest, hour])).toEqual([pay, pay]);
  expect(standbyOwed(rule, 'of-nobody', 2n, [hour])).toEqual([0n]);
});

test('what is owed is never above the paid units’ worth', () => {
  const machine = fc.record({
    units: fc.integer({ min: 1, max: 8 }),
    idleSeconds: fc.integer({ min: 0, max: 3600 }),
    askMicrosPerHour: fc.bigInt(0n, 400_000n),
  });
  fc.assert(
    fc.property(fc.array(machine), fc.bigInt(0n, 100n), (machines, paid) => {
      const owed = standbyOwed(rule, 'rtx-4090', paid, machines).reduce((total, one) => total + one, 0n);
      expect(owed <= paid * rule.classes['rtx-4090']!.pay_micros_per_hour).toBe(true);
    }),
  );
});
