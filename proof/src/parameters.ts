/** The size of a challenge. Every length and every cost follows from these numbers alone. */
export type Parameters = {
  /** Side of the matrices: a power of two. */
  n: number;
  /** T: rounds, and slabs of n² bytes that are kept. */
  slabs: number;
  /** Times that a nonce is sent and answered. */
  exchanges: number;
  /** Residency passes in one exchange. */
  passes: number;
  /** q: input rows that are opened. */
  rows: number;
  /** m: entries of each that are recomputed. */
  columns: number;
  /** q_R: rows opened with their digest leaves. */
  residencySamples: number;
};

/** The largest values: they bound what a verifier allocates, and keep all sums within 32 bits. */
export const parameterRanges = {
  n: [256, 65_536],
  slabs: [1, 2 ** 20],
  exchanges: [1, 64],
  passes: [1, 64],
  rows: [1, 1024],
  columns: [1, 16],
  residencySamples: [1, 1024],
} as const satisfies Record<keyof Parameters, readonly [number, number]>;

export const parameterNames = Object.keys(parameterRanges) as (keyof Parameters)[];

/** What is wrong with these parameters, as a sentence; undefined when nothing is. */
export function parameterFault(parameters: Parameters): string | undefined {
  for (const name of parameterNames) {
    const [least, most] = parameterRanges[name];
    const value = parameters[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      return `${name} must be a whole number from ${least} to ${most}, not ${value}`;
    }
  }
  return Number.isInteger(Math.log2(parameters.n)) ? undefined : `n must be a power of two, not ${parameters.n}`;
}

/** What is open about a challenge by default: skipping 5 % of the work passes one time in 700. docs/internals/proof.md, section 9. */
export const usualSamples = { exchanges: 3, passes: 4, rows: 128, columns: 2, residencySamples: 64 } as const;

export const residentBytes = ({ n, slabs }: Parameters): number => n * n * slabs;
/** A multiplication and an addition each count as one. */
export const workOperations = ({ n, slabs }: Parameters): bigint => 2n * BigInt(n) ** 3n * BigInt(slabs);
export const passCount = ({ exchanges, passes }: Parameters): number => exchanges * passes;

/** Levels of the trees: over the rows of a slab, over its leaves of 256 bytes, over all slabs. */
export const rowLevels = ({ n }: { n: number }): number => Math.log2(n);
export const leafLevels = ({ n }: { n: number }): number => 2 * Math.log2(n) - 8;
export const slabLevels = ({ slabs }: { slabs: number }): number => Math.ceil(Math.log2(slabs));

export const LEAF_BYTES = 256;
export const HASH_BYTES = 32;
