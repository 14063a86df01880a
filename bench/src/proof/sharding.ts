import { classTable, neededPercent } from '@gpucoop/proof/class-table.ts';
import type { Bench } from '../bench.ts';

/**
 * Several cards that pose as one better card: each keeps all of B and a part of the rows, and after every product each sends every other
 * its part of the transposed result. Computed from data sheets, cards at 60 % of their arithmetic; nothing overlaps, for a product needs all of the one before.
 */
export const proofSharding: Bench = {
  name: 'proof-sharding',
  what: 'simulated: several cards as one, the arithmetic they prove as a part of what the class needs; under 100 % they are refused',
  run() {
    const rows = groups.flatMap(({ cards, slug, claimed }) =>
      sides.map((n) => ({
        cards: `${cards} × ${slug}`,
        'pose as': claimed,
        n: String(n),
        ...Object.fromEntries(
          links.map(({ name, bytesPerSecond, latencySeconds }) => {
            const proven = operationsPerSecond(slug, cards, n, bytesPerSecond, latencySeconds);
            return [name, `${Math.round((100 * proven) / neededOperations(claimed))} %`];
          }),
        ),
      })),
    );
    return Promise.resolve({ rows, json: {} });
  },
};

const groups = [
  { cards: 2, slug: 'rtx-3090', claimed: 'l40s' },
  { cards: 4, slug: 'rtx-4090', claimed: 'h100-sxm-80gb' },
  { cards: 8, slug: 'rtx-4090', claimed: 'h200-sxm-141gb' },
  { cards: 2, slug: 'h100-sxm-80gb', claimed: 'h200-sxm-141gb' },
];
const sides = [4096, 16_384];
/** For each card in each direction. */
const links = [
  { name: 'NVLink', bytesPerSecond: 450e9, latencySeconds: 5e-6 },
  { name: 'PCIe through the host', bytesPerSecond: 25e9, latencySeconds: 10e-6 },
  { name: '100 Gb Ethernet', bytesPerSecond: 12.5e9, latencySeconds: 10e-6 },
  { name: '10 Gb Ethernet', bytesPerSecond: 1.25e9, latencySeconds: 50e-6 },
];

function operationsPerSecond(
  slug: string,
  cards: number,
  n: number,
  bytesPerSecond: number,
  latencySeconds: number,
): number {
  const operations = 2 * n ** 3;
  const computing = operations / (cards * tops(slug) * 0.6);
  const sending = (n * n * (cards - 1)) / cards ** 2 / bytesPerSecond + latencySeconds;
  return (operations / (computing + sending)) * (125 / 128);
}

const neededOperations = (slug: string): number => (tops(slug) * Number(neededPercent.arithmetic)) / 100;
const tops = (slug: string): number => classTable.find((row) => row.slug === slug)!.int8Tops * 1e12;
