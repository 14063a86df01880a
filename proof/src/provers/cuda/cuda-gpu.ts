import type { Gpu, KernelName, Lane, Launch, Mark } from '../gpu/gpu.ts';
import type { Card } from './cards.ts';
import type { ProductShape } from './modules.ts';
import type { Driver } from './driver.ts';
import { CudaError, NOT_READY } from './driver.ts';

export type CudaMemory = { address: bigint };

/** Work on one card, which `give` gives back. */
export function openCudaGpu(driver: Driver, card: Card, give: () => void, chunkBytes: number): Gpu<CudaMemory> {
  const { call } = driver;
  const use = (): void => call('cuCtxSetCurrent', card.context);
  let closed = false;
  const streams: bigint[] = [];
  const events: bigint[] = [];
  const memories = new Set<bigint>();
  try {
    use();
    return opened();
  } catch (error) {
    close();
    throw error;
  }

  function opened(): Gpu<CudaMemory> {
    const lanes: Record<Lane, bigint> = { products: stream(), hashes: stream() };
    for (let n = 0; n < EVENTS; n++) events.push(driver.made('cuEventCreate', WITHOUT_TIMES));
    let nextEvent = 0;
    const parameters = openParameters(driver);
    return {
      chunkBytes,
      roundsAhead: 8,
      allocate: (bytes) => {
        use();
        const address = driver.made('cuMemAlloc', bytes);
        memories.add(address);
        return { address };
      },
      release: ({ address }) => {
        use();
        memories.delete(address);
        call('cuMemFree', address);
      },
      upload: ({ address }, data) => {
        use();
        call('cuMemcpyHtoDAsync', address, data, data.length, lanes.products);
      },
      run: (lane, launch) => {
        use();
        const [x, y] = gridOf(launch, card.product);
        const shared = launch.kernel === 'product' ? card.product.sharedBytes : 0;
        const kernel = card.functions.get(launch.kernel)!;
        call('cuLaunchKernel', kernel, x, y, 1, THREADS, 1, 1, shared, lanes[lane], parameters(launch), null);
      },
      mark: (lane) => {
        use();
        const event = events[nextEvent++ % EVENTS]!;
        call('cuEventRecord', event, lanes[lane]);
        return event as unknown as Mark;
      },
      after: (lane, mark) => {
        use();
        call('cuStreamWaitEvent', lanes[lane], mark, 0);
      },
      reached: async (mark) => {
        // A timer would come a millisecond late, which is a thirtieth of a pass over a large card.
        for (;;) {
          if (closed) throw new Error('the device was closed');
          use();
          const code = driver.code('cuEventQuery', mark);
          if (code === 0) return;
          if (code !== NOT_READY) throw new CudaError('cuEventQuery', code, 'the work on the device has failed');
          await new Promise((resolve) => void setImmediate(resolve));
        }
      },
      read: ({ address }, at, bytes) => {
        use();
        const data = new Uint8Array(bytes);
        call('cuMemcpyDtoH', data, address + BigInt(at), bytes);
        return Promise.resolve(data);
      },
      close: () => {
        close();
        return Promise.resolve();
      },
    };
  }

  function stream(): bigint {
    const made = driver.made('cuStreamCreate', NOT_AFTER_DEFAULT);
    streams.push(made);
    return made;
  }

  /** Memory is freed when all that was queued is done: the driver waits for it. */
  function close(): void {
    if (closed) return;
    closed = true;
    use();
    for (const address of memories) driver.code('cuMemFree', address);
    for (const event of events) driver.code('cuEventDestroy', event);
    for (const one of streams) driver.code('cuStreamDestroy', one);
    give();
  }
}

/** As many as marks stay good, with room. */
const EVENTS = 128;
/** CU_EVENT_DISABLE_TIMING, CU_STREAM_NON_BLOCKING. */
const WITHOUT_TIMES = 2;
const NOT_AFTER_DEFAULT = 1;

const THREADS = 256;
/** What a block of 256 threads goes through at once. Kernels go on from there in strides of the whole grid. */
const itemsOfBlock: Record<Exclude<KernelName, 'product'>, number> = {
  generate: THREADS,
  row_nodes: THREADS,
  join: THREADS,
  digest: (THREADS / 32) * 4,
  gather: 1,
};
/** Enough to fill the largest card many times over. */
const BLOCKS_MAX = 2 ** 16 - 1;

function gridOf({ kernel, items }: Launch<CudaMemory>, { rows, columns }: ProductShape): [number, number] {
  if (kernel === 'product') return [items / columns, items / rows];
  return [Math.min(BLOCKS_MAX, Math.ceil(items / itemsOfBlock[kernel])), 1];
}

/** Parameters as cuLaunchKernel takes them: pointers to values, which the driver copies at once. One place for each is enough. */
function openParameters(driver: Driver): (launch: Launch<CudaMemory>) => BigUint64Array {
  const values = new BigUint64Array(new ArrayBuffer(8 * PARAMETERS_MAX));
  const first = driver.addressOf(values);
  const pointers = BigUint64Array.from({ length: PARAMETERS_MAX }, (_, n) => first + BigInt(8 * n));
  return ({ memories, numbers }) => {
    for (const [n, { memory, at }] of memories.entries()) values[n] = memory.address + BigInt(at);
    for (const [n, number] of numbers.entries()) values[memories.length + n] = BigInt(number);
    return pointers;
  };
}
const PARAMETERS_MAX = 16;
