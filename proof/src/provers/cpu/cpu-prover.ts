import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { HASH_BYTES } from '../../parameters.ts';
import type { BeginOptions, Filled, Prover, Work } from '../../prover.ts';
import { banksBytes, openBanks, USUAL_BANK_BYTES } from './banks.ts';
import type { Division } from './banks.ts';
import { openCrew } from './crew.ts';
import type { Crew } from './crew.ts';
import { shareBytes } from './fill.ts';

export type CpuProverOptions = {
  /** As many as there are processors where nothing is said. */
  threads?: number;
  /** How much one memory of slabs holds. */
  bankBytesMost?: number;
};

/** The processor as a device: worker threads over shared memory, with WebAssembly SIMD. */
export function cpuProver({
  threads = availableParallelism(),
  bankBytesMost = USUAL_BANK_BYTES,
}: CpuProverOptions = {}): Prover {
  const workersFor = (n: number): number => Math.min(threads, n / 8);
  return {
    kind: 'cpu',
    devices: () => {
      const name = cpus()[0]?.model.trim() ?? 'unknown';
      // In a container there is less than the machine has.
      const freeBytes = Math.min(freemem(), process.availableMemory());
      return Promise.resolve([{ id: 'cpu', name, totalBytes: totalmem(), freeBytes }]);
    },
    memoryBytes: (n, slabs) => {
      const workers = workersFor(n);
      return banksBytes({ n, slabs, workers, bankBytesMost }) + workers * shareBytes(n, Math.ceil(n / workers / 8) * 8);
    },
    begin: (_deviceId, work, options = {}) => begin({ ...work, workers: workersFor(work.n), bankBytesMost }, options),
  };
}

/** A slab must fit into one WebAssembly memory with its tree, and a worker's packed matrices into another. */
const N_MAX = 16_384;

async function begin(work: Work & Division, { signal, progress }: BeginOptions): Promise<Filled> {
  const { n, slabs, key, workers } = work;
  if (n > N_MAX) throw new RangeError(`the CPU prover takes n up to ${N_MAX}, not ${n}`);
  signal?.throwIfAborted();
  const banks = openBanks(work);
  const meeting = new Int32Array(new SharedArrayBuffer(8));
  const crew = openCrew({ n, slabs, key, workers, banks, meeting }, (count) => progress?.(count));
  const all = Array.from({ length: workers }, (_, worker) => worker);
  const roots = new SharedArrayBuffer(HASH_BYTES * slabs);
  await endedBy(signal, crew, Promise.all(all.map((worker) => crew.order(worker, { kind: 'fill', roots }))));
  const keys: Uint32Array[] = [];
  return {
    slabRoots: new Uint8Array(roots).slice(),
    reside: async (passKey, stop) => {
      keys.push(passKey);
      const digests = new SharedArrayBuffer(HASH_BYTES * slabs);
      const order = { kind: 'reside', passKey, roots: digests } as const;
      await endedBy(stop, crew, Promise.all(all.map((worker) => crew.order(worker, order))));
      return new Uint8Array(digests).slice();
    },
    open: async (parts, stop) => {
      const report = await endedBy(stop, crew, crew.order(0, { kind: 'open', parts, passKeys: keys }));
      if (report.kind !== 'opened') throw new Error(`the worker answered ${report.kind} to an order to open`);
      return report.opened;
    },
    close: () => crew.dismiss(new Error('the work was closed')),
  };
}

/** A thread in a kernel hears nothing: to stop it is to end it, and with it the work. */
async function endedBy<Result>(signal: AbortSignal | undefined, crew: Crew, result: Promise<Result>): Promise<Result> {
  const stop = (): void => void crew.dismiss(signal!.reason);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    return await result;
  } catch (error) {
    await crew.dismiss(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
