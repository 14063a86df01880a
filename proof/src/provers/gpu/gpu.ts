/**
 * One opened GPU, and as much of it as the work needs: memory, kernels, and marks by which one lane waits for the other. CUDA and WebGPU
 * differ below this line only. Whatever is asked for is queued at once and done later, in order within a lane.
 */
export type Gpu<Memory> = {
  /** The most that one allocation holds. */
  readonly chunkBytes: number;
  /** Rounds that are queued before the first of them is waited for: few where a round takes long, as an abort waits for them. */
  readonly roundsAhead: number;
  allocate: (bytes: number) => Memory;
  /** Only of memory that nothing queued needs. */
  release: (memory: Memory) => void;
  /** Queued on the lane of products. */
  upload: (memory: Memory, data: Uint8Array) => void;
  run: (lane: Lane, launch: Launch<Memory>) => void;
  mark: (lane: Lane) => Mark;
  /** What is queued on the lane from now on begins after the mark was reached. */
  after: (lane: Lane, mark: Mark) => void;
  /** Rejects when the device has failed. A mark is good until a hundred more are made. */
  reached: (mark: Mark) => Promise<void>;
  /** Of memory whose contents a reached mark stands for. */
  read: (memory: Memory, at: number, bytes: number) => Promise<Uint8Array>;
  /** Ends and frees everything. Twice does no harm. */
  close: () => Promise<void>;
};

/** Tensor cores work while the other units hash: two lanes let a GPU do both at once. */
export type Lane = 'products' | 'hashes';

declare const mark: unique symbol;
export type Mark = { readonly [mark]: true };

/** `bytes` of a memory from `at` on, a multiple of 256; all that follow where no number is said. */
export type Place<Memory> = { memory: Memory; at: number; bytes?: number };

/**
 * A kernel with its memories, its numbers (unsigned words) and how many items it goes through, of which a thread or a group takes as many
 * as the prover sees fit. Trees and pieces are counted in units of 32 bytes, the size of a hash.
 *
 * | kernel | memories | numbers | items |
 * |---|---|---|---|
 * | generate | out | quads, four words to add, four to xor | quads of words |
 * | product | X, B by columns, out | n, round counted from 1 | n |
 * | row_nodes | slab, tree | n, where the nodes go | leaves |
 * | join | tree | from, to, count | hashes made |
 * | digest | slabs, pad, tree | n, first slab, rows | rows |
 * | gather | source, pieces, out | first piece, count | pieces |
 */
export type Launch<Memory> = {
  kernel: KernelName;
  memories: readonly Place<Memory>[];
  numbers: readonly number[];
  items: number;
};

export const kernelNames = ['generate', 'product', 'row_nodes', 'join', 'digest', 'gather'] as const;
export type KernelName = (typeof kernelNames)[number];

/** In bytes. */
export const UNIT = 32;
