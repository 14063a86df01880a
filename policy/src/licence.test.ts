import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  licenceCost,
  licencePriceAfterRebates,
  licenceRefund,
  licenceSupply,
  tierOf,
  type LicenceTier,
} from './licence.ts';

const tiers = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 50 }),
    price: fc.bigInt(1n, 10n ** 24n),
    cap_per_address: fc.constant(0),
  }),
  { minLength: 1, maxLength: 8 },
);
const terms = fc.record({
  discount_ppm: fc.integer({ min: 0, max: 250_000 }),
  commission_ppm: fc.integer({ min: 0, max: 250_000 }),
});
/** A sale, and three points of it in order. */
const spans = tiers.chain((of) =>
  fc.record({
    of: fc.constant(of),
    at: fc
      .array(fc.integer({ min: 0, max: licenceSupply(of) }), { minLength: 3, maxLength: 3 })
      .map((at) => at.toSorted((a, b) => a - b)),
    terms,
  }),
);

test('buying in two steps costs what buying at once does', () => {
  fc.assert(
    fc.property(spans, ({ of, at: [from, middle, end], terms }) => {
      const buy = (sold: number, until: number) => licenceCost(of, { sold, count: until - sold, terms });
      const [first, second, both] = [buy(from!, middle!), buy(middle!, end!), buy(from!, end!)];
      expect(first.cost + second.cost).toBe(both.cost);
      expect(first.commission + second.commission).toBe(both.commission);
    }),
  );
});

test('no licence is free, whoever refers himself: half its price is left at least', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 30n), terms, (price, of) => {
      expect(licencePriceAfterRebates(price, of) * 2n).toBeGreaterThanOrEqual(price);
    }),
  );
});

test('what all refunds pay is no more than what was paid', () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: 0, max: 100_000 }), ({ of, at: [from, , end], terms }, fee_ppm) => {
      const { cost } = licenceCost(of, { sold: from!, count: end! - from!, terms });
      let back = 0n;
      for (let id = from!; id < end!; id += 1)
        back += licenceRefund(licenceCost(of, { sold: id, count: 1, terms }).cost, fee_ppm);
      expect(back).toBeLessThanOrEqual(cost);
      expect(fee_ppm > 0 || back === cost).toBe(true);
    }),
  );
});

const two: LicenceTier[] = [
  { count: 2, price: 100n, cap_per_address: 5 },
  { count: 3, price: 115n, cap_per_address: 0 },
];

test('a purchase over the border pays each tier its price', () => {
  expect(licenceCost(two, { sold: 1, count: 3 })).toEqual({ cost: 100n + 2n * 115n, commission: 0n });
  expect(licenceCost(two, { sold: 2, count: 0 })).toEqual({ cost: 0n, commission: 0n });
});

test('discount and commission are rounded down for each licence, not for all', () => {
  // 115 less 11 is 104, of which a quarter is 26; 100 less 10 is 90, of which it is 22.
  const terms = { discount_ppm: 100_000, commission_ppm: 250_000 };
  expect(licenceCost(two, { sold: 1, count: 3, terms })).toEqual({ cost: 298n, commission: 74n });
});

test('an id belongs to its tier, and past the last there is none', () => {
  expect([0, 1, 2, 4].map((id) => tierOf(two, id).tier)).toEqual([0, 0, 1, 1]);
  expect(() => tierOf(two, 5)).toThrow('there is no licence 5 among 5');
  expect(() => tierOf(two, -1)).toThrow(RangeError);
  expect(() => licenceCost(two, { sold: 4, count: 2 })).toThrow(RangeError);
});
