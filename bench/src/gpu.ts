import { classOf } from '@gpucoop/protocol/gpu-classes.ts';
import { classTable, neededPercent } from '@gpucoop/proof/class-table.ts';
import type { ClassRow } from '@gpucoop/proof/class-table.ts';
import { proveHere } from '@gpucoop/proof/program/prove-here.ts';
import type { ProvedHere } from '@gpucoop/proof/program/prove-here.ts';
import { allDevices, openProvers } from '@gpucoop/proof/provers/provers.ts';
import type { FoundDevice } from '@gpucoop/proof/provers/provers.ts';
import type { Bench, BenchOptions } from './bench.ts';
import { productRows, productRuns } from './gpu/products.ts';
import type { ProductRun } from './gpu/products.ts';
import { quantile } from './statistics.ts';
import { table } from './table.ts';

/**
 * Every prover on every device of this machine: what honest runs take, what share of the data sheet they prove, and which thresholds follow.
 * It needs a driver for the devices, Node and this repository, and no network.
 */
export const gpu: Bench = {
  name: 'gpu',
  what: 'every product kernel of an NVIDIA card; the proof on every device: honest times, share of the data sheet, thresholds',
  async run(options) {
    const found = await allDevices(openProvers({ software: true }));
    const cards = found.filter(({ prover, device }) => prover.kind !== 'cpu' && !isSoftware(device.name));
    if (cards.length === 0) {
      options.say('there is no GPU that a driver here knows: only the processor runs, and software that draws for it');
    }
    const kernels: ProductRun[] = [];
    for (const card of found.filter(({ prover }) => prover.kind === 'cuda')) {
      const runs = await productRuns(card, options);
      console.log(`${table(productRows(runs, sheetOf(card)?.int8Tops))}\n`);
      kernels.push(...runs);
    }
    const measured: Measured[] = [];
    for (const one of found) {
      for (const n of sizesFor(one, options)) measured.push(await measure(one, n, options));
    }
    return {
      rows: measured.map(rowOf),
      json: { kernels, measured: measured.map(({ runs, ...rest }) => ({ ...rest, runs: runs.map(plain) })) },
    };
  },
};

type Measured = {
  device: string;
  says: string;
  prover: string;
  n: number;
  slabs: number;
  runs: ProvedHere[];
  /** What the data sheet of its class says, where its name belongs to one. */
  sheet: ClassRow | undefined;
  /** Percent of the data sheet of which even the slowest run has a tenth to spare. */
  thresholds: Record<keyof typeof neededPercent, number> | undefined;
};

const isSoftware = (name: string): boolean => /llvmpipe|swiftshader|software/i.test(name);

function sizesFor({ prover, device }: FoundDevice, { quick }: BenchOptions): number[] {
  if (quick) return [512];
  if (prover.kind === 'cuda') return [1024, 2048, 4096, 8192, 16_384];
  return isSoftware(device.name) || prover.kind === 'cpu' ? [512, 1024] : [1024, 2048, 4096, 8192];
}

async function measure(found: FoundDevice, n: number, { quick, say }: BenchOptions): Promise<Measured> {
  const { prover, device } = found;
  const isCard = prover.kind === 'cuda' && !quick;
  const memoryBytes = isCard ? Math.floor(0.92 * device.freeBytes) : 2 ** 26 + 8 * n * n;
  const runs: ProvedHere[] = [];
  const progress = { say: () => undefined, clear: () => undefined };
  for (let run = 0; run < (quick ? 1 : isCard ? 10 : 3); run++) {
    runs.push(await proveHere({ ...found, n, memoryBytes }, progress));
  }
  const sheet = sheetOf(found);
  say(`${prover.kind} ${device.id}, n = ${n}: ${runs.map(({ ended }) => ended.outcome).join(', ')}`);
  return {
    device: device.id,
    says: device.name,
    prover: prover.kind,
    n,
    slabs: runs[0]!.parameters.slabs,
    runs,
    sheet,
    thresholds: sheet && thresholdsFrom(runs, sheet),
  };
}

/** By the name that the driver reports: good enough to compare with, never to certify. */
function sheetOf({ prover, device }: FoundDevice): ClassRow | undefined {
  if (prover.kind === 'cpu' || isSoftware(device.name)) return undefined;
  const slug = classOf(device.name, Number.isFinite(device.totalBytes) ? Math.round(device.totalBytes / 2 ** 20) : 0);
  return classTable.find((row) => row.slug === slug);
}

type Axis = keyof typeof neededPercent;
/** What each run proved, in the units of the data sheet. */
function axesOf({ ended }: ProvedHere): Record<Axis, number> {
  const bounds = ended.proven?.bounds;
  return {
    memory: Number(bounds?.residentBytes ?? 0n) / 2 ** 30,
    bandwidth: Number(bounds?.bytesPerSecond ?? 0n) / 1e9,
    arithmetic: Number(bounds?.operationsPerSecond ?? 0n) / 1e12,
  };
}

const sheetAxes = (row: ClassRow): Record<Axis, number> => ({
  memory: row.memoryGib,
  bandwidth: row.gigabytesPerSecond,
  arithmetic: row.int8Tops,
});

function thresholdsFrom(runs: readonly ProvedHere[], sheet: ClassRow): Record<Axis, number> {
  const threshold = (axis: Axis): number => {
    const slowest = Math.min(...runs.map((run) => axesOf(run)[axis]));
    return Math.floor((90 * slowest) / sheetAxes(sheet)[axis]);
  };
  return { memory: threshold('memory'), bandwidth: threshold('bandwidth'), arithmetic: threshold('arithmetic') };
}

function rowOf({ says, prover, n, slabs, runs, sheet, thresholds }: Measured): Record<string, string> {
  const middle = (axis: Axis): number =>
    quantile(
      runs.map((run) => axesOf(run)[axis]),
      0.5,
    );
  const withShare = (axis: Axis): string => {
    const value = String(Number(middle(axis).toPrecision(3)));
    return sheet === undefined ? value : `${value} (${Math.round((100 * middle(axis)) / sheetAxes(sheet)[axis])} %)`;
  };
  const times = runs.flatMap(({ ended }) => ended.proven?.times ?? []);
  const spread = (micros: bigint[]): string =>
    micros.length === 0
      ? 'none'
      : [0.5, 0.95, 1].map((q) => (quantile(micros.map(Number), q) / 1000).toFixed(0)).join(' / ');
  const asked = (Object.keys(neededPercent) as Axis[]).map(
    (axis) => `${thresholds?.[axis]} % (${neededPercent[axis]} %)`,
  );
  return {
    device: says.length > 40 ? `${says.slice(0, 39)}…` : says,
    prover,
    n: String(n),
    slabs: String(slabs),
    proved: `${runs.filter(({ ended }) => ended.outcome === 'proved').length} of ${runs.length}`,
    GiB: withShare('memory'),
    'GB/s': withShare('bandwidth'),
    'int8 TOPS': withShare('arithmetic'),
    'fill ms, 50 / 95 / 100 %': spread(times.map(({ commitMicros }) => commitMicros)),
    'exchange ms': spread(times.flatMap(({ exchangeMicros }) => [...exchangeMicros])),
    'thresholds (today)': thresholds === undefined ? 'no class' : asked.join(', '),
  };
}

/** Without the verdict's bytes, and with numbers that JSON can hold. */
function plain({ ended, verifyMs }: ProvedHere) {
  const { outcome, proven } = ended;
  return {
    outcome,
    verify_ms: verifyMs,
    ...(proven === undefined
      ? {}
      : {
          commit_us: Number(proven.times.commitMicros),
          exchanges_us: proven.times.exchangeMicros.map(Number),
          resident_bytes: Number(proven.bounds.residentBytes),
          bytes_per_second: Number(proven.bounds.bytesPerSecond),
          int8_operations_per_second: Number(proven.bounds.operationsPerSecond),
        }),
  };
}
