import { laneWords } from '../keys.ts';
import { HASH_BYTES, LEAF_BYTES } from '../parameters.ts';
import type { Filled, OpenedParts, Parts, Prover, Work } from '../prover.ts';
import { openShare } from '../provers/cpu/fill.ts';
import { slabTree } from '../slab-tree.ts';
import type { SlabTree } from '../slab-tree.ts';
import { openWorkspace } from '../workspace.ts';
import { hash } from './plain-work.ts';

/** A prover in one thread whose work can be spoilt where an attacker would save something. Without a cheat it is honest. */
export type Cheat = {
  /** Changes slab t, from 1, once it is computed: the next round reads, and the commitment covers, what is left. */
  work?: (slab: Uint8Array, t: number) => void;
  /** What is read instead of slab t in a residency pass. Openings still come from the whole slab, for they are not timed. */
  memory?: (slab: Uint8Array, t: number, pass: number) => Uint8Array;
  passKey?: (key: Uint32Array, pass: number) => Uint32Array;
  /** Changes what is opened, after the commitment. */
  opened?: (parts: OpenedParts, asked: Parts) => void;
};

export function cheatingProver(cheat: Cheat = {}): Prover {
  return {
    kind: 'cpu',
    devices: () => Promise.resolve([{ id: 'cheat', name: 'NVIDIA H200', totalBytes: 2 ** 40, freeBytes: 2 ** 40 }]),
    memoryBytes: (n, slabs) => n * n * slabs,
    begin: (_device, work) => Promise.resolve(cheatingWork(work, cheat)),
  };
}

export function cheatingWork({ n, slabs: count, key }: Work, cheat: Cheat = {}): Filled {
  const slabs = Array.from({ length: count }, () => new Uint8Array(n * n));
  const share = openShare(n, key, 0, n);
  for (const [round, slab] of slabs.entries()) {
    share.round(
      round,
      (i, target) => target.set(slabs[round - 1]!.subarray(i * n, (i + 4) * n)),
      (j, rows) => slab.set(rows, j * n),
    );
    cheat.work?.(slab, round + 1);
  }
  const trees = slabs.map((slab) => slabTree(joined(rowNodes(n, slab))));
  const passes: SlabTree[][] = [];
  return {
    slabRoots: joined(trees.map(({ root }) => root)),
    reside: (passKey) => {
      const pass = passes.length;
      const used = cheat.passKey?.(passKey, pass) ?? passKey;
      passes.push(slabs.map((slab, t) => digestTree(n, cheat.memory?.(slab, t + 1, pass) ?? slab, t + 1, used)));
      return Promise.resolve(joined(passes.at(-1)!.map(({ root }) => root)));
    },
    open: (parts) => {
      const opened = openFrom(n, slabs, trees, passes, parts);
      cheat.opened?.(opened, parts);
      return Promise.resolve(opened);
    },
    close: () => Promise.resolve(),
  };
}

function openFrom(
  n: number,
  slabs: readonly Uint8Array[],
  trees: readonly SlabTree[],
  passes: readonly (readonly SlabTree[])[],
  { rows, leaves, digests }: Parts,
): OpenedParts {
  const path = HASH_BYTES * Math.log2(n);
  const out = {
    rows: new Uint8Array(rows.length * (n + path)),
    leaves: new Uint8Array(leaves.length * (LEAF_BYTES + path + HASH_BYTES * Math.log2(n / LEAF_BYTES))),
    digests: new Uint8Array(digests.length * path),
  };
  for (const [entry, { slab, row }] of rows.entries()) {
    const at = entry * (n + path);
    out.rows.set(slabs[slab - 1]!.subarray(row * n, row * n + n), at);
    trees[slab - 1]!.copyPath(row, out.rows, at + n);
  }
  const inRow = n / LEAF_BYTES;
  for (const [entry, { slab, leaf }] of leaves.entries()) {
    const at = (entry * out.leaves.length) / leaves.length;
    const row = Math.floor(leaf / inRow);
    out.leaves.set(slabs[slab - 1]!.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES), at);
    const below = slabTree(joined(leafHashes(slabs[slab - 1]!.subarray(row * n, row * n + n))));
    below.copyPath(leaf % inRow, out.leaves, at + LEAF_BYTES);
    trees[slab - 1]!.copyPath(row, out.leaves, at + LEAF_BYTES + HASH_BYTES * Math.log2(inRow));
  }
  for (const [entry, { pass, slab, row }] of digests.entries()) {
    passes[pass]![slab - 1]!.copyPath(row, out.digests, entry * path);
  }
  return out;
}

function digestTree(n: number, slab: Uint8Array, t: number, passKey: Uint32Array): SlabTree {
  const space = openWorkspace(n * n + n + 32 * n + 1024);
  const { added, xored } = laneWords(passKey, 0);
  const pad = space.take(n);
  space.kernels.generate(pad, 0, n / 4, space.putWords(added), space.putWords(xored));
  const leaves = space.take(HASH_BYTES * n);
  space.kernels.digest(space.put(slab), pad, n, leaves, t, 0, n);
  return slabTree(space.bytes.slice(leaves, leaves + HASH_BYTES * n));
}

const rowNodes = (n: number, slab: Uint8Array): Uint8Array[] =>
  Array.from({ length: n }, (_, row) => slabTree(joined(leafHashes(slab.subarray(row * n, row * n + n)))).root);

const leafHashes = (row: Uint8Array): Uint8Array[] =>
  Array.from({ length: row.length / LEAF_BYTES }, (_, leaf) =>
    hash(row.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)),
  );

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
