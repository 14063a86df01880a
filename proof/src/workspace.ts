import { FREE_FROM, loadKernels, PAGE_BYTES } from './wasm/kernels.ts';
import type { Kernels } from './wasm/kernels.ts';
import { paddingAt } from './wasm/sha256.ts';
import { HASH_BYTES, LEAF_BYTES } from './parameters.ts';
import { laneWords } from './keys.ts';

/** A memory of fixed size with the kernels over it, in which a verifier lays out what it checks. Addresses are numbers. */
export type Workspace = {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  /** Sixteen-byte aligned, never given back: the workspace is made for one verification. */
  take: (bytes: number) => number;
  put: (data: Uint8Array) => number;
  putWords: (words: ArrayLike<number>) => number;
  /** Node of each group of `leaves` leaves of 256 bytes; both counts powers of two or the whole. Returns where the nodes stand. */
  nodes: (from: number, count: number, leavesOfNode: number) => number;
  /** Folds each node along its path; the roots stand where the nodes stood. `paths` is the first sibling of the first, `stride` bytes apart. */
  climb: (nodes: number, indices: readonly number[], paths: number, stride: number, levels: number) => void;
  /** Writes lines of a generated matrix: row r of X_0 (matrix 1), column r of B (2), or the pad of a pass (0, which has one line). */
  generator: (key: Uint32Array, matrix: 0 | 1 | 2, n: number) => (out: number, line: number) => void;
};

export function openWorkspace(size: number): Workspace {
  const pages = Math.ceil((size + FREE_FROM) / PAGE_BYTES) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = loadKernels(memory);
  const bytes = new Uint8Array(memory.buffer);
  let free = FREE_FROM;
  const take = (count: number): number => {
    const at = free;
    free += Math.ceil(count / 16) * 16;
    if (free > bytes.length) throw new RangeError(`a workspace of ${bytes.length} bytes was asked for ${free}`);
    return at;
  };
  const put = (data: Uint8Array): number => {
    const at = take(data.length);
    bytes.set(data, at);
    return at;
  };
  const putWords = (words: ArrayLike<number>): number => {
    const at = take(words.length * 4);
    new Uint32Array(memory.buffer, at, words.length).set(words);
    return at;
  };
  const groups = (count: number): number => Math.ceil(count / 4);
  const hash64 = (from: number, out: number, count: number): void =>
    kernels.hash4(from, 64, 1, out, groups(count), paddingAt[64]);
  return {
    kernels,
    bytes,
    take,
    put,
    putWords,
    nodes: (from, count, leavesOfNode) => {
      const at = take(HASH_BYTES * 4 * groups(count));
      kernels.hash4(from, LEAF_BYTES, LEAF_BYTES / 64, at, groups(count), paddingAt[LEAF_BYTES]);
      // In place: four pairs are read before their four hashes are written below them.
      for (let left = leavesOfNode, all = count; left > 1; left /= 2) hash64(at, at, (all /= 2));
      return at;
    },
    climb: (nodes, indices, paths, stride, levels) => {
      const count = indices.length;
      const indicesAt = putWords(indices);
      const pairs = take(64 * 4 * groups(count));
      for (let level = 0; level < levels; level++) {
        kernels.join(nodes, paths + HASH_BYTES * level, stride, indicesAt, pairs, count);
        hash64(pairs, nodes, count);
      }
    },
    generator: (key, matrix, n) => {
      const { added, xored } = laneWords(key, matrix);
      const [addedAt, xoredAt] = [putWords(added), putWords(xored)];
      return (out, line) => kernels.generate(out, line * (n / 4), n / 4, addedAt, xoredAt);
    },
  };
}
