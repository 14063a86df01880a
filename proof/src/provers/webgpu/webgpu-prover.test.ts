import { describe, expect, test } from 'vitest';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { proveHere } from '../../program/prove-here.ts';
import { anyProver } from '../../testing/any-prover.ts';
import { webgpuProver } from './webgpu-prover.ts';

/** On the processor, through a software Vulkan driver: the same shaders and calls as on a GPU. */
describeNeeding(['vulkan'], 'the WebGPU prover', () => {
  describe.each([
    { what: 'with products of four bytes', packed: true },
    { what: 'without them', packed: false },
  ])('$what', ({ packed }) => {
    anyProver(() => Promise.resolve({ prover: webgpuProver({ software: true, packed }), deviceId: 'webgpu-0' }));
  });

  test('software is no device unless one says so', async () => {
    const all = await webgpuProver({ software: true }).devices();
    expect(all.map(({ name }) => name).join()).toMatch(/llvmpipe/);
    expect(await webgpuProver().devices()).toEqual([]);
    const work = { n: 256, slabs: 1, key: new Uint32Array(8) };
    await expect(webgpuProver().begin('webgpu-0', work)).rejects.toThrow('there is no WebGPU device');
  });

  test('a whole challenge is proved, over several buffers', async () => {
    const prover = webgpuProver({ software: true, chunkBytes: 2 * 256 * 256 });
    const [device] = await prover.devices();
    const progress = { say: () => undefined, clear: () => undefined };
    const chosen = { prover, device: device!, n: 256, memoryBytes: prover.memoryBytes(256, 5) };
    const { ended, parameters } = await proveHere(chosen, progress);
    expect({ outcome: ended.outcome, slabs: parameters.slabs }).toEqual({ outcome: 'proved', slabs: 5 });
  });
});
