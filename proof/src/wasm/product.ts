import { doWhile, get, i32, i32x4, set, tee, v128 } from './assembler.ts';
import type { Code, Local, WasmFunction } from './assembler.ts';
import { mixInPlace, splat } from './mixing.ts';

/**
 * The product of one round. Rows of X_t and columns of B are widened to 16 bits and packed into tiles of four rows and of two columns,
 * eight entries of each at a time, so that the inner loop reads two pointers straight ahead: 8 sums in registers, 64 products a step.
 */
export const ROWS_OF_TILE = 4;
export const COLUMNS_OF_TILE = 2;

/** `pack4(from, out)` and `pack2`: so many rows of n bytes that follow each other become one tile, of twice the bytes. */
export function packTile(rows: number, n: number): WasmFunction {
  return {
    name: `pack${rows}`,
    params: 2,
    body: ({ params, local }) => {
      const [from, out] = params as [Local, Local];
      const end = local('i32');
      const line = Array.from({ length: rows }, (_, row) =>
        v128.store(get(out), v128.load8x8s(get(from), row * n), 16 * row),
      );
      return [
        set(end, i32.add(get(from), i32.const(n))),
        doWhile(
          [line, set(from, i32.add(get(from), i32.const(8))), set(out, i32.add(get(out), i32.const(16 * rows)))],
          i32.ltU(get(from), get(end)),
        ),
      ];
    },
  };
}

/**
 * `multiply(rows, columns, out, i, j, round, tiles)`: one tile of rows i .. i+3 against `tiles` tiles of columns from j on. `out` is where row
 * j of the next slab has its column i; `round` is t+1. The fold and the transposition are done on the way out.
 */
export function multiply(n: number): WasmFunction {
  return {
    name: 'multiply',
    params: 7,
    body: ({ params, local }) => {
      const [rows, columns, out, i, j, round, tiles] = params as [Local, Local, Local, Local, Local, Local, Local];
      const [row, end] = [local('i32'), local('i32')];
      const x = Array.from({ length: ROWS_OF_TILE }, () => local('v128'));
      const b = local('v128');
      const sums = Array.from({ length: COLUMNS_OF_TILE }, () => x.map(() => local('v128')));
      const step = (k: number): Code => [
        x.map((one, r) => set(one, v128.load(get(row), 16 * (ROWS_OF_TILE * k + r)))),
        sums.map((ofColumn, c) => [
          set(b, v128.load(get(columns), 16 * (COLUMNS_OF_TILE * k + c))),
          ofColumn.map((sum, r) => set(sum, i32x4.add(get(sum), i32x4.dotI16x8(get(x[r]!), get(b))))),
        ]),
      ];
      return doWhile(
        [
          set(row, get(rows)),
          set(end, i32.add(get(rows), i32.const(2 * ROWS_OF_TILE * n))),
          sums.flat().map((sum) => set(sum, splat(0))),
          doWhile(
            [
              Array.from({ length: UNROLLED }, (_, k) => step(k)),
              set(columns, i32.add(get(columns), i32.const(16 * COLUMNS_OF_TILE * UNROLLED))),
              set(row, i32.add(get(row), i32.const(16 * ROWS_OF_TILE * UNROLLED))),
            ],
            i32.ltU(get(row), get(end)),
          ),
          sums.map((ofColumn, c) => [
            set(x[0]!, foursOf(ofColumn, x)),
            fold(x[0]!, { i, j, round, n, c }),
            i32.store(get(out), fourBytes(x[0]!), c * n),
          ]),
          set(out, i32.add(get(out), i32.const(COLUMNS_OF_TILE * n))),
          set(j, i32.add(get(j), i32.const(COLUMNS_OF_TILE))),
        ],
        tee(tiles, i32.add(get(tiles), i32.const(-1))),
      );
    },
  };
}

const UNROLLED = 4;

const words = (...picked: number[]): number[] => picked.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));

/** From four vectors of partial sums one of whole sums, one of each. */
function foursOf([a, b, c, d]: readonly Local[], [p, q]: readonly Local[]): Code {
  const pairs = (x: Local, y: Local): Code =>
    i32x4.add(v128.shuffle(get(x), get(y), words(0, 2, 4, 6)), v128.shuffle(get(x), get(y), words(1, 3, 5, 7)));
  return [set(p!, pairs(a!, b!)), set(q!, pairs(c!, d!)), pairs(p!, q!)];
}

/** mix(S + (i*n + j) * 0x9E3779B1 + (t+1) * 0x85EBCA77) for the four rows i .. i+3 and column j + c. */
function fold(sums: Local, at: { i: Local; j: Local; round: Local; n: number; c: number }): Code {
  const rowStep = Math.imul(at.n, 0x9e3779b1);
  const index = i32.add(i32.mul(get(at.i), i32.const(at.n)), i32.add(get(at.j), i32.const(at.c)));
  const salt = i32.add(i32.mul(index, i32.const(0x9e3779b1)), i32.mul(get(at.round), i32.const(0x85ebca77)));
  const steps = v128.const([0, rowStep, Math.imul(2, rowStep), Math.imul(3, rowStep)]);
  return [set(sums, i32x4.add(get(sums), i32x4.add(i32x4.splat(salt), steps))), mixInPlace(sums)];
}

/** The low bytes of the four words, in order. */
function fourBytes(sums: Local): Code {
  return i32x4.extract(v128.shuffle(get(sums), get(sums), [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]), 0);
}
