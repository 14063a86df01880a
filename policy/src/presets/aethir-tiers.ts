import { parseUnits } from '../decimal.ts';

const TIERS = 53;
const LAST_PRICE = parseUnits('1.8232', 18);
const FIRST_PRICE = parseUnits('0.1259', 18);
const CAPS = [5, 10, 15, 30, 50, 100, 200, 200, 200, 200, ...Array.from({ length: 8 }, () => 500)]; // the first 18; then none
const COUNTS = { capped: 2300, open: 900, all: 100_000 };

/**
 * 53 tiers in wei. Published are the prices of the first five (× 1.15 a tier, read in buyers' programs), the caps, and 100,000 in all;
 * prices and quantities after that are filled in so that they fit what else is known (`aethirTierSource`).
 */
export const aethirTiers = prices().map((price, tier) => ({
  price,
  count: countOf(tier),
  cap_per_address: CAPS[tier] ?? 0,
}));

export const aethirTierSource =
  'not published beyond the fifth tier. The highest price reported, 1.8232 ETH, is taken for the last: 100,000 licences for 15 % of supply ' +
  'at that price, with ETH at about $3,970 (the sale’s snapshot of 14 March 2024), give the reported $4.8 B; between, one ratio a tier, ' +
  '1.045. 2,300 in each of the 18 capped tiers, 900 in each of the next 34, 28,000 in the last: then 60,000 bring 23,146 ETH ($92 M ' +
  'reported), 66,000 bring 30,061 (30,000 reported), 73,000 bring 41,151 (41,000 reported)';

function countOf(tier: number): number {
  if (tier < CAPS.length) return COUNTS.capped;
  if (tier < TIERS - 1) return COUNTS.open;
  return COUNTS.all - CAPS.length * COUNTS.capped - (TIERS - 1 - CAPS.length) * COUNTS.open;
}

/** × 1.15 four times, then in 48 equal ratios to the last price; each rounded to a ten-thousandth as the first ones are. */
function prices(): bigint[] {
  const first = [1259n, 1448n, 1665n, 1915n, 2202n].map((price) => (price * FIRST_PRICE) / 1259n);
  const step = 10n ** 14n;
  const steps = BigInt(TIERS - first.length);
  const rest = Array.from({ length: TIERS - first.length }, (_, n) => {
    // The largest p with (p / p₅)⁴⁸ ≤ (p₅₃ / p₅)ⁿ⁺¹, found exactly: floats would give another table on another machine.
    const target = LAST_PRICE ** BigInt(n + 1) * first.at(-1)! ** (steps - BigInt(n + 1));
    return largest((units) => (units * step) ** steps <= target) * step;
  });
  return [...first, ...rest];
}

function largest(fits: (value: bigint) => boolean): bigint {
  let low = 0n;
  let high = 1n;
  while (fits(high)) high *= 2n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
