import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paidOf, usdTargetedRelease } from './reward-usd.ts';

const IO = 10n ** 18n;
const token = { priceMicros: 200_000n, decimals: 18 };
const amount = fc.bigInt(0n, 10n ** 30n);

test('dollars are paid from the reward vault first, then from fees; half of what is left of the fees is burnt', () => {
  const owed = 1_000_000n * 1_000_000n; // a million dollars, five million tokens
  expect(usdTargetedRelease(owed, token, { rewards: 9_000_000n * IO, fees: 1_000_000n * IO }, 500_000)).toMatchObject({
    owed: 5_000_000n * IO,
    fromRewards: 5_000_000n * IO,
    fromFees: 0n,
    short: 0n,
    burnt: 500_000n * IO,
    kept: 500_000n * IO,
    sustainabilityPpm: 200_000n,
  });
  expect(usdTargetedRelease(owed, token, { rewards: 4_000_000n * IO, fees: 3_000_000n * IO }, 500_000)).toMatchObject({
    fromRewards: 4_000_000n * IO,
    fromFees: 1_000_000n * IO,
    short: 0n,
    burnt: 1_000_000n * IO,
  });
});

test('what falls short is missing for all alike, and nothing is burnt meanwhile', () => {
  const release = usdTargetedRelease(1_000_000n, token, { rewards: IO, fees: IO }, 500_000);
  expect(release).toMatchObject({ owed: 5n * IO, short: 3n * IO, burnt: 0n, kept: 0n });
  expect(paidOf(release, [750_000n, 250_000n])).toEqual([(3n * IO) / 2n, IO / 2n]);
});

test('a falling token releases more of it, and never more dollars’ worth', () => {
  fc.assert(
    fc.property(
      amount,
      fc.bigInt(1n, 10n ** 12n),
      amount,
      amount,
      fc.integer({ min: 0, max: 1_000_000 }),
      (owed, price, rewards, fees, ppm) => {
        const release = usdTargetedRelease(owed, { priceMicros: price, decimals: 18 }, { rewards, fees }, ppm);
        expect(release.fromRewards + release.fromFees + release.short).toBe(release.owed);
        expect(release.fromFees + release.burnt + release.kept).toBe(fees);
        expect(release.fromRewards <= rewards).toBe(true);
        // Rounded up by less than one unit of the token.
        expect(release.owed * price - owed * IO < price && release.owed * price >= owed * IO).toBe(true);
        if (release.short > 0n) expect(release.burnt).toBe(0n);
      },
    ),
  );
});

test('nothing owed, and a token without a price', () => {
  expect(usdTargetedRelease(0n, token, { rewards: 1n, fees: 10n }, 500_000)).toMatchObject({
    owed: 0n,
    burnt: 5n,
    sustainabilityPpm: undefined,
  });
  for (const priceMicros of [0n, -1n]) {
    expect(() => usdTargetedRelease(1n, { priceMicros, decimals: 18 }, { rewards: 1n, fees: 1n }, 0)).toThrow(
      'a token without a price pays nobody',
    );
  }
});
