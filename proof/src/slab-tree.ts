import { HASH_BYTES } from './parameters.ts';
import { copyPath, raiseTree, rootAt, treeBytes } from './tree-in-memory.ts';
import { openWorkspace } from './workspace.ts';

/**
 * The tree over hashes whose number is no power of two: missing leaves are 32 zero bytes, up to the next power of two. A path has as many
 * siblings as the tree has levels, whichever leaf it starts from. The number of leaves is fixed beforehand, so no two lists share a root.
 */
export type SlabTree = { root: Uint8Array; copyPath: (index: number, out: Uint8Array, at: number) => void };

export function slabTree(hashes: Uint8Array): SlabTree {
  const width = 2 ** Math.ceil(Math.log2(hashes.length / HASH_BYTES));
  const { bytes, kernels, take } = openWorkspace(treeBytes(width) + 256);
  const at = take(treeBytes(width) + 256);
  bytes.set(hashes, at);
  bytes.fill(0, at + hashes.length, at + HASH_BYTES * width);
  raiseTree(kernels, at, width);
  const tree = bytes.slice(at, at + treeBytes(width));
  const root = rootAt(0, width);
  return {
    root: tree.slice(root, root + HASH_BYTES),
    copyPath: (index, out, to) => void copyPath(tree, 0, width, index, out, to),
  };
}
