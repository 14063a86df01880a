import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cpuProver } from '@gpucoop/proof/provers/cpu/cpu-prover.ts';
import type { BenchOptions } from '../bench.ts';
import { median } from '../statistics.ts';

const run = promisify(execFile);
const source = new URL('./baseline.c', import.meta.url).pathname;

/** The CPU prover and a plain C program of the same work, turn by turn; both must find the same roots. */
const sizes = [
  { n: 256, slabs: 256 },
  { n: 1024, slabs: 32 },
  { n: 2048, slabs: 4 },
];
const PASSES = 8;
const compilers = [['-O3'], ['-O3', '-march=native']];

export async function proverRows({ quick, say }: BenchOptions): Promise<Record<string, string>[]> {
  const dir = await mkdtemp(join(tmpdir(), 'coop-bench-'));
  try {
    const programs = await Promise.all(compilers.map((flags, n) => compiled(flags, join(dir, `baseline-${n}`))));
    if (programs.includes(undefined)) say('there is no gcc here: the baseline is missing');
    const rows = [];
    for (const { n, slabs } of quick ? sizes.slice(0, 1) : sizes) {
      for (const threads of [1, 2]) {
        say(`${slabs} products of ${n} with ${threads} threads`);
        rows.push(...(await compare({ n, slabs, threads, rounds: quick ? 1 : 3 }, programs)));
      }
    }
    return rows;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

type Job = { n: number; slabs: number; threads: number; rounds: number };
type Spent = { wallMs: number; cpuMs: number };
type Done = { fill: Spent; reside: Spent; roots: string };

const key = Uint32Array.from({ length: 8 }, (_, n) => Math.imul(n + 1, 0x9e3779b1));
const passKey = key.map((word) => word ^ 1);

async function compare(job: Job, programs: readonly (string | undefined)[]): Promise<Record<string, string>[]> {
  const ours: Done[] = [];
  const theirs: Done[][] = programs.map(() => []);
  for (let round = 0; round < job.rounds; round++) {
    ours.push(await proveHere(job));
    for (const [n, program] of programs.entries()) if (program !== undefined) theirs[n]!.push(await inC(program, job));
  }
  if (theirs.flat().some(({ roots }) => roots !== ours[0]!.roots)) throw new Error('the C program finds other roots');
  const { n, slabs, threads } = job;
  return (['fill', 'reside'] as const).map((step) => {
    const of = (done: Done[], time: keyof Spent): number => median(done.map((one) => one[step][time]));
    const amount = step === 'fill' ? (2 * n ** 3 * slabs) / 1e6 : (n * n * slabs * PASSES) / 1e6;
    const ratios = compilers.map((flags, compiler): [string, string] => [
      `cpu of gcc ${flags.map((flag) => flag.replace('-march=', '')).join(' ')}`,
      theirs[compiler]!.length === 0 ? 'missing' : (of(ours, 'cpuMs') / of(theirs[compiler]!, 'cpuMs')).toFixed(2),
    ]);
    return {
      work: `${step === 'fill' ? 'products' : 'passes'}, n ${n}, ${slabs} slabs`,
      threads: String(threads),
      'wall ms': of(ours, 'wallMs').toFixed(0),
      'cpu ms': of(ours, 'cpuMs').toFixed(0),
      'a second of cpu': `${(amount / of(ours, 'cpuMs')).toFixed(1)} ${step === 'fill' ? 'GOP' : 'GB'}`,
      ...Object.fromEntries(ratios),
      'memory / slabs': (cpuProver({ threads }).memoryBytes(n, slabs) / (n * n * slabs)).toFixed(2),
      'wall of gcc -O3':
        theirs[0]!.length === 0 ? 'missing' : (of(ours, 'wallMs') / of(theirs[0]!, 'wallMs')).toFixed(2),
    };
  });
}

async function proveHere({ n, slabs, threads }: Job): Promise<Done> {
  const began = stopwatch();
  const work = await cpuProver({ threads }).begin('cpu', { n, slabs, key });
  const fill = began();
  const reading = stopwatch();
  let digests = new Uint8Array();
  for (let pass = 0; pass < PASSES; pass++) digests = new Uint8Array(await work.reside(passKey));
  const reside = reading();
  await work.close();
  return { fill, reside, roots: `${hex(work.slabRoots)} ${hex(digests)}` };
}

async function inC(program: string, { n, slabs, threads }: Job): Promise<Done> {
  const child = run(program, [n, slabs, PASSES, threads].map(String), { maxBuffer: 2 ** 26 });
  child.child.stdin!.end([...key, ...passKey].join(' '));
  const [fill, reside, roots, digests] = (await child).stdout.trim().split('\n') as [string, string, string, string];
  return { fill: spent(fill), reside: spent(reside), roots: `${roots} ${digests}` };
}

function spent(line: string): Spent {
  const [, wallMs, cpuMs] = line.split(' ').map(Number) as [number, number, number];
  return { wallMs, cpuMs };
}

async function compiled(flags: readonly string[], program: string): Promise<string | undefined> {
  try {
    await run('gcc', [...flags, '-o', program, source, '-lpthread']);
    return program;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of all threads of this process, their compiling included. */
function stopwatch(): () => Spent {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
