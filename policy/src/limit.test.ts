import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roomOf, settled, type Bucket, type Limit } from './limit.ts';

const limit: Limit = { perSecond: 2n, burst: 100n };
const bucket: Bucket = { level: 60n, updatedAt: 10n, limit };

test('a bucket leaks what its limit allows in a second, and never below empty', () => {
  expect([10n, 11n, 39n, 40n, 1000n].map((now) => settled(bucket, now).level)).toEqual([60n, 58n, 2n, 0n, 0n]);
});

test('room is what the burst leaves above the level', () => {
  expect([10n, 20n, 40n].map((now) => roomOf(bucket, now))).toEqual([40n, 60n, 100n]);
});

test('a limit that was announced counts from its second on, and the old one until then', () => {
  const lowered: Bucket = { ...bucket, next: { limit: { perSecond: 1n, burst: 50n }, from: 20n } };
  expect(settled(lowered, 19n)).toEqual({ level: 42n, limit });
  expect(settled(lowered, 20n)).toEqual({ level: 40n, limit: lowered.next!.limit });
  expect(settled(lowered, 25n).level).toBe(35n);
});

test('above a lowered burst there is no room until it has leaked', () => {
  const lowered: Bucket = { ...bucket, next: { limit: { perSecond: 1n, burst: 30n }, from: 10n } };
  expect([10n, 39n, 40n, 41n].map((now) => roomOf(lowered, now))).toEqual([0n, 0n, 0n, 1n]);
});

test('between two instants at most the burst and what leaked meanwhile is drawn, however it is cut up', () => {
  const draws = fc.array(fc.record({ after: fc.bigInt(0n, 50n), wanted: fc.bigInt(0n, 200n) }), { maxLength: 30 });
  fc.assert(
    fc.property(draws, (all) => {
      let now: Bucket = { ...bucket, level: 0n };
      const drawn: { at: bigint; amount: bigint }[] = [];
      for (const { after, wanted } of all) {
        const at = now.updatedAt + after;
        const room = roomOf(now, at);
        const amount = wanted < room ? wanted : room;
        drawn.push({ at, amount });
        now = { ...now, level: settled(now, at).level + amount, updatedAt: at };
      }
      for (const [first, { at: from }] of drawn.entries()) {
        let sum = 0n;
        for (const { at, amount } of drawn.slice(first)) {
          sum += amount;
          expect(sum <= limit.burst + limit.perSecond * (at - from)).toBe(true);
        }
      }
    }),
  );
});
