/** `mix`: a bijection of 32-bit words, the finaliser of MurmurHash3. Unsigned. */
export function mix(word: number): number {
  let x = word;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The byte X_{t+1}[j][i] that the exact sum over row i and column j of round t becomes. */
export function foldEntry(sum: number, i: number, j: number, n: number, t: number): number {
  return mix((sum + Math.imul(i * n + j, 0x9e3779b1) + Math.imul(t + 1, 0x85ebca77)) | 0) & 0xff;
}
