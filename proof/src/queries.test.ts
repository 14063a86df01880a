import { expect, test } from 'vitest';
import { usualSamples } from './parameters.ts';
import { expandQueries } from './queries.ts';
import { hash } from './testing/plain-work.ts';

/** A bound for which one word in 4500 is above the largest multiple. */
const parameters = { ...usualSamples, n: 4096, slabs: 1_000_003, rows: 1024, columns: 1, residencySamples: 1 };

test('draws above the largest multiple of a bound are dropped', () => {
  let dropped = 0;
  for (let n = 0; n < 20; n++) {
    const transcript = hash('transcript', String(n));
    const words = plainWords(transcript);
    const plain = Array.from({ length: parameters.rows }, () => {
      const below = (bound: bigint): number => {
        for (;;) {
          const word = words.next().value;
          if (word / bound < 2n ** 32n / bound) return Number(word % bound);
          dropped += 1;
        }
      };
      return { round: below(1_000_003n), row: below(4096n), columns: [below(4096n)] };
    });
    expect(expandQueries(transcript, parameters).work).toEqual(plain);
  }
  expect(dropped).toBeGreaterThan(0);
});

test('every query lies within the work', () => {
  const small = { ...usualSamples, n: 256, slabs: 3 };
  for (let n = 0; n < 50; n++) {
    const { work, residency } = expandQueries(hash(String(n)), small);
    expect(work).toHaveLength(small.rows);
    expect(residency).toHaveLength(small.residencySamples);
    for (const { round, row, columns } of work) {
      expect(round).toBeLessThan(3);
      expect(Math.max(row, ...columns)).toBeLessThan(256);
    }
    for (const { pass, slab, row } of residency) {
      expect(pass).toBeLessThan(12);
      expect(slab).toBeGreaterThan(0);
      expect(slab).toBeLessThan(4);
      expect(row).toBeLessThan(256);
    }
  }
});

function* plainWords(transcript: Uint8Array): Generator<bigint, never> {
  for (let counter = 0; ; counter++) {
    const block = Buffer.from(hash('gpu-proof/v2/query', transcript, new Uint8Array([counter, counter >> 8, 0, 0])));
    for (let at = 0; at < 32; at += 4) yield BigInt(block.readUInt32LE(at));
  }
}
