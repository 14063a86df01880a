import { HASH_BYTES, LEAF_BYTES, leafLevels, rowLevels } from '../../parameters.ts';
import type { OpenedParts, Parts } from '../../prover.ts';
import { openWorkspace } from '../../workspace.ts';
import { copyPath, raiseTree, treeBytes } from '../../tree-in-memory.ts';
import { rowStart, siblingsOf } from './chunks.ts';
import type { Chunk } from './chunks.ts';
import { collect } from './collect.ts';
import type { Board, Piece } from './collect.ts';
import type { Gpu } from './gpu.ts';
import { UNIT } from './gpu.ts';

type Full<Memory> = {
  n: number;
  chunks: readonly Chunk<Memory>[];
  board: Board<Memory>;
  /** Queues the tree of a slab's digests, where it stands until the next is asked for. */
  digestsOf: (pass: number, slab: number) => Memory;
};

/** Rows, nodes and digests are gathered on the device. Only the hashes within the row of a leaf are made, here: they are not kept. */
export async function openParts<Memory>(
  gpu: Gpu<Memory>,
  full: Full<Memory>,
  { rows, leaves, digests }: Parts,
  stop: AbortSignal,
): Promise<OpenedParts> {
  const { n, chunks, board } = full;
  const openedRows = await collect(
    gpu,
    board,
    rows.flatMap((row) => rowPieces(n, chunks, row)),
  );
  stop.throwIfAborted();
  const holding = leaves.map(({ slab, leaf }) => ({ slab, row: Math.floor((leaf * LEAF_BYTES) / n) }));
  const rowsOfLeaves = await collect(
    gpu,
    board,
    holding.flatMap((row) => rowPieces(n, chunks, row)),
  );
  stop.throwIfAborted();
  return {
    rows: openedRows,
    leaves: leafEntries(n, leaves, rowsOfLeaves),
    digests: await digestPaths(gpu, full, digests, stop),
  };
}

/** The row, and the path from its node up. */
function rowPieces<Memory>(
  n: number,
  chunks: readonly Chunk<Memory>[],
  { slab, row }: { slab: number; row: number },
): Piece<Memory>[] {
  const chunk = chunks.find(({ first, count }) => slab < first + count)!;
  const within = slab - chunk.first;
  const path = siblingsOf(n, chunk.count, within, row);
  return [
    { source: chunk.slabs, from: rowStart(n, within, row), units: n / UNIT },
    ...path.map((from) => ({ source: chunk.tree, from, units: 1 })),
  ];
}

/** `rows`: of each leaf the row that holds it, with its path. */
function leafEntries(n: number, leaves: Parts['leaves'], rows: Uint8Array): Uint8Array {
  const [inRow, rowEntry] = [n / LEAF_BYTES, n + HASH_BYTES * rowLevels({ n })];
  const entry = LEAF_BYTES + HASH_BYTES * leafLevels({ n });
  const out = new Uint8Array(leaves.length * entry);
  const space = openWorkspace(rowEntry + treeBytes(inRow) + 4 * LEAF_BYTES);
  const [row, tree] = [space.take(n + 4 * LEAF_BYTES), space.take(treeBytes(inRow))];
  for (const [index, { leaf }] of leaves.entries()) {
    const from = rows.subarray(index * rowEntry, (index + 1) * rowEntry);
    const at = index * entry;
    const own = leaf % inRow;
    space.bytes.set(from.subarray(0, n), row);
    space.leafHashes(row, LEAF_BYTES, tree, inRow);
    raiseTree(space.kernels, tree, inRow);
    out.set(from.subarray(own * LEAF_BYTES, (own + 1) * LEAF_BYTES), at);
    const above = copyPath(space.bytes, tree, inRow, own, out, at + LEAF_BYTES);
    out.set(from.subarray(n), above);
  }
  return out;
}

/** The digests of a pass are not kept: those of the slabs that are asked for are made again, each slab once. */
async function digestPaths<Memory>(
  gpu: Gpu<Memory>,
  { n, board, digestsOf }: Full<Memory>,
  digests: Parts['digests'],
  stop: AbortSignal,
): Promise<Uint8Array> {
  const path = HASH_BYTES * rowLevels({ n });
  const out = new Uint8Array(digests.length * path);
  const numbered = digests.map((digest, index) => ({ ...digest, index }));
  for (const same of Map.groupBy(numbered, ({ pass, slab }) => `${pass} ${slab}`).values()) {
    const source = digestsOf(same[0]!.pass, same[0]!.slab);
    const pieces = same.flatMap(({ row }) => siblingsOf(n, 1, 0, row).map((from) => ({ source, from, units: 1 })));
    const paths = await collect(gpu, board, pieces);
    stop.throwIfAborted();
    for (const [k, { index }] of same.entries()) out.set(paths.subarray(k * path, (k + 1) * path), index * path);
  }
  return out;
}
