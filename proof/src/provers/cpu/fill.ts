import { laneWords } from '../../keys.ts';
import { HASH_BYTES, LEAF_BYTES } from '../../parameters.ts';
import { FREE_FROM, loadProductKernels, PAGE_BYTES } from '../../wasm/kernels.ts';
import { COLUMNS_OF_TILE, ROWS_OF_TILE } from '../../wasm/product.ts';
import { paddingAt } from '../../wasm/sha256.ts';

/**
 * One worker's share of the rounds: it multiplies all rows of X_t by its own columns of B, which gives whole rows of X_{t+1}. It works in
 * a memory of its own, so that what it reads again and again is packed and near.
 */
export type Share = {
  /** Rows j .. of the next slab, with the nodes over them, a block at a time. Only valid until the next block. */
  round: (round: number, readRows: ReadRows, write: WriteBlock) => void;
};
/** Puts four rows of X_t from row i on into `target`. */
export type ReadRows = (i: number, target: Uint8Array) => void;
export type WriteBlock = (j: number, rows: Uint8Array, nodes: Uint8Array) => void;

/** Packed columns of a block stay in the second-level cache, which has at least this much on what people run today. */
const BLOCK_BYTES = 2 ** 18;

const blockOf = (n: number, columns: number): number => Math.min(columns, Math.max(8, BLOCK_BYTES / (2 * n)));

function placesOf(n: number, columns: number) {
  const block = blockOf(n, columns);
  const sizes = {
    keys: 64,
    lines: ROWS_OF_TILE * n,
    packedRows: 2 * n * n,
    packedColumns: 2 * n * columns,
    block: block * n,
    nodes: (HASH_BYTES * block * n) / LEAF_BYTES + 4 * HASH_BYTES,
  };
  let end = FREE_FROM;
  const place = (bytes: number): number => (end += bytes) - bytes;
  const at = {
    keys: place(sizes.keys),
    lines: place(sizes.lines),
    packedRows: place(sizes.packedRows),
    packedColumns: place(sizes.packedColumns),
    block: place(sizes.block),
    nodes: place(sizes.nodes),
  };
  return { block, at, end };
}

/** What a share takes in memory. */
export const shareBytes = (n: number, columns: number): number => placesOf(n, columns).end;

/** `columns` from `first` on, both multiples of eight. */
export function openShare(n: number, key: Uint32Array, first: number, columns: number): Share {
  const { block, at, end } = placesOf(n, columns);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
  const kernels = loadProductKernels(memory, n);
  const bytes = new Uint8Array(memory.buffer);
  const lines = bytes.subarray(at.lines, at.lines + ROWS_OF_TILE * n);
  const generate = (matrix: 1 | 2, from: number, count: number): void => {
    const { added, xored } = laneWords(key, matrix);
    new Uint32Array(memory.buffer, at.keys, 8).set([...added, ...xored]);
    kernels.generate(at.lines, from * (n / 4), count * (n / 4), at.keys, at.keys + 16);
  };

  for (let column = 0; column < columns; column += COLUMNS_OF_TILE) {
    generate(2, first + column, COLUMNS_OF_TILE);
    kernels.pack2(at.lines, at.packedColumns + 2 * n * column);
  }

  return {
    round: (round, readRows, write) => {
      for (let i = 0; i < n; i += ROWS_OF_TILE) {
        if (round === 0) generate(1, i, ROWS_OF_TILE);
        else readRows(i, lines);
        kernels.pack4(at.lines, at.packedRows + 2 * n * i);
      }
      for (let start = 0; start < columns; start += block) {
        const width = Math.min(block, columns - start);
        const packed = at.packedColumns + 2 * n * start;
        for (let i = 0; i < n; i += ROWS_OF_TILE) {
          const rows = at.packedRows + 2 * n * i;
          kernels.multiply(rows, packed, at.block + i, i, first + start, round + 1, width / COLUMNS_OF_TILE);
        }
        hashRows(width);
        const nodes = bytes.subarray(at.nodes, at.nodes + HASH_BYTES * width);
        write(first + start, bytes.subarray(at.block, at.block + n * width), nodes);
      }
    },
  };

  /** From the leaves of all rows of the block up to one node for each row. */
  function hashRows(width: number): void {
    const leaves = (width * n) / LEAF_BYTES;
    kernels.hash4(at.block, LEAF_BYTES, LEAF_BYTES / 64, at.nodes, leaves / 4, paddingAt[LEAF_BYTES]);
    for (let left = leaves / 2; left >= width; left /= 2) {
      kernels.hash4(at.nodes, 64, 1, at.nodes, left / 4, paddingAt[64]);
    }
  }
}
