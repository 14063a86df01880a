import type { Prover } from '../../prover.ts';
import { fillGpu, gpuMemoryBytes } from '../gpu/filled.ts';
import { findAdapters } from './adapters.ts';
import { openWebGpu } from './webgpu-gpu.ts';

export type WebGpuOptions = {
  /** Also the processor behind a Vulkan driver, as tests have it. It proves nothing that the CPU prover would not prove better. */
  software?: boolean;
  /** The most that one buffer holds: what every device can bind. It bounds n to 8192. */
  chunkBytes?: number;
  /** Whether to use products of four bytes where the device has them. */
  packed?: boolean;
};

/** Any GPU that Vulkan, Metal or Direct3D 12 reaches. It has no tensor cores: it shows memory and bandwidth, and little arithmetic. */
export function webgpuProver({ software = false, chunkBytes = 2 ** 27, packed = true }: WebGpuOptions = {}): Prover {
  const find = async () => (await findAdapters()).filter((found) => software || !found.software);
  return {
    kind: 'webgpu',
    devices: async () => (await find()).map(({ device }) => device),
    memoryBytes: (n, slabs) => gpuMemoryBytes(n, slabs, chunkBytes),
    begin: async (deviceId, work, options = {}) => {
      const found = (await find()).find(({ device }) => device.id === deviceId);
      if (found === undefined) throw new Error(`there is no WebGPU device ${deviceId}`);
      const opened = await openWebGpu(found.adapter, packed && found.packed, chunkBytes);
      return fillGpu(opened, work, options);
    },
  };
}
