import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import type { Prover, ProverDevice } from '../../prover.ts';
import { proveHere } from '../../program/prove-here.ts';
import { anyProver } from '../../testing/any-prover.ts';
import { cpuProver } from '../cpu/cpu-prover.ts';
import { cudaProver } from './cuda-prover.ts';
import type { CudaOptions } from './cuda-prover.ts';

/** The kernels as they are written for the card, on an emulated card behind the calls of the driver: `proof/cuda/emulator`. */
describeNeeding(['cc'], 'the CUDA prover on emulated cards', () => {
  let library = '';
  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), 'coop-cuda-'));
    library = join(directory, 'libcuda.so');
    const sources = ['fibers.cpp', 'warpgroup.cpp', 'driver.cpp'].map((file) =>
      join(import.meta.dirname, '../../../cuda/emulator', file),
    );
    const flags = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Wno-unknown-pragmas', '-Werror', '-shared', '-fPIC'];
    execFileSync('g++', [...flags, ...sources, '-o', library]);
  });
  afterAll(() => rmSync(join(library, '..'), { recursive: true }));

  const cards = [
    { id: 'GPU-00010203-0405-0607-0809-0a0b0c0d0e0f', name: 'Emulated 8.0', product: 'mma' },
    { id: 'GPU-10111213-1415-1617-1819-1a1b1c1d1e1f', name: 'Emulated 7.5', product: 'dp4a' },
    { id: 'GPU-20212223-2425-2627-2829-2a2b2c2d2e2f', name: 'Emulated 9.0', product: 'wgmma' },
  ] as const;
  const hopper = cards[2].id;
  const emulated = (options: CudaOptions = {}) => cudaProver({ library, testSide: 256, ...options });
  const memory = { totalBytes: 2 ** 30, freeBytes: 2 ** 30 };

  test('all cards are found by their UUIDs, with what is free', async () => {
    const found = await emulated().devices();
    expect(found).toMatchObject(cards.map(({ id, name }) => ({ id, name, ...memory })));
  });

  test('without a driver there is no device, and no error', async () => {
    expect(await cudaProver({ library: join(library, '..', 'none.so') }).devices()).toEqual([]);
  });

  describe.each(cards)('$name with its kernel $product', ({ id, product }) =>
    anyProver(() => Promise.resolve({ prover: emulated({ products: [product] }), deviceId: id })),
  );

  test('the kernel of Hopper passes the test of a real card, with more steps than stages and more tiles than a group', async () => {
    const release = await emulated({ products: ['wgmma'], testSide: 2048 }).prepare!(hopper);
    release();
  }, 240_000);

  describe('of which a kernel is in trouble', () => {
    const trouble = async (...[idle, crashing, refused]: readonly string[]): Promise<void> => {
      const { load } = await import('koffi');
      load(library).func('void emulate_trouble(str, str, str)')(idle, crashing, refused);
    };
    afterEach(() => trouble('', '', ''));
    const rootsOf = async (prover: Prover, deviceId: string): Promise<Uint8Array> => {
      const work = await prover.begin(deviceId, { n: 256, slabs: 2, key: new Uint32Array(8) });
      await work.close();
      return work.slabRoots;
    };

    test.each([
      ['that the driver refuses', ['', '', 'sm_90a'], 'refused cuModuleLoadData'],
      ['that leaves its result as it was', ['product sm_90a', '', ''], 'its kernels give other bytes than they should'],
      ['that brings down its context', ['', 'product sm_90a', ''], 'refused cuEventQuery'],
    ] as const)('instead of a kernel %s the next one makes the products, and somebody is told', async (_, how, why) => {
      await trouble(...how);
      const warnings: string[] = [];
      const prover = emulated({ warn: (text) => void warnings.push(text) });
      const roots = await Promise.all([rootsOf(prover, hopper), rootsOf(prover, hopper)]);
      const expected = await rootsOf(cpuProver({ threads: 1 }), 'cpu');
      expect(roots).toEqual([expected, expected]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`${hopper} does without its kernel wgmma: `);
      expect(warnings[0]).toContain(why);
      expect(await prover.devices()).toMatchObject([memory, memory, memory]);
    });

    test.each(['generate', 'row_nodes', 'join', 'digest', 'gather'])(
      'a card on which %s does nothing proves nothing, and does again once it works',
      async (kernel) => {
        await trouble(kernel, '', '');
        const prover = emulated({ products: ['wgmma', 'mma'] });
        const begun = rootsOf(prover, hopper);
        await expect(begun).rejects.toThrow(/no kernel for the product \(wgmma: .*other bytes.*; mma: .*other bytes/);
        expect(await prover.devices()).toMatchObject([memory, memory, memory]);
        await trouble('', '', '');
        expect(await rootsOf(prover, hopper)).toEqual(await rootsOf(cpuProver({ threads: 1 }), 'cpu'));
      },
    );
  });

  test('cards are filled at once, in several pieces, each with its own work, and are free again afterwards', async () => {
    const prover = emulated({ chunkBytes: 5 * 256 * 256 });
    const keys = [1, 2, 3].map((seed) => Uint32Array.from({ length: 8 }, (_, n) => 77 * n + seed));
    const work = await Promise.all(cards.map(({ id }, n) => prover.begin(id, { n: 256, slabs: 20, key: keys[n]! })));
    const passes = await Promise.all(work.map((filled, n) => filled.reside(keys[2 - n]!)));
    for (const [n, key] of keys.entries()) {
      const reference = await cpuProver({ threads: 1 }).begin('cpu', { n: 256, slabs: 20, key });
      expect(work[n]!.slabRoots).toEqual(reference.slabRoots);
      expect(passes[n]).toEqual(await reference.reside(keys[2 - n]!));
      await reference.close();
    }
    const [busy] = await prover.devices();
    expect(busy!.freeBytes).toBeLessThan(2 ** 30 - 20 * 256 * 256);
    for (const filled of work) await filled.close();
    expect(await prover.devices()).toMatchObject([memory, memory, memory]);
  });

  test.each(cards)('a whole challenge is proved by $name', async ({ id }) => {
    const prover = emulated();
    const device = (await prover.devices()).find((one) => one.id === id)!;
    const progress = { say: () => undefined, clear: () => undefined };
    const chosen = { prover, device, n: 256, memoryBytes: prover.memoryBytes(256, 5) };
    const { ended, parameters } = await proveHere(chosen, progress);
    expect({ outcome: ended.outcome, slabs: parameters.slabs }).toEqual({ outcome: 'proved', slabs: 5 });
    expect(await prover.devices()).toMatchObject([memory, memory, memory]);
  });

  test('a card that was prepared keeps its kernels until it is let go, and works as before', async () => {
    const prover = emulated();
    const key = new Uint32Array(8);
    const roots = async (): Promise<Uint8Array> => {
      const work = await prover.begin(cards[0].id, { n: 256, slabs: 1, key });
      await work.close();
      return work.slabRoots;
    };
    const before = await roots();
    const release = await prover.prepare!(cards[0].id.replace('GPU-', 'MIG-'));
    expect([await roots(), await roots()]).toEqual([before, before]);
    release();
    expect(await roots()).toEqual(before);
    await expect(prover.prepare!('GPU-none')).rejects.toThrow('no NVIDIA device');
  });

  test('what is said to be needed is what is taken, and a work that does not fit is refused and leaves nothing', async () => {
    const prover = emulated();
    const key = new Uint32Array(8);
    const work = await prover.begin(cards[0].id, { n: 256, slabs: 40, key });
    const [{ freeBytes }] = (await prover.devices()) as [ProverDevice];
    const said = prover.memoryBytes(256, 40);
    expect(said).toBeGreaterThanOrEqual(2 ** 30 - freeBytes);
    expect(said).toBeLessThanOrEqual(2 ** 30 - freeBytes + 2 ** 24);
    await work.close();
    await expect(prover.begin(cards[0].id, { n: 2048, slabs: 250, key })).rejects.toThrow('cuMemAlloc');
    expect(await prover.devices()).toMatchObject([memory, memory, memory]);
  });
});
