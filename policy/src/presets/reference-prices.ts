import type { Source } from '../sources.ts';

/**
 * What an hour of one device is about worth on the open market, in millionths of a dollar. Networks set their own; these are where
 * a new one starts, and what fills in the tables that the other networks never published.
 */
export const referencePrices: Readonly<Record<string, bigint>> = {
  'b200-sxm-180gb': 4_990_000n,
  'h200-sxm-141gb': 2_800_000n,
  'h100-sxm-80gb': 2_190_000n,
  'h100-pcie-80gb': 1_990_000n,
  'a100-sxm-80gb': 1_200_000n,
  'a100-pcie-80gb': 1_100_000n,
  'a100-pcie-40gb': 800_000n,
  l40s: 800_000n,
  'rtx-6000-ada': 700_000n,
  'rtx-a6000': 450_000n,
  l4: 300_000n,
  'rtx-5090': 500_000n,
  'rtx-4090': 300_000n,
  'rtx-4080': 200_000n,
  'rtx-4070-ti': 150_000n,
  'rtx-3090': 200_000n,
  'rtx-3080-10gb': 120_000n,
  'rtx-3070': 90_000n,
  'rtx-3060-12gb': 80_000n,
  'v100-sxm-16gb': 150_000n,
  t4: 120_000n,
};

export const referencePriceSource: Source = {
  kind: 'assumed',
  text:
    'about what the open market asks: $0.30 for a 4090 and $4.99 for a B200 stand in io.net’s VM examples (io.net/docs, 2026), ' +
    '"from $2.19" for an H100 SXM in a comparison of 21 September 2026; the others are set between them by memory and speed',
  date: '2026-09',
};

/** The same table with another value for each class. */
export function byClass<Value>(value: (priceMicros: bigint, slug: string) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(referencePrices).map(([slug, price]) => [slug, value(price, slug)]));
}
