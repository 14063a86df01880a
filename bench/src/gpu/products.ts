import type { FoundDevice } from '@gpucoop/proof/provers/provers.ts';
import { cudaProver } from '@gpucoop/proof/provers/cuda/cuda-prover.ts';
import { products } from '@gpucoop/proof/provers/cuda/modules.ts';
import type { ProductName } from '@gpucoop/proof/provers/cuda/modules.ts';
import type { BenchOptions } from '../bench.ts';
import { median } from '../statistics.ts';

/** One kernel of the product on one card: what it multiplies a second, while slabs are hashed beside it as in any proof. */
export type ProductRun = {
  device: string;
  says: string;
  kernel: ProductName;
  /** Why the card does without it. */
  refused?: string;
  rates: { n: number; operationsPerSecond: number[] }[];
};

/** Every kernel that this card can load, in the order in which the prover tries them. */
export async function productRuns({ device }: FoundDevice, { quick, say }: BenchOptions): Promise<ProductRun[]> {
  const runs: ProductRun[] = [];
  for (const { name } of products) {
    const run: ProductRun = { device: device.id, says: device.name, kernel: name, rates: [] };
    runs.push(run);
    const prover = cudaProver({ products: [name], ...(quick ? { testSide: 256 } : {}) });
    let release: () => void;
    try {
      release = await prover.prepare!(device.id);
    } catch (error) {
      run.refused = error instanceof Error ? error.message : String(error);
      continue;
    }
    for (const n of quick ? [256] : [4096, 8192, 16_384]) {
      const slabs = quick ? 32 : Math.max(32, Math.floor(Math.min(2 ** 33, device.freeBytes / 2) / (n * n)));
      const rates: number[] = [];
      for (let k = 0; k < (quick ? 1 : 5); k++) rates.push(await rateOf(prover, device.id, n, slabs));
      run.rates.push({ n, operationsPerSecond: rates });
    }
    release();
  }
  say(`${device.id}: ${verdictOf(runs)}`);
  return runs;
}

/** From the first word of progress to the last: allocating is no part of it. */
async function rateOf(prover: ReturnType<typeof cudaProver>, deviceId: string, n: number, slabs: number) {
  const heard: { slabs: number; atMs: number }[] = [];
  const progress = (done: number): void => void heard.push({ slabs: done, atMs: performance.now() });
  const work = await prover.begin(deviceId, { n, slabs, key: new Uint32Array(8) }, { progress });
  await work.close();
  const [first, last] = [heard[0]!, heard.at(-1)!];
  return (2 * n ** 3 * (last.slabs - first.slabs) * 1000) / (last.atMs - first.atMs);
}

/** Which kernel the prover takes on this card, which was fastest at each size, and whether its order should be another. */
export function verdictOf(runs: readonly ProductRun[]): string {
  const chosen = runs.find(({ refused }) => refused === undefined);
  if (chosen === undefined) return 'no kernel of the product works here';
  const fastest = chosen.rates.map(({ n }) => {
    const best = runs.toSorted((a, b) => rateAt(b, n) - rateAt(a, n))[0]!;
    return { n, kernel: best.kernel, times: rateAt(best, n) / rateAt(chosen, n) };
  });
  const faster = fastest.filter(({ kernel }) => kernel !== chosen.kernel);
  const list = (of: typeof fastest): string =>
    of.map(({ n, kernel, times }) => `${kernel} at ${n} (${times.toFixed(2)} ×)`).join(', ');
  return faster.length === 0
    ? `the prover takes ${chosen.kernel}, which was fastest at every size`
    : `the prover takes ${chosen.kernel}, but faster was ${list(faster)}: proof/src/provers/cuda/modules.ts has the order`;
}

const rateAt = ({ rates }: ProductRun, n: number): number =>
  median(rates.find((rate) => rate.n === n)?.operationsPerSecond ?? [0]);

/** `int8Tops`: of the card's data sheet. */
export function productRows(runs: readonly ProductRun[], int8Tops: number | undefined): Record<string, string>[] {
  const sizes = runs.flatMap(({ rates }) => rates.map(({ n }) => n));
  const tops = (run: ProductRun, n: number): string => {
    const value = rateAt(run, n) / 1e12;
    if (value === 0) return 'none';
    const share = int8Tops === undefined ? '' : ` (${Math.round((100 * value) / int8Tops)} %)`;
    return `${Number(value.toPrecision(3))}${share}`;
  };
  return runs.map((run) => ({
    device: run.says,
    kernel: run.kernel,
    ...Object.fromEntries([...new Set(sizes)].map((n) => [`int8 TOPS, n = ${n}`, tops(run, n)])),
    'the card does without it because': run.refused ?? '',
  }));
}
