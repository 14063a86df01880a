import { laneWords } from '../../keys.ts';
import { HASH_BYTES, rowLevels } from '../../parameters.ts';
import type { BeginOptions, Filled, Work } from '../../prover.ts';
import { boardBytes, openBoard } from './collect.ts';
import { levelStart, memoryBytes, openChunks, treeBytes } from './chunks.ts';
import type { Chunk } from './chunks.ts';
import type { Gpu, Lane, Mark, Place } from './gpu.ts';
import { openParts } from './open-parts.ts';

/** What the work takes on a device, with something for what drivers take beside it. */
export function gpuMemoryBytes(n: number, slabs: number, chunkBytes: number): number {
  return memoryBytes(n, slabs, chunkBytes) + boardBytes + 2 ** 24;
}

/** Fills an opened GPU. It is closed when this rejects, or by the result. */
export async function fillGpu<Memory>(gpu: Gpu<Memory>, work: Work, options: BeginOptions): Promise<Filled> {
  try {
    options.signal?.throwIfAborted();
    return await fill(gpu, work, options);
  } catch (error) {
    await gpu.close();
    throw error;
  }
}

async function fill<Memory>(gpu: Gpu<Memory>, { n, slabs, key }: Work, options: BeginOptions): Promise<Filled> {
  const whole = (memory: Memory) => ({ memory, at: 0 });
  const chunks = openChunks(gpu, n, slabs);
  const largest = chunks[0]!.count;
  const trees = [gpu.allocate(treeBytes(n, largest)), gpu.allocate(treeBytes(n, largest))] as const;
  const [first, columns, pad] = [gpu.allocate(n * n), gpu.allocate(n * n), gpu.allocate(n)];
  const board = openBoard(gpu);
  const slabAt = ({ slabs: memory }: Chunk<Memory>, slab: number): Place<Memory> => ({
    memory,
    at: slab * n * n,
    bytes: n * n,
  });
  const passKeys: Uint32Array[] = [];
  const closing = new AbortController();
  await multiply();
  const slabRoots = await rootsOf((chunk) => chunks[chunk]!.tree);

  return {
    slabRoots,
    reside: (passKey, signal) => guarded(signal, (stop) => reside(passKey, stop)),
    open: (parts, signal) => guarded(signal, (stop) => openParts(gpu, { n, chunks, board, digestsOf }, parts, stop)),
    close: async () => {
      closing.abort(new Error('the work was closed'));
      await gpu.close();
    },
  };

  function generate(lane: Lane, out: Memory, words: number, seed: Uint32Array, matrix: 0 | 1 | 2): void {
    const { added, xored } = laneWords(seed, matrix);
    const quads = words / 4;
    gpu.run(lane, { kernel: 'generate', memories: [whole(out)], numbers: [quads, ...added, ...xored], items: quads });
  }

  /** All levels above the lowest, which stands. */
  function raise(lane: Lane, tree: Memory, count: number): void {
    for (let level = 1; level <= rowLevels({ n }); level++) {
      const made = count * (n >> level);
      const numbers = [levelStart(n, count, level - 1), levelStart(n, count, level), made];
      gpu.run(lane, { kernel: 'join', memories: [whole(tree)], numbers, items: made });
    }
  }

  /** While one slab is hashed the next is made. */
  async function multiply(): Promise<void> {
    generate('products', first, (n * n) / 4, key, 1);
    generate('products', columns, (n * n) / 4, key, 2);
    let input: Place<Memory> = whole(first);
    let queued: Mark | undefined;
    for (const chunk of chunks) {
      for (let slab = 0; slab < chunk.count; slab++) {
        const round = chunk.first + slab;
        const output = slabAt(chunk, slab);
        const memories = [input, whole(columns), output];
        gpu.run('products', { kernel: 'product', memories, numbers: [n, round], items: n });
        gpu.after('hashes', gpu.mark('products'));
        const leaves = (n * n) / 256;
        const nodes = [output, whole(chunk.tree)];
        gpu.run('hashes', { kernel: 'row_nodes', memories: nodes, numbers: [n, slab * n], items: leaves });
        input = output;
        if (round % gpu.roundsAhead !== 0) continue;
        // The last lot runs while this one waits: the device is never without work.
        const [before, now] = [queued, gpu.mark('hashes')];
        queued = now;
        if (before !== undefined) await gpu.reached(before);
        options.signal?.throwIfAborted();
        options.progress?.(Math.max(0, round - gpu.roundsAhead));
      }
      raise('hashes', chunk.tree, chunk.count);
    }
    await gpu.reached(gpu.mark('hashes'));
    options.signal?.throwIfAborted();
    options.progress?.(slabs);
  }

  /** While the digests of one chunk become trees, the next chunk is read. */
  async function reside(passKey: Uint32Array, stop: AbortSignal): Promise<Uint8Array> {
    passKeys.push(passKey);
    generate('products', pad, n / 4, passKey, 0);
    const roots = new Uint8Array(HASH_BYTES * slabs);
    const hashed: Mark[] = [];
    for (const [index, { slabs: memory, first: slab, count }] of chunks.entries()) {
      const tree = trees[index % 2]!;
      if (index >= 2) await takeRoots(index - 2);
      const memories = [memory, pad, tree].map(whole);
      const rows = count * n;
      gpu.run('products', { kernel: 'digest', memories, numbers: [n, slab, rows], items: rows });
      gpu.after('hashes', gpu.mark('products'));
      raise('hashes', tree, count);
      hashed.push(gpu.mark('hashes'));
    }
    for (let index = Math.max(0, chunks.length - 2); index < chunks.length; index++) await takeRoots(index);
    return roots;

    async function takeRoots(index: number): Promise<void> {
      await gpu.reached(hashed[index]!);
      stop.throwIfAborted();
      const { first: slab, count } = chunks[index]!;
      roots.set(await rootsIn(trees[index % 2]!, count), HASH_BYTES * (slab - 1));
    }
  }

  /** The tree of one slab's digests under a pass's key, queued. */
  function digestsOf(pass: number, slab: number): Memory {
    const chunk = chunks.find((one) => slab < one.first + one.count)!;
    generate('products', pad, n / 4, passKeys[pass]!, 0);
    const memories = [slabAt(chunk, slab - chunk.first), whole(pad), whole(trees[0])];
    gpu.run('products', { kernel: 'digest', memories, numbers: [n, slab, n], items: n });
    raise('products', trees[0], 1);
    return trees[0];
  }

  function rootsIn(tree: Memory, count: number): Promise<Uint8Array> {
    return gpu.read(tree, HASH_BYTES * levelStart(n, count, rowLevels({ n })), HASH_BYTES * count);
  }

  async function rootsOf(treeOf: (chunk: number) => Memory): Promise<Uint8Array> {
    const roots = new Uint8Array(HASH_BYTES * slabs);
    for (const [index, chunk] of chunks.entries()) {
      roots.set(await rootsIn(treeOf(index), chunk.count), HASH_BYTES * (chunk.first - 1));
    }
    return roots;
  }

  /** What was stopped in the middle leaves nothing to go on with. */
  async function guarded<Result>(
    signal: AbortSignal | undefined,
    task: (stop: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const stop = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
    try {
      stop.throwIfAborted();
      const result = await task(stop);
      stop.throwIfAborted();
      return result;
    } catch (error) {
      await gpu.close();
      stop.throwIfAborted();
      throw error;
    }
  }
}
