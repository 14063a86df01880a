import { describe, expect, test } from 'vitest';
import { anyProver } from '../../testing/any-prover.ts';
import { cpuProver } from './cpu-prover.ts';

describe.each([1, 2, 3])('the CPU prover with %i threads', (threads) => {
  anyProver(() => Promise.resolve({ prover: cpuProver({ threads }), deviceId: 'cpu' }));
});

describe('the CPU prover whose slabs lie in several memories', () => {
  // Two slabs of 256 or one of 512 in each.
  anyProver(() => Promise.resolve({ prover: cpuProver({ threads: 2, bankBytesMost: 200_000 }), deviceId: 'cpu' }));
});

test('the processor is one device, with the memory that is free', async () => {
  const [device, ...others] = await cpuProver().devices();
  expect(others).toEqual([]);
  expect(device!.freeBytes).toBeGreaterThan(0);
  expect(device!.freeBytes).toBeLessThanOrEqual(device!.totalBytes);
});

test('a pass is refused once the work is closed', async () => {
  const key = new Uint32Array(8);
  const work = await cpuProver({ threads: 1 }).begin('cpu', { n: 256, slabs: 1, key });
  await work.close();
  await work.close();
  await expect(work.reside(key)).rejects.toThrow('closed');
});

test('what a work takes is said beforehand, and grows by a slab and its tree', () => {
  const prover = cpuProver({ threads: 2 });
  const slab = prover.memoryBytes(1024, 101) - prover.memoryBytes(1024, 100);
  expect(slab).toBeGreaterThan(1024 * 1024);
  expect(slab).toBeLessThan(1024 * 1024 * 1.07);
});
