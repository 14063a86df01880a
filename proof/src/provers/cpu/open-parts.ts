import { HASH_BYTES, LEAF_BYTES, leafLevels, rowLevels } from '../../parameters.ts';
import type { OpenedParts, Parts } from '../../prover.ts';
import type { Kernels } from '../../wasm/kernels.ts';
import { paddingAt } from '../../wasm/sha256.ts';
import { copyPath, raiseTree } from '../../tree-in-memory.ts';

/** A bank as one worker sees it: addresses of slabs and trees, and its own scratch. */
export type BankView = {
  kernels: Kernels;
  bytes: Uint8Array;
  /** The last slab of the bank. */
  last: number;
  slab: (slab: number) => number;
  tree: (slab: number) => number;
  /** Where a tree of n nodes can be made. */
  scratchTree: number;
  /** Makes the pad of a pass. */
  pad: (passKey: Uint32Array) => void;
  /** The digest leaves of a slab under the pad, at the scratch tree. */
  digests: (slab: number) => void;
};

/** Row nodes are kept; what lies below them, and the digests, are made again for the few that are asked for. */
export function openParts(
  n: number,
  viewOf: (slab: number) => BankView,
  { rows, leaves, digests }: Parts,
  passKeys: readonly Uint32Array[],
): OpenedParts {
  const [ofRow, ofLeaf] = [HASH_BYTES * rowLevels({ n }), HASH_BYTES * leafLevels({ n })];
  return {
    rows: each(rows, n + ofRow, ({ slab, row }, out, at) => {
      const view = viewOf(slab);
      const from = view.slab(slab) + row * n;
      out.set(view.bytes.subarray(from, from + n), at);
      copyPath(view.bytes, view.tree(slab), n, row, out, at + n);
    }),
    leaves: each(leaves, LEAF_BYTES + ofLeaf, ({ slab, leaf }, out, at) => {
      const view = viewOf(slab);
      const from = view.slab(slab) + leaf * LEAF_BYTES;
      out.set(view.bytes.subarray(from, from + LEAF_BYTES), at);
      const inRow = n / LEAF_BYTES;
      const row = Math.floor(leaf / inRow);
      const rowAt = view.slab(slab) + row * n;
      const groups = Math.ceil(inRow / 4);
      view.kernels.hash4(rowAt, LEAF_BYTES, LEAF_BYTES / 64, view.scratchTree, groups, paddingAt[LEAF_BYTES]);
      raiseTree(view.kernels, view.scratchTree, inRow);
      const above = copyPath(view.bytes, view.scratchTree, inRow, leaf % inRow, out, at + LEAF_BYTES);
      copyPath(view.bytes, view.tree(slab), n, row, out, above);
    }),
    digests: each(digests, ofRow, ({ pass, slab, row }, out, at) => {
      const view = viewOf(slab);
      view.pad(passKeys[pass]!);
      view.digests(slab);
      raiseTree(view.kernels, view.scratchTree, n);
      copyPath(view.bytes, view.scratchTree, n, row, out, at);
    }),
  };
}

function each<Part>(
  parts: readonly Part[],
  entryBytes: number,
  write: (part: Part, out: Uint8Array, at: number) => void,
): Uint8Array {
  const out = new Uint8Array(parts.length * entryBytes);
  for (const [entry, part] of parts.entries()) write(part, out, entry * entryBytes);
  return out;
}
