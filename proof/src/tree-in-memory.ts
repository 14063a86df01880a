import { HASH_BYTES } from './parameters.ts';
import type { Kernels } from './wasm/kernels.ts';
import { paddingAt } from './wasm/sha256.ts';

/** A tree whose levels follow each other in memory: `width` nodes, half of them, and so on up to the root. */

/** Room for it. Hashes come in fours, so up to three that mean nothing are written behind the root. */
export const treeBytes = (width: number): number => HASH_BYTES * (2 * width + 4);
export const rootAt = (tree: number, width: number): number => tree + HASH_BYTES * (2 * width - 2);

/** From the nodes that stand at `tree`, all levels above them. */
export function raiseTree(kernels: Kernels, tree: number, width: number): void {
  let from = tree;
  for (let left = width; left > 1; left /= 2) {
    const above = from + HASH_BYTES * left;
    kernels.hash4(from, 64, 1, above, Math.ceil(left / 8), paddingAt[64]);
    from = above;
  }
}

/** Copies the siblings of a node's path to `out`; returns where they end. */
export function copyPath(
  memory: Uint8Array,
  tree: number,
  width: number,
  index: number,
  out: Uint8Array,
  at: number,
): number {
  let level = tree;
  let to = at;
  for (let left = width, own = index; left > 1; left /= 2, own >>>= 1) {
    const sibling = level + HASH_BYTES * (own ^ 1);
    out.set(memory.subarray(sibling, sibling + HASH_BYTES), to);
    level += HASH_BYTES * left;
    to += HASH_BYTES;
  }
  return to;
}
