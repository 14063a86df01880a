import type { Prover } from '../../prover.ts';
import { fillGpu, gpuMemoryBytes } from '../gpu/filled.ts';
import { openCudaGpu } from './cuda-gpu.ts';
import { cudaDevices } from './devices.ts';
import type { Driver } from './driver.ts';
import { openDriver } from './driver.ts';

export type CudaOptions = {
  /** Another driver library than the system's. */
  library?: string;
  /** The most that one allocation holds: large, so that a pass over a whole card is a few dozen launches. */
  chunkBytes?: number;
};

/** NVIDIA cards, through the driver library alone. */
export function cudaProver({ library = 'libcuda.so.1', chunkBytes = 2 ** 32 }: CudaOptions = {}): Prover {
  let opening: Promise<Driver | undefined> | undefined;
  const open = (): Promise<Driver | undefined> => (opening ??= openDriver(library));
  return {
    kind: 'cuda',
    devices: async () => {
      const driver = await open();
      return driver === undefined ? [] : cudaDevices(driver);
    },
    memoryBytes: (n, slabs) => gpuMemoryBytes(n, slabs, chunkBytes),
    begin: async (deviceId, work, options = {}) => {
      const driver = await open();
      const device = driver === undefined ? undefined : cudaDevices(driver).find(({ id }) => id === deviceId);
      if (driver === undefined || device === undefined) throw new Error(`there is no NVIDIA device ${deviceId}`);
      options.signal?.throwIfAborted();
      return fillGpu(openCudaGpu(driver, device, chunkBytes), work, options);
    },
  };
}
