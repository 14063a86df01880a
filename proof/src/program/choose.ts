import type { FoundDevice } from '../provers/provers.ts';
import { allDevices, findDevice, openProvers } from '../provers/provers.ts';
import type { Options } from './arguments.ts';
import { UsageError } from './arguments.ts';

/** The devices that are meant, and how much of each. */
export type Chosen = FoundDevice & { n: number; memoryBytes: number };

export async function choose(options: Options, provers = openProvers(options)): Promise<Chosen[]> {
  const found =
    options.device === 'gpus' ? gpusOf(await allDevices(provers)) : [await findDevice(provers, options.device)];
  if (found.length === 0) throw new UsageError('there is no GPU that a driver here knows; coop agent doctor says more');
  return Promise.all(
    found.map(async (one) => {
      if (one !== undefined) return sized(one, options);
      const ids = (await allDevices(provers)).map(({ device }) => device.id);
      throw new UsageError(`there is no device ${options.device}; there is ${ids.join(', ')}`);
    }),
  );
}

/** A card that CUDA reaches is not proven a second time through WebGPU, at a tenth of its speed. */
function gpusOf(all: readonly FoundDevice[]): FoundDevice[] {
  const cuda = all.filter(({ prover }) => prover.kind === 'cuda');
  return cuda.length > 0 ? cuda : all.filter(({ prover }) => prover.kind === 'webgpu');
}

/** A card whose free memory is known is filled as a checker fills it; elsewhere a little is enough to see how it goes. */
function sized(found: FoundDevice, { n, memoryBytes }: Options): Chosen {
  const { prover, device } = found;
  const isCard = prover.kind === 'cuda';
  const bytes = memoryBytes ?? (isCard ? Math.floor(FILLED_SHARE * device.freeBytes) : 2 ** 28);
  if (bytes > device.freeBytes) {
    throw new UsageError(`${device.id} has only ${Math.floor(device.freeBytes / 2 ** 20)} MiB free`);
  }
  return { ...found, n: n ?? (isCard ? 4096 : 1024), memoryBytes: bytes };
}

const FILLED_SHARE = 0.92;
