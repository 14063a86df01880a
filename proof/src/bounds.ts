import { residentBytes, workOperations } from './parameters.ts';
import type { Parameters } from './parameters.ts';

/** The verifier's own times, in microseconds: from sending the challenge to the commitment, and from each nonce to its roots. */
export type Times = {
  commitMicros: bigint;
  exchangeMicros: readonly bigint[];
  /** What may be taken off each for the way there and back; the least that was seen, and never more than the verifier allows. */
  allowanceMicros: bigint;
};

/** What the machine has at least, with 95 % confidence. */
export type Bounds = {
  /** Multiplications and additions of int8, each counted. */
  operationsPerSecond: bigint;
  residentBytes: bigint;
  bytesPerSecond: bigint;
};

/**
 * A share 3/q may be missing without being seen one time in twenty: (1 - 3/q)^q < e^-3 < 0.05. So that much is taken off. Of several
 * exchanges the middle one counts, of an even number the slower of the two: one lucky exchange proves nothing, one hiccup costs nothing.
 */
export function boundsOf(parameters: Parameters, { commitMicros, exchangeMicros, allowanceMicros }: Times): Bounds {
  const { rows, residencySamples, passes } = parameters;
  const without = (micros: bigint): bigint => micros - least(allowanceMicros, micros / 2n);
  const middle = exchangeMicros.toSorted((a, b) => Number(a - b))[exchangeMicros.length >> 1]!;
  const bytes = seen(BigInt(residentBytes(parameters)), residencySamples);
  return {
    operationsPerSecond: perSecond(seen(workOperations(parameters), rows), without(commitMicros)),
    residentBytes: bytes,
    bytesPerSecond: perSecond(bytes * BigInt(passes), without(middle)),
  };
}

function seen(amount: bigint, samples: number): bigint {
  return samples <= 3 ? 0n : (amount * BigInt(samples - 3)) / BigInt(samples);
}

function perSecond(amount: bigint, micros: bigint): bigint {
  return (amount * 1_000_000n) / (micros > 0n ? micros : 1n);
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
