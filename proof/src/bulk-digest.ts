import { HASH_BYTES, LEAF_BYTES } from './parameters.ts';
import { openWorkspace } from './workspace.ts';

/**
 * One hash for a message of megabytes, which four-way hashing makes in a third of the time of a plain one: the root over its pieces of
 * 256 bytes, the last one filled up with zeros, by the rule of `slab-tree.ts`.
 */
export function bulkDigest(bytes: Uint8Array): Uint8Array {
  const pieces = Math.ceil(bytes.length / LEAF_BYTES);
  const leaves = 2 ** Math.ceil(Math.log2(pieces));
  const space = openWorkspace(LEAF_BYTES * (pieces + 4) + HASH_BYTES * (leaves + 8));
  const from = space.take(LEAF_BYTES * (pieces + 4));
  space.bytes.set(bytes, from);
  space.bytes.fill(0, from + bytes.length, from + LEAF_BYTES * pieces);
  const nodes = space.take(HASH_BYTES * (leaves + 4));
  space.leafHashes(from, LEAF_BYTES, nodes, pieces);
  // Hashes come in fours: those of no piece are taken away again.
  space.bytes.fill(0, nodes + HASH_BYTES * pieces, nodes + HASH_BYTES * (leaves + 4));
  space.reduce(nodes, leaves, 1);
  return space.bytes.slice(nodes, nodes + HASH_BYTES);
}
