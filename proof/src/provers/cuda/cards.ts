import type { KernelName } from '../gpu/gpu.ts';
import { kernelNames } from '../gpu/gpu.ts';
import type { CudaDevice } from './devices.ts';
import type { Driver } from './driver.ts';
import type { ProductShape } from './modules.ts';
import { modulesFor } from './modules.ts';

/** A card that is open, with its kernels compiled. */
export type Card = {
  context: bigint;
  functions: ReadonlyMap<KernelName, bigint>;
  product: ProductShape;
};

export type Cards = {
  /** Opens the card for its first user. */
  take: (device: CudaDevice) => Card;
  /** Closes it after its last. */
  give: (device: CudaDevice) => void;
};

/** The driver takes a second to compile kernels that it has not seen: what is open is shared. */
export function openCards(driver: Driver): Cards {
  const open = new Map<number, { card: Card; users: number; close: () => void }>();
  return {
    take: (device) => {
      const entry = open.get(device.ordinal) ?? { ...opened(driver, device), users: 0 };
      open.set(device.ordinal, entry);
      entry.users += 1;
      return entry.card;
    },
    give: ({ ordinal }) => {
      const entry = open.get(ordinal)!;
      entry.users -= 1;
      if (entry.users > 0) return;
      open.delete(ordinal);
      entry.close();
    },
  };
}

/** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: without it a launch may ask for 48 KiB. */
const DYNAMIC_SHARED_BYTES = 8;

function opened(driver: Driver, { ordinal, capability }: CudaDevice): { card: Card; close: () => void } {
  const { texts, product } = modulesFor(capability);
  const context = driver.made('cuDevicePrimaryCtxRetain', ordinal);
  const modules: bigint[] = [];
  const close = (): void => {
    driver.call('cuCtxSetCurrent', context);
    for (const module of modules) driver.code('cuModuleUnload', module);
    driver.call('cuDevicePrimaryCtxRelease', ordinal);
  };
  try {
    driver.call('cuCtxSetCurrent', context);
    for (const text of texts) modules.push(driver.made('cuModuleLoadData', text));
    const functions = new Map(kernelNames.map((name) => [name, functionNamed(name)]));
    driver.call('cuFuncSetAttribute', functions.get('product')!, DYNAMIC_SHARED_BYTES, product.sharedBytes);
    return { card: { context, functions, product }, close };
  } catch (error) {
    close();
    throw error;
  }

  function functionNamed(name: KernelName): bigint {
    const at = new BigUint64Array(1);
    if (modules.some((module) => driver.code('cuModuleGetFunction', at, module, name) === 0)) return at[0]!;
    throw new Error(`no module has the kernel ${name}`);
  }
}
