import { HASH_BYTES, LEAF_BYTES, leafLevels, rowLevels, slabLevels } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import type { Parts } from './prover.ts';
import type { Queries } from './queries.ts';

/**
 * Where everything stands in the body of an openings message. The sections follow each other, each a list of entries of one length:
 * rows (work samples with t > 0, then residency samples), leaves (m for each work sample), paths of digest leaves, and then the paths from
 * slab roots to the one root: of each row's slab, of each work sample's next slab, of each digest's slab in the tree of its pass.
 */
export type Layout = {
  parts: Parts;
  rows: Section;
  leaves: Section;
  digests: Section;
  rowSlabs: Section;
  leafSlabs: Section;
  digestSlabs: Section;
  bytes: number;
};
export type Section = { at: number; entryBytes: number; count: number };

export function layoutOf(parameters: Parameters, { work, residency }: Queries): Layout {
  const { n } = parameters;
  const kept = work.filter(({ round }) => round > 0).map(({ round, row }) => ({ slab: round, row }));
  const rows = [...kept, ...residency.map(({ slab, row }) => ({ slab, row }))];
  const leaves = work.flatMap(({ round, row, columns }) =>
    columns.map((column) => ({ slab: round + 1, leaf: leafOf(n, column, row) })),
  );
  const slabPath = HASH_BYTES * slabLevels(parameters);
  let bytes = 0;
  const section = (count: number, entryBytes: number): Section => {
    const at = bytes;
    bytes += count * entryBytes;
    return { at, entryBytes, count };
  };
  return {
    parts: { rows, leaves, digests: residency },
    rows: section(rows.length, n + HASH_BYTES * rowLevels(parameters)),
    leaves: section(leaves.length, LEAF_BYTES + HASH_BYTES * leafLevels(parameters)),
    digests: section(residency.length, HASH_BYTES * rowLevels(parameters)),
    rowSlabs: section(rows.length, slabPath),
    leafSlabs: section(work.length, slabPath),
    digestSlabs: section(residency.length, slabPath),
    get bytes() {
      return bytes;
    },
  };
}

/** The leaf of a slab that holds its entry [row][column]. */
export function leafOf(n: number, row: number, column: number): number {
  return row * (n / LEAF_BYTES) + Math.floor(column / LEAF_BYTES);
}
