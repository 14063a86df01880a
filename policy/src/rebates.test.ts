import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aethir } from './presets/aethir.ts';
import { priceAfterRebates } from './rebates.ts';

test('a licence of the first tier leaves 0.10072 ETH after everything that may be given back', () => {
  const price = aethir.policy.licences!.tiers[0]!.price;
  expect(priceAfterRebates(price, aethir.policy.licences!.codes)).toBe((price * 8n) / 10n);
});

test('it is the price less its parts, below zero only where these are more than the whole, and never rounded up', () => {
  const ppm = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 24n), ppm, ppm, ppm, (price, discount_ppm, rebate_ppm, commission_max_ppm) => {
      const left = priceAfterRebates(price, { discount_ppm, rebate_ppm, commission_max_ppm });
      const exact = price * BigInt(1_000_000 - discount_ppm) * BigInt(1_000_000 - rebate_ppm - commission_max_ppm);
      expect(left * 10n ** 12n - exact <= 2n * 10n ** 12n && exact - left * 10n ** 12n < 3n * 10n ** 12n).toBe(true);
    }),
  );
});
