import { keccak_256 } from '@noble/hashes/sha3.js';

/**
 * Merkle trees as the contracts verify them, and as OpenZeppelin's StandardMerkleTree builds them: leaves hashed twice and sorted, so that
 * a root depends on the set alone; pairs hashed in order of size, so that a proof needs no directions.
 */

const HASH = 32;

/** keccak256(keccak256(words)) of a leaf's ABI encoding. Twice, so that no inner node can be taken for a leaf. */
export function leafHash(words: Uint8Array): Uint8Array {
  return keccak_256(keccak_256(words));
}

/**
 * A tree in one array of 2n − 1 hashes: the root first, the children of node i at 2i + 1 and 2i + 2, the sorted leaves at the end, the
 * least of them last. A million leaves take 64 MB.
 */
export type MerkleTree = { nodes: Uint8Array; leaves: number };

/** The tree over `leaves`: n hashes of 32 bytes, one after the other, in any order. */
export function merkleTree(leaves: Uint8Array): MerkleTree {
  const count = leaves.length / HASH;
  if (!Number.isInteger(count) || count === 0) throw new RangeError('a tree has at least one leaf of 32 bytes');
  const nodes = new Uint8Array((2 * count - 1) * HASH);
  for (const [n, leaf] of sortedLeaves(leaves, count).entries()) {
    nodes.set(leaves.subarray(leaf * HASH, (leaf + 1) * HASH), (2 * count - 2 - n) * HASH);
  }
  const pair = new Uint8Array(2 * HASH);
  for (let node = count - 2; node >= 0; node -= 1)
    nodes.set(hashPair(nodes, 2 * node + 1, 2 * node + 2, pair), node * HASH);
  return { nodes, leaves: count };
}

export function merkleRoot({ nodes }: MerkleTree): Uint8Array {
  return nodes.slice(0, HASH);
}

/** The siblings on the way from a leaf to the root; undefined when the leaf is not in the tree. */
export function merkleProof({ nodes, leaves }: MerkleTree, leaf: Uint8Array): Uint8Array[] | undefined {
  let node = findLeaf(nodes, leaves, leaf);
  if (node === undefined) return undefined;
  const proof: Uint8Array[] = [];
  while (node > 0) {
    const sibling: number = node % 2 === 1 ? node + 1 : node - 1;
    proof.push(nodes.slice(sibling * HASH, (sibling + 1) * HASH));
    node = (node - 1) >> 1;
  }
  return proof;
}

/** Whether a proof leads from the leaf to the root. */
export function provesLeaf(root: Uint8Array, leaf: Uint8Array, proof: readonly Uint8Array[]): boolean {
  const pair = new Uint8Array(2 * HASH);
  let node = leaf;
  for (const sibling of proof) {
    const [low, high] = compare(node, 0, sibling, 0) < 0 ? [node, sibling] : [sibling, node];
    pair.set(low, 0);
    pair.set(high, HASH);
    node = keccak_256(pair);
  }
  return compare(node, 0, root, 0) === 0;
}

/** Positions of the leaves in the order of their hashes. The first 32 bits decide nearly always, and are cheap to compare. */
function sortedLeaves(leaves: Uint8Array, count: number): Uint32Array {
  const view = new DataView(leaves.buffer, leaves.byteOffset, leaves.byteLength);
  const heads = new Uint32Array(count);
  for (let n = 0; n < count; n += 1) heads[n] = view.getUint32(n * HASH);
  return Uint32Array.from({ length: count }, (_, n) => n).sort(
    (a, b) => heads[a]! - heads[b]! || compare(leaves, a * HASH, leaves, b * HASH),
  );
}

/** Leaves stand at the end, the least last. */
function findLeaf(nodes: Uint8Array, leaves: number, leaf: Uint8Array): number | undefined {
  let [low, high] = [leaves - 1, 2 * leaves - 2];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(nodes, middle * HASH, leaf, 0);
    if (order === 0) return middle;
    if (order > 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function hashPair(nodes: Uint8Array, left: number, right: number, pair: Uint8Array): Uint8Array {
  const [low, high] = compare(nodes, left * HASH, nodes, right * HASH) < 0 ? [left, right] : [right, left];
  pair.set(nodes.subarray(low * HASH, (low + 1) * HASH), 0);
  pair.set(nodes.subarray(high * HASH, (high + 1) * HASH), HASH);
  return keccak_256(pair);
}

/** Of two hashes as numbers: negative, zero or positive. */
function compare(a: Uint8Array, atA: number, b: Uint8Array, atB: number): number {
  for (let n = 0; n < HASH; n += 1) {
    const difference = a[atA + n]! - b[atB + n]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
