import {
  licenceCost,
  licencePriceAfterRebates,
  licenceRefund,
  licenceSupply,
  type LicenceTier,
} from '@gpucoop/policy/licence.ts';

/** Inputs and results of the functions that LicenseSale.sol mirrors, for the Solidity tests to compare. */

const ETHER = 10n ** 18n;

/** The first five prices of Aethir's sale of 2024, with its caps; counts were never published and are small here. */
const aethir: LicenceTier[] = [
  { count: 5, price: (1259n * ETHER) / 10_000n, cap_per_address: 5 },
  { count: 10, price: (1448n * ETHER) / 10_000n, cap_per_address: 10 },
  { count: 15, price: (1665n * ETHER) / 10_000n, cap_per_address: 15 },
  { count: 3, price: (1915n * ETHER) / 10_000n, cap_per_address: 30 },
  { count: 7, price: (2202n * ETHER) / 10_000n, cap_per_address: 50 },
];
/** Prices at which every share is mostly rounding. */
const tiny: LicenceTier[] = [1n, 2n, 3n, 7n, 11n].map((price) => ({ count: 3, price, cap_per_address: 0 }));
const largest: LicenceTier[] = [{ count: 1, price: 2n ** 128n - 1n, cap_per_address: 0 }];

const sales = [
  { tiers: aethir, terms: { discount_ppm: 0, commission_ppm: 0 }, fee_ppm: 0 },
  { tiers: aethir, terms: { discount_ppm: 50_000, commission_ppm: 150_000 }, fee_ppm: 30_000 },
  { tiers: tiny, terms: { discount_ppm: 142_857, commission_ppm: 333_333 }, fee_ppm: 100_000 },
  { tiers: largest, terms: { discount_ppm: 249_999, commission_ppm: 250_001 }, fee_ppm: 99_999 },
];

/** Written to test/vectors/licence.json: each sale sold out, one after the other and in purchases over the borders. Numbers are texts. */
export function licenceVectors(): unknown {
  return {
    sales: sales.map(({ tiers, terms, fee_ppm }) => {
      const ids = Array.from({ length: licenceSupply(tiers) }, (_, id) => id);
      const each = ids.map((id) => licenceCost(tiers, { sold: id, count: 1, terms }));
      const counts = ids.map((id) => Math.min(1 + ((id * 7) % 13), ids.length - id));
      return {
        count: tiers.map(({ count }) => String(count)),
        price: tiers.map(({ price }) => String(price)),
        discount_ppm: String(terms.discount_ppm),
        commission_ppm: String(terms.commission_ppm),
        fee_ppm: String(fee_ppm),
        cost: each.map(({ cost }) => String(cost)),
        commission: each.map(({ commission }) => String(commission)),
        refund: each.map(({ cost }) => String(licenceRefund(cost, fee_ppm))),
        least: ids.map((id) => {
          const { cost: price } = licenceCost(tiers, { sold: id, count: 1 });
          return String(licencePriceAfterRebates(price, terms));
        }),
        counts: counts.map(String),
        cost_of_counts: counts.map((count, sold) => String(licenceCost(tiers, { sold, count, terms }).cost)),
      };
    }),
  };
}
