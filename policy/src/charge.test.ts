import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chargeRoundedDown, feeRoundedDown, holdRoundedUp, networkFeeRoundedDown, secondsCovered } from './charge.ts';

const price = fc.bigInt(0n, 10n ** 12n);
const seconds = fc.bigInt(0n, 10n ** 8n);
const amount = fc.bigInt(0n, 10n ** 15n);
const ppm = fc.integer({ min: 0, max: 1_000_000 });

test('a charge is the price of the seconds served, less than one micro below the exact sum and never above it', () => {
  expect(chargeRoundedDown(3_600_000n, 1n)).toBe(1000n);
  expect([3599n, 3600n, 7199n].map((served) => chargeRoundedDown(1n, served))).toEqual([0n, 1n, 1n]);
  fc.assert(
    fc.property(price, seconds, (perHour, served) => {
      const short = perHour * served - chargeRoundedDown(perHour, served) * 3600n;
      expect(short >= 0n && short < 3600n).toBe(true);
    }),
  );
});

test('nothing served and nothing asked cost nothing; less than nothing is refused', () => {
  expect([chargeRoundedDown(0n, 9n), chargeRoundedDown(9n, 0n)]).toEqual([0n, 0n]);
  expect(() => chargeRoundedDown(-1n, 1n)).toThrow('not negative');
  expect(() => chargeRoundedDown(1n, -1n)).toThrow('not negative');
});

test('a hold covers the charge of its seconds, by less than one micro more than the exact sum', () => {
  fc.assert(
    fc.property(price, seconds, (perHour, held) => {
      const over = holdRoundedUp(perHour, held) * 3600n - perHour * held;
      expect(over >= 0n && over < 3600n).toBe(true);
      expect(holdRoundedUp(perHour, held) >= chargeRoundedDown(perHour, held)).toBe(true);
    }),
  );
});

test('an amount covers the seconds whose charge it pays, and not one more', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 12n), amount, (perHour, paid) => {
      const covered = secondsCovered(perHour, paid)!;
      expect(chargeRoundedDown(perHour, covered) <= paid).toBe(true);
      expect(chargeRoundedDown(perHour, covered + 1n) > paid).toBe(true);
    }),
  );
});

test('what is free has no end', () => {
  expect(secondsCovered(0n, 0n)).toBeUndefined();
});

test('the network keeps the fee on top and the fee of what was asked, each rounded down', () => {
  // $1.00 asked, 2 % on top: the gross is $1.02, and of the dollar 5 % is kept.
  expect(networkFeeRoundedDown(1_020_000n, { provider_ppm: 50_000, renter_ppm: 20_000 })).toBe(20_000n + 50_000n);
  expect(networkFeeRoundedDown(1_000_000n, { provider_ppm: 50_000, renter_ppm: 0 })).toBe(50_000n);
  expect(networkFeeRoundedDown(19n, { provider_ppm: 50_000, renter_ppm: 0 })).toBe(0n);
  expect(feeRoundedDown(20n, 50_000)).toBe(1n);
});

test('the fee rises with the gross, as does what is left for the provider, and never exceeds it', () => {
  fc.assert(
    fc.property(amount, amount, ppm, ppm, (gross, more, provider_ppm, renter_ppm) => {
      const fees = { provider_ppm, renter_ppm };
      const [before, after] = [networkFeeRoundedDown(gross, fees), networkFeeRoundedDown(gross + more, fees)];
      expect(before >= 0n && before <= gross).toBe(true);
      expect(after >= before && after - before <= more).toBe(true);
    }),
  );
});
