import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge, netRoundedUp, type Sums } from './statement-line.ts';

const drawn: Sums = { gross: 100n, net: 95n };
const FIFTH = 200_000n;

test.each([
  ['more gross, and its net', { gross: 200n, net: 190n }, 'paid'],
  ['more gross, and no more net', { gross: 101n, net: 95n }, 'paid'],
  ['more gross that is all net', { gross: 101n, net: 96n }, 'paid'],
  ['the most fee', { gross: 200n, net: 160n }, 'paid'],
  ['a unit more fee than the most', { gross: 200n, net: 159n }, 'malformed'],
  ['the same once more', { gross: 100n, net: 95n }, 'stale'],
  ['the same gross with more net', { gross: 100n, net: 96n }, 'stale'],
  ['less', { gross: 99n, net: 94n }, 'stale'],
  ['more net than gross', { gross: 101n, net: 102n }, 'malformed'],
  ['net that fell', { gross: 101n, net: 94n }, 'malformed'],
  ['a fee that fell', { gross: 101n, net: 97n }, 'malformed'],
])('a line with %s', (_, line, judgement) => {
  expect(judge(drawn, line, FIFTH)).toBe(judgement);
});

test('the first line of all may be without a fee', () => {
  expect(judge({ gross: 0n, net: 0n }, { gross: 7n, net: 7n }, 0n)).toBe('paid');
});

test('a part pays its share, the fee of it rounded down; the parts add up to the line', () => {
  const line = { gross: 200n, net: 190n };
  expect([1n, 19n, 20n, 100n].map((gross) => netRoundedUp(drawn, line, gross))).toEqual([1n, 19n, 19n, 95n]);
  const sums = fc.record({ fee: fc.bigInt(0n, 10n ** 12n), net: fc.bigInt(0n, 10n ** 12n) });
  fc.assert(
    fc.property(sums, sums, fc.bigInt(1n, 10n ** 12n), (before, more, part) => {
      const from = { gross: before.fee + before.net, net: before.net };
      const to = { gross: from.gross + more.fee + more.net, net: from.net + more.net };
      fc.pre(part < to.gross - from.gross);
      const paid = netRoundedUp(from, to, part);
      const then = { gross: from.gross + part, net: from.net + paid };
      expect(judge(then, to, 1_000_000n)).toBe('paid');
      expect(paid + netRoundedUp(then, to, to.gross - then.gross)).toBe(more.net);
    }),
  );
});
