import { createHash, hash, randomFillSync } from 'node:crypto';
import { laneWords, passKeys, workKey } from '@gpucoop/proof/keys.ts';
import { foldEntry } from '@gpucoop/proof/mixing.ts';
import { openingsBody } from '@gpucoop/proof/openings-body.ts';
import { layoutOf } from '@gpucoop/proof/openings-layout.ts';
import { HASH_BYTES, LEAF_BYTES, leafLevels, passCount, rowLevels } from '@gpucoop/proof/parameters.ts';
import type { Parameters } from '@gpucoop/proof/parameters.ts';
import type { OpenedParts } from '@gpucoop/proof/prover.ts';
import { expandQueries } from '@gpucoop/proof/queries.ts';
import type { Queries } from '@gpucoop/proof/queries.ts';
import { slabTree } from '@gpucoop/proof/slab-tree.ts';
import type { SlabTree } from '@gpucoop/proof/slab-tree.ts';
import { openWorkspace } from '@gpucoop/proof/workspace.ts';

/**
 * Openings of full size that a verifier must accept, without a GPU: whoever knows the queries before the commitment need compute only what
 * will be asked. That is why they are drawn after it, and here it gives the verifier the work of a whole challenge. All slabs are
 * one slab of noise, right in the few entries that are asked.
 */
export type Forged = {
  parameters: Parameters;
  queries: Queries;
  layout: ReturnType<typeof layoutOf>;
  commitment: {
    workKey: Uint32Array;
    root: Uint8Array;
    passes: { key: Uint32Array; root: Uint8Array }[];
  };
  body: Uint8Array;
};

export function forgeOpenings(parameters: Parameters): Forged {
  for (let attempt = 0; ; attempt++) {
    const transcript = new Uint8Array(createHash('sha256').update(`forged ${attempt}`).digest());
    const queries = expandQueries(transcript, parameters);
    const key = workKey(transcript);
    const slab = forgedSlab(parameters, queries, key);
    if (slab !== undefined) return forge(parameters, queries, key, slab, transcript);
  }
}

/** Undefined where an entry would depend on itself. */
function forgedSlab({ n }: Parameters, { work }: Queries, key: Uint32Array): Uint8Array | undefined {
  const slab = randomFillSync(new Uint8Array(n * n));
  const entries = work.flatMap(({ round, row, columns }) => columns.map((column) => ({ round, row, column })));
  const intoRow = Map.groupBy(entries, ({ column }) => column);
  const settled = new Map<number, 'under way' | 'done'>();
  const lines = generator(n, key);

  const settle = (row: number): boolean => {
    const state = settled.get(row);
    if (state !== undefined) return state === 'done';
    settled.set(row, 'under way');
    for (const { round, row: i, column: j } of intoRow.get(row) ?? []) {
      if (round > 0 && !settle(i)) return false;
      const input = round === 0 ? lines(1, i) : new Int8Array(slab.buffer, i * n, n);
      const column = lines(2, j);
      const sum = input.reduce((total, entry, k) => total + entry * column[k]!, 0);
      const byte = foldEntry(sum, i, j, n, round);
      const earlier = entries.some((one) => one.round !== round && one.row === i && one.column === j);
      if (earlier) return false;
      slab[j * n + i] = byte;
    }
    settled.set(row, 'done');
    return true;
  };
  return [...intoRow.keys()].every(settle) ? slab : undefined;
}

function forge(
  parameters: Parameters,
  queries: Queries,
  key: Uint32Array,
  slab: Uint8Array,
  transcript: Uint8Array,
): Forged {
  const { n, slabs } = parameters;
  const rows = rowNodes(n, slab);
  const tree = slabTree(repeated(slabTree(rows).root, slabs));
  // One exchange with all passes: how they are spread changes nothing for the openings.
  const keys = passKeys(transcript, passCount(parameters), new Uint8Array(HASH_BYTES * passCount(parameters)));
  const digests = new Map<string, SlabTree>();
  for (const { pass, slab: t } of queries.residency) {
    const name = `${pass} ${t}`;
    if (!digests.has(name)) digests.set(name, digestTree(n, slab, t, keys[pass]!));
  }
  const passTrees = keys.map((_, pass) => {
    const roots = new Uint8Array(HASH_BYTES * slabs);
    for (const { pass: one, slab: t } of queries.residency) {
      if (one === pass) roots.set(digests.get(`${pass} ${t}`)!.root, HASH_BYTES * (t - 1));
    }
    return slabTree(roots);
  });
  const layout = layoutOf(parameters, queries);
  const opened = openParts(parameters, layout, slab, slabTree(rows), digests);
  return {
    parameters,
    queries,
    layout,
    commitment: {
      workKey: key,
      root: tree.root,
      passes: keys.map((passKey, pass) => ({ key: passKey, root: passTrees[pass]!.root })),
    },
    body: openingsBody(parameters, layout, opened, tree, passTrees),
  };
}

function openParts(
  parameters: Parameters,
  { parts }: ReturnType<typeof layoutOf>,
  slab: Uint8Array,
  rowTree: SlabTree,
  digests: ReadonlyMap<string, SlabTree>,
): OpenedParts {
  const { n } = parameters;
  const path = HASH_BYTES * rowLevels(parameters);
  const leafEntry = LEAF_BYTES + HASH_BYTES * leafLevels(parameters);
  const opened = {
    rows: new Uint8Array(parts.rows.length * (n + path)),
    leaves: new Uint8Array(parts.leaves.length * leafEntry),
    digests: new Uint8Array(parts.digests.length * path),
  };
  for (const [entry, { row }] of parts.rows.entries()) {
    opened.rows.set(slab.subarray(row * n, row * n + n), entry * (n + path));
    rowTree.copyPath(row, opened.rows, entry * (n + path) + n);
  }
  const inRow = n / LEAF_BYTES;
  for (const [entry, { leaf }] of parts.leaves.entries()) {
    const row = Math.floor(leaf / inRow);
    const at = entry * leafEntry;
    opened.leaves.set(slab.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES), at);
    slabTree(leafHashes(slab.subarray(row * n, row * n + n))).copyPath(leaf % inRow, opened.leaves, at + LEAF_BYTES);
    rowTree.copyPath(row, opened.leaves, at + LEAF_BYTES + HASH_BYTES * Math.log2(inRow));
  }
  for (const [entry, { pass, slab: t, row }] of parts.digests.entries()) {
    digests.get(`${pass} ${t}`)!.copyPath(row, opened.digests, entry * path);
  }
  return opened;
}

function digestTree(n: number, slab: Uint8Array, t: number, passKey: Uint32Array): SlabTree {
  const space = openWorkspace(n * n + n + HASH_BYTES * n + 1024);
  const pad = space.take(n);
  space.generator(passKey, 0, n)(pad, 0);
  const leaves = space.take(HASH_BYTES * n);
  space.kernels.digest(space.put(slab), pad, n, leaves, t, 0, n);
  return slabTree(space.bytes.slice(leaves, leaves + HASH_BYTES * n));
}

function rowNodes(n: number, slab: Uint8Array): Uint8Array {
  const nodes = new Uint8Array(HASH_BYTES * n);
  for (let row = 0; row < n; row++) {
    nodes.set(slabTree(leafHashes(slab.subarray(row * n, row * n + n))).root, HASH_BYTES * row);
  }
  return nodes;
}

function leafHashes(row: Uint8Array): Uint8Array {
  const hashes = new Uint8Array((HASH_BYTES * row.length) / LEAF_BYTES);
  for (let leaf = 0; leaf < row.length / LEAF_BYTES; leaf++) {
    hashes.set(hash('sha256', row.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES), 'buffer'), HASH_BYTES * leaf);
  }
  return hashes;
}

function generator(n: number, key: Uint32Array): (matrix: 1 | 2, index: number) => Int8Array {
  return (matrix, index) => {
    const { added, xored } = laneWords(key, matrix);
    const space = openWorkspace(n + 1024);
    const out = space.take(n);
    space.kernels.generate(out, index * (n / 4), n / 4, space.putWords(added), space.putWords(xored));
    return new Int8Array(space.bytes.slice(out, out + n).buffer);
  };
}

function repeated(part: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(part.length * count);
  for (let n = 0; n < count; n++) all.set(part, n * part.length);
  return all;
}
