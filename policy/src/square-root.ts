/** ⌊√n⌋, by Newton's steps from above: exact for any size, where Math.sqrt loses digits from 2⁵³ on. */
export function squareRootRoundedDown(n: bigint): bigint {
  if (n < 0n) throw new RangeError('a negative number has no root');
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
