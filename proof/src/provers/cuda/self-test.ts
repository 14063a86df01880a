import { createHash } from 'node:crypto';
import type { Filled } from '../../prover.ts';
import { fillGpu } from '../gpu/filled.ts';
import type { Gpu } from '../gpu/gpu.ts';

/** Sides that a card can be tested with, each with the hash of all that a work of it gives. */
export const knownAnswers = {
  256: '3ddd1feab755d8a3ceecaa1994bd62c48f0bd95934d02e011ce1bb812586e87a',
  1024: '16a0baed07cfc11110067277fea5aa26f4eb393172e5d620978d480925d6c1c1',
  /** As many tiles as a large card works on at once. */
  2048: '7a165a4a8194e1373b1ff40e1cd9b9d747176f324bf576493ed461d97b9ed198',
} as const;
export type TestSide = keyof typeof knownAnswers;

/**
 * A small work, a pass and openings, with all kernels, held against what the processor gives. A kernel may be new to a card, a driver may
 * compile it wrongly, a card may be worn: none of them may give a proof that is wrong without anybody noticing.
 */
export async function selfTest<Memory>(gpu: Gpu<Memory>, n: TestSide): Promise<void> {
  const work = await fillGpu(gpu, testWork(n), {});
  try {
    if ((await answersOf(work, n)) !== knownAnswers[n])
      throw new Error('its kernels give other bytes than they should');
  } finally {
    await work.close();
  }
}

export const testWork = (n: TestSide) => ({ n, slabs: 2, key: keyFrom(1) });

/** Every part of the interface is asked for something. */
export async function answersOf(work: Filled, n: TestSide): Promise<string> {
  const roots = await work.reside(keyFrom(2));
  const { rows, leaves, digests } = await work.open({
    rows: [{ slab: 1, row: n - 1 }],
    leaves: [{ slab: 2, leaf: n - 2 }],
    digests: [{ pass: 0, slab: 2, row: n / 2 }],
  });
  const hash = createHash('sha256');
  for (const part of [work.slabRoots, roots, rows, leaves, digests]) hash.update(part);
  return hash.digest('hex');
}

const keyFrom = (seed: number): Uint32Array => Uint32Array.from({ length: 8 }, (_, n) => 77 * n + seed);
