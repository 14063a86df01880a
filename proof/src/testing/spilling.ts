import { boundsOf } from '../bounds.ts';
import { classTable } from '../class-table.ts';
import type { ClassRow } from '../class-table.ts';
import { supportFor } from '../classes.ts';
import type { ClassSupport } from '../classes.ts';
import { residentBytes, usualSamples } from '../parameters.ts';

/**
 * A simulated clock for a card that keeps only a part of the slabs: the rest comes in each pass over PCIe or is computed again, while the
 * card reads what it has. Times follow from data sheets, so they flatter the attacker: nothing waits for anything.
 */
export type Cheater = {
  missing: number;
  hostBytesPerSecond: number;
  recomputes: boolean;
  /** Challenges answered at once, each told that the card is its own. */
  challenges?: number;
};

/** PCIe 5.0 with 16 lanes, which few of these cards have. */
export const PCIE_BYTES_PER_SECOND = 55e9;
/** Simple kernels read at this part of the data sheet. */
const READ = 0.85;
const FILLED = 0.92;
const n = 4096;

export function supportOfCheater(
  row: ClassRow,
  { missing, hostBytesPerSecond, recomputes, challenges = 1 }: Cheater,
): ClassSupport {
  const parameters = { n, slabs: Math.floor((FILLED * row.memoryGib * 2 ** 30) / n ** 2), ...usualSamples };
  const bytes = residentBytes(parameters);
  const ownSeconds = ((1 - missing) * bytes) / (row.gigabytesPerSecond * 1e9 * READ);
  // A byte of a slab costs 2n operations; what the card then reads of it is not even counted.
  const madeBytesPerSecond = recomputes ? (row.int8Tops * 1e12 * 0.6) / (2 * n) : 0;
  const fetchedSeconds = (missing * bytes) / (hostBytesPerSecond + madeBytesPerSecond);
  const passSeconds = challenges * Math.max(ownSeconds, fetchedSeconds);
  const micros = BigInt(Math.round(passSeconds * parameters.passes * 1e6));
  return supportFor(
    row.slug,
    boundsOf(parameters, {
      commitMicros: BigInt(Math.round((challenges * 2 * n * bytes * 1e6) / (row.int8Tops * 1e12 * 0.6))),
      exchangeMicros: [micros, micros, micros],
      allowanceMicros: 0n,
    }),
  )!;
}

/** In whole percent of the memory. */
export function smallestSeenPercent(row: ClassRow, cheater: Omit<Cheater, 'missing'>): number {
  const percents = Array.from({ length: 100 }, (_, percent) => percent);
  return percents.find((percent) => !supportOfCheater(row, { ...cheater, missing: percent / 100 }).bandwidth) ?? 100;
}

export const spillingTable = (): { slug: string; fetched: number; recomputed: number }[] =>
  classTable.map((row) => ({
    slug: row.slug,
    fetched: smallestSeenPercent(row, { hostBytesPerSecond: PCIE_BYTES_PER_SECOND, recomputes: false }),
    recomputed: smallestSeenPercent(row, { hostBytesPerSecond: PCIE_BYTES_PER_SECOND, recomputes: true }),
  }));
