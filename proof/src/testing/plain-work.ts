import { createHash } from 'node:crypto';

/**
 * The work as the page says it, one number after the other and with nothing of the rest of this room: what the provers and the verifier
 * are held against.
 */
export function plainSlabs(n: number, count: number, key: Uint32Array): Uint8Array[] {
  const columns = Array.from({ length: n }, (_, j) => line(key, 2, n, j));
  let x = Array.from({ length: n }, (_, i) => line(key, 1, n, i));
  return Array.from({ length: count }, (_unused, t) => {
    const slab = new Uint8Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) slab[j * n + i] = plainEntry(x[i]!, columns[j]!, i, j, n, t);
    }
    x = Array.from({ length: n }, (_, i) => new Int8Array(slab.buffer, i * n, n));
    return slab;
  });
}

function plainEntry(row: Int8Array, column: Int8Array, i: number, j: number, n: number, t: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += row[k]! * column[k]!;
  return plainFold(sum, i * n + j, t);
}

export function plainFold(sum: number, index: number, t: number): number {
  const salted = BigInt(sum) + BigInt(index) * 0x9e3779b1n + BigInt(t + 1) * 0x85ebca77n;
  return Number(plainMix(BigInt.asUintN(32, salted)) & 0xffn);
}

export function plainMix(word: bigint): bigint {
  let x = word;
  x ^= x >> 16n;
  x = BigInt.asUintN(32, x * 0x85ebca6bn);
  x ^= x >> 13n;
  x = BigInt.asUintN(32, x * 0xc2b2ae35n);
  return x ^ (x >> 16n);
}

/** Matrix 1 is X_0 with its rows, 2 is B with its columns, 0 the pad. */
export function plainWord(key: Uint32Array, matrix: number, counter: number): number {
  const lane = counter % 4;
  const first = BigInt(counter) + BigInt(key[2 * lane]!) + BigInt(matrix) * 0x632be5abn;
  return Number(plainMix(plainMix(BigInt.asUintN(32, first)) ^ BigInt(key[2 * lane + 1]!)));
}

function line(key: Uint32Array, matrix: number, n: number, index: number): Int8Array {
  const bytes = new DataView(new ArrayBuffer(n));
  for (let w = 0; w < n / 4; w++) bytes.setUint32(4 * w, plainWord(key, matrix, index * (n / 4) + w), true);
  return new Int8Array(bytes.buffer);
}

export function plainSlabRoot(slab: Uint8Array): Uint8Array {
  const leaves = Array.from({ length: slab.length / 256 }, (_, leaf) =>
    hash(slab.subarray(256 * leaf, 256 * leaf + 256)),
  );
  return rootOf(leaves);
}

export function plainDigestRoot(n: number, slab: Uint8Array, t: number, passKey: Uint32Array): Uint8Array {
  return rootOf(
    Array.from({ length: n }, (_, row) => plainDigest(n, slab.subarray(row * n, row * n + n), t, row, passKey)),
  );
}

export function plainDigest(n: number, row: Uint8Array, t: number, number: number, passKey: Uint32Array): Uint8Array {
  const words = new DataView(row.buffer, row.byteOffset, n);
  const sums = [0n, 0n, 0n, 0n];
  for (let k = 0; k < n / 4; k++) {
    const padded = words.getUint32(4 * k, true) ^ plainWord(passKey, 0, k);
    sums[k % 4] = BigInt.asUintN(32, sums[k % 4]! + plainMix(BigInt(padded >>> 0)));
  }
  const leaf = new DataView(new ArrayBuffer(32));
  for (const [lane, sum] of sums.entries()) leaf.setUint32(4 * lane, Number(sum), false);
  leaf.setUint32(16, t, false);
  leaf.setUint32(20, number, false);
  return new Uint8Array(leaf.buffer);
}

/** Filled up with 32 zero bytes to a power of two. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const full = 2 ** Math.ceil(Math.log2(leaves.length));
  const all = [...leaves, ...Array.from({ length: full - leaves.length }, () => new Uint8Array(32))];
  return rootOf(Array.from({ length: full / 2 }, (_, pair) => hash(all[2 * pair]!, all[2 * pair + 1]!)));
}

export function hash(...parts: (Uint8Array | string)[]): Uint8Array {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return new Uint8Array(sha.digest());
}
