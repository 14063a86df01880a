import { foldEntry } from './mixing.ts';
import type { Layout } from './openings-layout.ts';
import { HASH_BYTES, LEAF_BYTES, leafLevels, rowLevels, slabLevels } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import type { Queries } from './queries.ts';
import { openWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** What an opening can be wrong in, in the order in which it is looked for. */
export type OpeningFault = 'row_not_committed' | 'leaf_not_committed' | 'wrong_entry' | 'digest_not_committed';

/** What the prover has committed to, and the keys that follow from it. */
export type Commitment = {
  workKey: Uint32Array;
  /** The root over the roots of all slabs. */
  root: Uint8Array;
  /** Of each pass over all exchanges: its key, and its root over the digest roots of all slabs. */
  passes: readonly { key: Uint32Array; root: Uint8Array }[];
};

/** Checks every opening. `body` has the layout's length: the caller has compared. */
export function checkOpenings(
  parameters: Parameters,
  queries: Queries,
  layout: Layout,
  commitment: Commitment,
  body: Uint8Array,
): OpeningFault | undefined {
  const space = openWorkspace(workspaceBytes(parameters, layout, queries));
  const at = space.put(body);
  const open: Open = { parameters, queries, layout, commitment, space, at };
  if (!rowsAreCommitted(open)) return 'row_not_committed';
  if (!leavesAreCommitted(open)) return 'leaf_not_committed';
  if (!entriesAreRight(open)) return 'wrong_entry';
  if (!digestsAreCommitted(open)) return 'digest_not_committed';
  return undefined;
}

type Open = {
  parameters: Parameters;
  queries: Queries;
  layout: Layout;
  commitment: Commitment;
  space: Workspace;
  at: number;
};

function rowsAreCommitted({ parameters, layout, commitment, space, at }: Open): boolean {
  const { n } = parameters;
  const { rows, rowSlabs, parts } = layout;
  if (rows.count === 0) return true;
  const lines = space.take(n * rows.count + 4 * LEAF_BYTES);
  for (let entry = 0; entry < rows.count; entry++) {
    const from = at + rows.at + entry * rows.entryBytes;
    space.bytes.copyWithin(lines + entry * n, from, from + n);
  }
  const leaves = (rows.count * n) / LEAF_BYTES;
  const nodes = space.take(HASH_BYTES * (leaves + 4));
  space.leafHashes(lines, LEAF_BYTES, nodes, leaves);
  space.reduce(nodes, leaves, rows.count);
  const indices = parts.rows.map(({ row }) => row);
  space.climb(nodes, indices, at + rows.at + n, rows.entryBytes, rowLevels(parameters));
  const slabs = parts.rows.map(({ slab }) => slab - 1);
  space.climb(nodes, slabs, at + rowSlabs.at, rowSlabs.entryBytes, slabLevels(parameters));
  return slabs.every((_, entry) => isHash(space, nodes + HASH_BYTES * entry, commitment.root));
}

/** The leaves of one sample lie in one slab: they must reach one root, and that root the commitment. */
function leavesAreCommitted({ parameters, queries, layout, commitment, space, at }: Open): boolean {
  const { leaves, leafSlabs, parts } = layout;
  const nodes = space.take(HASH_BYTES * (leaves.count + 4));
  const from = at + leaves.at;
  space.leafHashes(from, leaves.entryBytes, nodes, leaves.count);
  const indices = parts.leaves.map(({ leaf }) => leaf);
  space.climb(nodes, indices, from + LEAF_BYTES, leaves.entryBytes, leafLevels(parameters));
  const { columns } = parameters;
  const firsts = space.take(HASH_BYTES * (leafSlabs.count + 4));
  for (let sample = 0; sample < leafSlabs.count; sample++) {
    const first = nodes + HASH_BYTES * sample * columns;
    const root = space.bytes.subarray(first, first + HASH_BYTES);
    for (let column = 1; column < columns; column++) {
      if (!isHash(space, first + HASH_BYTES * column, root)) return false;
    }
    space.bytes.copyWithin(firsts + HASH_BYTES * sample, first, first + HASH_BYTES);
  }
  const slabs = queries.work.map(({ round }) => round);
  space.climb(firsts, slabs, at + leafSlabs.at, leafSlabs.entryBytes, slabLevels(parameters));
  return slabs.every((_, sample) => isHash(space, firsts + HASH_BYTES * sample, commitment.root));
}

function entriesAreRight({ parameters, queries, layout, commitment, space, at }: Open): boolean {
  const { n, columns } = parameters;
  const { rows, leaves } = layout;
  const firstRow = space.generator(commitment.workKey, 1, n);
  const columnOfB = space.generator(commitment.workKey, 2, n);
  const [generated, column] = [space.take(n), space.take(n)];
  let opened = 0;
  return queries.work.every(({ round, row, columns: picked }, sample) => {
    const line = round === 0 ? generated : at + rows.at + opened++ * rows.entryBytes;
    if (round === 0) firstRow(generated, row);
    return picked.every((j, c) => {
      columnOfB(column, j);
      const sum = space.kernels.dot(line, column, n);
      const leaf = at + leaves.at + (sample * columns + c) * leaves.entryBytes;
      return space.bytes[leaf + (row % LEAF_BYTES)] === foldEntry(sum, row, j, n, round);
    });
  });
}

function digestsAreCommitted({ parameters, queries, layout, commitment, space, at }: Open): boolean {
  const { n } = parameters;
  const { rows, digests, digestSlabs } = layout;
  const firstRow = at + rows.at + (rows.count - digests.count) * rows.entryBytes;
  const nodes = space.take(HASH_BYTES * (digests.count + 4));
  const pad = space.take(n);
  for (const [sample, { pass, slab, row }] of queries.residency.entries()) {
    space.generator(commitment.passes[pass]!.key, 0, n)(pad, 0);
    const line = firstRow + sample * rows.entryBytes;
    space.kernels.digest(line, pad, n, nodes + HASH_BYTES * sample, slab, row, 1);
  }
  const indices = queries.residency.map(({ row }) => row);
  space.climb(nodes, indices, at + digests.at, digests.entryBytes, rowLevels(parameters));
  const slabs = queries.residency.map(({ slab }) => slab - 1);
  space.climb(nodes, slabs, at + digestSlabs.at, digestSlabs.entryBytes, slabLevels(parameters));
  return queries.residency.every(({ pass }, sample) =>
    isHash(space, nodes + HASH_BYTES * sample, commitment.passes[pass]!.root),
  );
}

function isHash({ bytes }: Workspace, at: number, expected: Uint8Array): boolean {
  for (let n = 0; n < HASH_BYTES; n++) if (bytes[at + n] !== expected[n]) return false;
  return true;
}

/** Bytes of memory that the checks take: the message, its rows once more side by side with their nodes, nodes and pairs of each entry, a pad and the two lines compared. */
export function workspaceBytes(
  parameters: Parameters,
  { bytes, rows, leaves, digests }: Layout,
  { work }: Queries,
): number {
  const entries = rows.count + leaves.count + digests.count + work.length;
  const lines = rows.count * (parameters.n + parameters.n / 8) + 3 * parameters.n;
  return bytes + lines + entries * 512 + 65_536;
}
