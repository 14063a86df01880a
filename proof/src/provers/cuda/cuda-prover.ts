import type { Prover } from '../../prover.ts';
import { fillGpu, gpuMemoryBytes } from '../gpu/filled.ts';
import type { Cards, CardsOptions } from './cards.ts';
import { openCards } from './cards.ts';
import { openCudaGpu } from './cuda-gpu.ts';
import type { CudaDevice } from './devices.ts';
import { cudaDevices, isNamed, memoryOf } from './devices.ts';
import type { Driver } from './driver.ts';
import { openDriver } from './driver.ts';
import { products } from './modules.ts';

export type CudaOptions = Partial<CardsOptions> & {
  /** Another driver library than the system's. */
  library?: string;
  /** The most that one allocation holds: large, so that a pass over a whole card is a few dozen launches. */
  chunkBytes?: number;
};

type Opened = { driver: Driver; devices: CudaDevice[]; cards: Cards };

/** NVIDIA cards, through the driver library alone. */
export function cudaProver({ library = 'libcuda.so.1', chunkBytes = 2 ** 32, ...forCards }: CudaOptions = {}): Prover {
  const cardsOptions: CardsOptions = {
    products: products.map(({ name }) => name),
    testSide: 2048,
    warn: (text) => process.emitWarning(text),
    ...forCards,
  };
  let opening: Promise<Opened | undefined> | undefined;
  const open = () =>
    (opening ??= openDriver(library).then(
      (driver) => driver && { driver, devices: cudaDevices(driver), cards: openCards(driver, cardsOptions) },
    ));
  const find = async (deviceId: string) => {
    const opened = await open();
    const device = opened?.devices.find((one) => isNamed(one, deviceId));
    if (opened === undefined || device === undefined) throw new Error(`there is no NVIDIA device ${deviceId}`);
    return { ...opened, device };
  };
  return {
    kind: 'cuda',
    devices: async () => {
      const opened = await open();
      if (opened === undefined) return [];
      return opened.devices.map((device) => ({
        id: device.id,
        name: device.name,
        ...memoryOf(opened.driver, device),
      }));
    },
    memoryBytes: (n, slabs) => gpuMemoryBytes(n, slabs, chunkBytes),
    prepare: async (deviceId) => {
      const { cards, device } = await find(deviceId);
      await cards.take(device);
      return () => cards.give(device);
    },
    begin: async (deviceId, work, options = {}) => {
      const { driver, cards, device } = await find(deviceId);
      options.signal?.throwIfAborted();
      const gpu = openCudaGpu(driver, await cards.take(device), () => cards.give(device), chunkBytes);
      return fillGpu(gpu, work, options);
    },
  };
}
