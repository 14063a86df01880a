import { describe, expect, test } from 'vitest';
import { foldEntry } from './mixing.ts';
import { plainWord } from './testing/plain-work.ts';

/** Ways around the product that defeat public peers, tried on our matrices. A right byte by chance comes one time in 256. */

const n = 128;
const key = Uint32Array.from({ length: 8 }, (_, word) => Math.imul(word + 1, 0x9e3779b1));
const matrix = (which: 1 | 2): Int8Array[] =>
  Array.from({ length: n }, (_, line) => {
    const bytes = new DataView(new ArrayBuffer(n));
    for (let w = 0; w < n / 4; w++) bytes.setUint32(4 * w, plainWord(key, which, line * (n / 4) + w), true);
    return new Int8Array(bytes.buffer);
  });
const [rows, columns] = [matrix(1), matrix(2)];

describe('the Hankel recurrence C[i+1][j+1] = C[i][j] - a(i)b(j) + a(i+n)b(j+n), which is right where entries depend on i + j alone', () => {
  test('gives such matrices in n² steps', () => {
    const entry = (x: number): number => ((Math.imul(x, 0x9e3779b1) >>> 24) & 0xff) - 128;
    const a = Array.from({ length: n }, (_, i) => Int8Array.from({ length: n }, (_x, k) => entry(i + k)));
    const b = Array.from({ length: n }, (_, j) => Int8Array.from({ length: n }, (_x, k) => entry(7919 + k + j)));
    expect(shareRight(a, b, hankel(a, b))).toBe(1);
  });

  test('gives of ours what guessing gives', () => {
    expect(shareRight(rows, columns, hankel(rows, columns))).toBeLessThan(GUESSED);
  });
});

test('an estimate from the sums of rows and columns, which a tolerance of floats lets pass, gives of ours what guessing gives', () => {
  const rowSums = rows.map(sumOf);
  const columnSums = columns.map(sumOf);
  const estimate = (i: number, j: number): number => Math.round((rowSums[i]! * columnSums[j]!) / n);
  expect(shareRight(rows, columns, estimate)).toBeLessThan(GUESSED);
});

test('sums that are nearly right give other bytes: there is no tolerance', () => {
  for (const off of [-2, -1, 1, 2]) {
    expect(shareRight(rows, columns, (i, j) => product(rows[i]!, columns[j]!) + off)).toBeLessThan(GUESSED);
  }
});

/** Among n² - n entries off the first row and column, four standard deviations above one in 256. */
const GUESSED = 1 / 256 + 4 * Math.sqrt(1 / 256 / (n * n));

function hankel(a: readonly Int8Array[], b: readonly Int8Array[]): (i: number, j: number) => number {
  const c = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      // Read along the diagonal, entry k = -1 of the next line is what drops out, and k = n - 1 of it comes in.
      c[i]![j] =
        i === 0 || j === 0
          ? product(a[i]!, b[j]!)
          : c[i - 1]![j - 1]! - a[i - 1]![0]! * b[j - 1]![0]! + a[i]![n - 1]! * b[j]![n - 1]!;
    }
  }
  return (i, j) => c[i]![j]!;
}

function shareRight(a: readonly Int8Array[], b: readonly Int8Array[], sum: (i: number, j: number) => number): number {
  let right = 0;
  for (let i = 1; i < n; i++) {
    for (let j = 1; j < n; j++) {
      if (foldEntry(sum(i, j), i, j, n, 0) === foldEntry(product(a[i]!, b[j]!), i, j, n, 0)) right += 1;
    }
  }
  return right / (n - 1) ** 2;
}

function product(row: Int8Array, column: Int8Array): number {
  return row.reduce((sum, entry, k) => sum + entry * column[k]!, 0);
}

function sumOf(line: Int8Array): number {
  return line.reduce((sum, entry) => sum + entry, 0);
}
