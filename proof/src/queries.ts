import { labelled, le32 } from './keys.ts';
import type { Parameters } from './parameters.ts';
import { passCount } from './parameters.ts';

/** What is opened. `round` t: row i of X_t and the columns of B, which meet in X_{t+1}[j][i]; round 0 reads X_0, which nobody keeps. */
export type WorkSample = { round: number; row: number; columns: readonly number[] };
/** `pass` counts over all exchanges from 0, `slab` from 1. */
export type ResidencySample = { pass: number; slab: number; row: number };
export type Queries = { work: readonly WorkSample[]; residency: readonly ResidencySample[] };

/** The samples that follow from a transcript that ends with the query message. */
export function expandQueries(transcript: Uint8Array, parameters: Parameters): Queries {
  const { n, slabs, rows, columns, residencySamples } = parameters;
  const below = uniformFrom(words(transcript));
  const work = Array.from({ length: rows }, () => ({
    round: below(slabs),
    row: below(n),
    columns: Array.from({ length: columns }, () => below(n)),
  }));
  const residency = Array.from({ length: residencySamples }, () => ({
    pass: below(passCount(parameters)),
    slab: below(slabs) + 1,
    row: below(n),
  }));
  return { work, residency };
}

/** Draws above the largest multiple of the bound are dropped, so that no value is likelier than another. */
function uniformFrom(source: Generator<number, never>): (bound: number) => number {
  return (bound) => {
    const limit = Math.floor(2 ** 32 / bound) * bound;
    for (;;) {
      const word = source.next().value;
      if (word < limit) return word % bound;
    }
  };
}

/** SHA-256(label, transcript, 0), (…, 1) and so on, each eight words, little-endian. */
function* words(transcript: Uint8Array): Generator<number, never> {
  for (let counter = 0; ; counter++) {
    const block = labelled('query', transcript, le32(counter));
    const view = new DataView(block.buffer, block.byteOffset);
    for (let at = 0; at < 32; at += 4) yield view.getUint32(at, true);
  }
}
