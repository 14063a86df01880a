import { FREE_FROM, loadKernels, PAGE_BYTES } from './wasm/kernels.ts';
import type { Kernels } from './wasm/kernels.ts';
import { paddingAt } from './wasm/sha256.ts';
import { HASH_BYTES, LEAF_BYTES } from './parameters.ts';
import { laneWords } from './keys.ts';

/** A memory with the kernels over it, in which a verifier lays out what it checks. Addresses are numbers. */
export type Workspace = {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  /** Sixteen-byte aligned, never given back: a workspace is opened for one piece of work. */
  take: (bytes: number) => number;
  put: (data: Uint8Array) => number;
  putWords: (words: ArrayLike<number>) => number;
  /** Hashes of leaves of 256 bytes that stand `stride` bytes apart. Hashes come in fours: up to three more are written. */
  leafHashes: (from: number, stride: number, out: number, count: number) => void;
  /** Halves a list of nodes, in place, until so many are left. */
  reduce: (nodes: number, count: number, left: number) => void;
  /** Folds each node along its path; the roots stand where the nodes stood. `paths` is the first sibling of the first, `stride` bytes apart. */
  climb: (nodes: number, indices: readonly number[], paths: number, stride: number, levels: number) => void;
  /** Writes lines of a generated matrix: row r of X_0 (matrix 1), column r of B (2), or the pad of a pass (0, which has one line). */
  generator: (key: Uint32Array, matrix: 0 | 1 | 2, n: number) => (out: number, line: number) => void;
};

/**
 * A workspace of that many bytes. There is one memory for all, which grows to the largest need: opening a workspace ends the one before,
 * and what lies in it is whatever was left there.
 */
export function openWorkspace(size: number): Workspace {
  const { memory, kernels } = memoryOf(size + FREE_FROM);
  const bytes = new Uint8Array(memory.buffer);
  let free = FREE_FROM;
  const take = (count: number): number => {
    const at = free;
    free += Math.ceil(count / 16) * 16;
    if (free > bytes.length) throw new RangeError(`a workspace of ${size} bytes was asked for ${free - FREE_FROM}`);
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
    leafHashes: (from, stride, out, count) =>
      kernels.hash4(from, stride, LEAF_BYTES / 64, out, groups(count), paddingAt[LEAF_BYTES]),
    // Four pairs are read before their four hashes are written at or below them.
    reduce: (nodes, count, left) => {
      for (let all = count; all > left; all /= 2) hash64(nodes, nodes, all / 2);
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

let kept: { memory: WebAssembly.Memory; kernels: Kernels } | undefined;

function memoryOf(size: number): { memory: WebAssembly.Memory; kernels: Kernels } {
  const pages = Math.ceil(size / PAGE_BYTES);
  if (kept === undefined) {
    const memory = new WebAssembly.Memory({ initial: pages });
    kept = { memory, kernels: loadKernels(memory) };
  }
  const missing = pages - kept.memory.buffer.byteLength / PAGE_BYTES;
  if (missing > 0) kept.memory.grow(missing);
  return kept;
}
