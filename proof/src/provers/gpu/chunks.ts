import { HASH_BYTES, rowLevels } from '../../parameters.ts';
import type { Gpu } from './gpu.ts';
import { UNIT } from './gpu.ts';

/**
 * Slabs that lie in one allocation, beside the trees over their rows. The trees are stored level after level: of level l, which has
 * n >> l nodes of each slab, first all nodes of the first slab, then all of the second.
 */
export type Chunk<Memory> = { slabs: Memory; tree: Memory; first: number; count: number };

export function openChunks<Memory>(gpu: Gpu<Memory>, n: number, slabs: number): Chunk<Memory>[] {
  return split(n, slabs, gpu.chunkBytes).map(({ first, count }) => ({
    slabs: gpu.allocate(count * n * n),
    tree: gpu.allocate(treeBytes(n, count)),
    first,
    count,
  }));
}

/** What `openChunks` takes, with the two trees for digests and X_0, B and a pad. */
export function memoryBytes(n: number, slabs: number, chunkBytes: number): number {
  const chunks = split(n, slabs, chunkBytes).map(({ count }) => count);
  const trees = [...chunks, Math.max(...chunks), Math.max(...chunks)];
  return slabs * n * n + trees.reduce((sum, count) => sum + treeBytes(n, count), 0) + 2 * n * n + n;
}

export const treeBytes = (n: number, slabs: number): number => slabs * HASH_BYTES * 2 * n;

/** Where a level starts in a tree over `count` slabs, in units. */
export function levelStart(n: number, count: number, level: number): number {
  return count * (2 * n - 2 * (n >> level));
}

/** The siblings of a row's node from the bottom up, in units. `slab` counts from the first of the chunk, and from 0. */
export function siblingsOf(n: number, count: number, slab: number, row: number): number[] {
  return Array.from(
    { length: rowLevels({ n }) },
    (_, level) => levelStart(n, count, level) + slab * (n >> level) + ((row >> level) ^ 1),
  );
}

/** Where a row starts, in units. */
export const rowStart = (n: number, slab: number, row: number): number => (slab * n + row) * (n / UNIT);

function split(n: number, slabs: number, chunkBytes: number): { first: number; count: number }[] {
  const most = Math.floor(chunkBytes / (n * n));
  if (most === 0) throw new RangeError(`a slab of side ${n} takes more than this device holds in one piece`);
  return Array.from({ length: Math.ceil(slabs / most) }, (_, chunk) => ({
    first: chunk * most + 1,
    count: Math.min(most, slabs - chunk * most),
  }));
}
