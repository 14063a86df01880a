import type { KernelName } from '../gpu/gpu.ts';
import { kernelNames } from '../gpu/gpu.ts';
import { openCudaGpu } from './cuda-gpu.ts';
import type { CudaDevice } from './devices.ts';
import type { Driver } from './driver.ts';
import { kernels, productsFor } from './modules.ts';
import type { Product, ProductName } from './modules.ts';
import { selfTest } from './self-test.ts';
import type { TestSide } from './self-test.ts';

/** A card that is open, with its kernels compiled and tested. */
export type Card = {
  context: bigint;
  functions: ReadonlyMap<KernelName, bigint>;
  product: Product;
};

export type Cards = {
  /** Opens the card for its first user. */
  take: (device: CudaDevice) => Promise<Card>;
  /** Closes it after its last. */
  give: (device: CudaDevice) => void;
};

export type CardsOptions = {
  /** The kernels of the product that may be used. */
  products: readonly ProductName[];
  /** Side of the work that a card is tested with before anything else. */
  testSide: TestSide;
  /** Told of a faster kernel that is not used, and why. */
  warn: (text: string) => void;
};

type Opened = { card: Card; close: () => void };

/** The driver takes a second to compile kernels that it has not seen: what is open is shared. */
export function openCards(driver: Driver, options: CardsOptions): Cards {
  const open = new Map<number, { opened: Promise<Opened>; close: () => void; users: number }>();
  const give = ({ ordinal }: CudaDevice): void => {
    const entry = open.get(ordinal)!;
    entry.users -= 1;
    if (entry.users > 0) return;
    open.delete(ordinal);
    entry.close();
  };
  return {
    take: async (device) => {
      const entry = open.get(device.ordinal) ?? { opened: tested(driver, device, options), close: nothing, users: 0 };
      open.set(device.ordinal, entry);
      entry.users += 1;
      try {
        const { card, close } = await entry.opened;
        entry.close = close;
        return card;
      } catch (error) {
        give(device);
        throw error;
      }
    },
    give,
  };
}

const nothing = (): void => undefined;

/** With the first kernel of the product that the driver takes and with which the card computes what it should. */
async function tested(driver: Driver, device: CudaDevice, { products, testSide, warn }: CardsOptions): Promise<Opened> {
  const refused: string[] = [];
  for (const product of productsFor(device.capability)) {
    if (!products.includes(product.name)) continue;
    try {
      const opened = await testedWith(driver, device, product, testSide);
      for (const line of refused) warn(`${device.id} does without its kernel ${line}`);
      return opened;
    } catch (error) {
      refused.push(`${product.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `${device.id} can use no kernel for the product (${refused.join('; ') || 'none is for such a card'})`,
  );
}

async function testedWith(driver: Driver, device: CudaDevice, product: Product, side: TestSide): Promise<Opened> {
  const opened = openedWith(driver, device, product);
  try {
    await selfTest(openCudaGpu(driver, opened.card, nothing, side * side), side);
    return opened;
  } catch (error) {
    // A kernel that has failed leaves a context in which nothing works. Closing makes way for a new one, whatever it answers.
    try {
      opened.close();
    } catch {}
    throw error;
  }
}

/** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: without it a launch may ask for 48 KiB. */
const DYNAMIC_SHARED_BYTES = 8;

function openedWith(driver: Driver, { ordinal }: CudaDevice, product: Product): Opened {
  const context = driver.made('cuDevicePrimaryCtxRetain', ordinal);
  const modules: bigint[] = [];
  const close = (): void => {
    driver.code('cuCtxSetCurrent', context);
    for (const module of modules) driver.code('cuModuleUnload', module);
    driver.call('cuDevicePrimaryCtxRelease', ordinal);
  };
  try {
    driver.call('cuCtxSetCurrent', context);
    for (const text of [kernels, product.text]) modules.push(driver.made('cuModuleLoadData', text));
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
