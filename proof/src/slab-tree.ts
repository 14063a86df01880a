import { sha256 } from '@noble/hashes/sha2.js';
import { HASH_BYTES } from './parameters.ts';

/**
 * The tree over hashes whose number is no power of two: missing leaves are 32 zero bytes, up to the next power of two. A path has as many
 * siblings as the tree has levels, whichever leaf it starts from. The number of leaves is fixed beforehand, so no two lists share a root.
 */
export type SlabTree = { root: Uint8Array; path: (index: number) => Uint8Array };

export function slabTree(leaves: Uint8Array): SlabTree {
  const levels = [padded(leaves)];
  while (levels.at(-1)!.length > HASH_BYTES) levels.push(halved(levels.at(-1)!));
  return {
    root: levels.at(-1)!,
    path: (index) => {
      const path = new Uint8Array(HASH_BYTES * (levels.length - 1));
      for (let level = 0; level < levels.length - 1; level++) {
        const sibling = (index >>> level) ^ 1;
        path.set(levels[level]!.subarray(HASH_BYTES * sibling, HASH_BYTES * (sibling + 1)), HASH_BYTES * level);
      }
      return path;
    },
  };
}

function padded(leaves: Uint8Array): Uint8Array {
  const count = leaves.length / HASH_BYTES;
  const full = new Uint8Array(HASH_BYTES * 2 ** Math.ceil(Math.log2(count)));
  full.set(leaves);
  return full;
}

function halved(level: Uint8Array): Uint8Array {
  const above = new Uint8Array(level.length / 2);
  for (let at = 0; at < above.length; at += HASH_BYTES) above.set(sha256(level.subarray(2 * at, 2 * at + 64)), at);
  return above;
}
