import { roomOf, settled, type Bucket, type Limit } from '@gpucoop/policy/limit.ts';
import { judge, netRoundedUp, type Sums } from '@gpucoop/policy/statement-line.ts';
import fc from 'fast-check';
import type { Abi, Address } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';

/** The rules of Escrow in TypeScript and in Solidity give the same integers. */

let evm: Evm;
let harness: { address: Address; abi: Abi };
beforeAll(async () => {
  evm = await startEvm();
  const file = 'src/testing/LimitHarness.sol';
  harness = { address: await evm.deploy('LimitHarness', [], file), abi: (await artifact('LimitHarness', file)).abi };
}, 300_000);
afterAll(() => evm.close());

const RUNS = 200;
const amount = fc.oneof(fc.bigInt(0n, 1_000n), fc.bigInt(0n, 2n ** 96n - 1n));
const seconds = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 2n ** 40n));
const limit: fc.Arbitrary<Limit> = fc.record({ perSecond: amount, burst: amount });

test('a bucket leaks alike, also across a limit that comes in force meanwhile', async () => {
  const buckets = fc.record({
    level: amount,
    updatedAt: seconds,
    limit,
    next: fc.option(fc.record({ limit, after: seconds }), { nil: undefined }),
    elapsed: seconds,
  });
  await fc.assert(
    fc.asyncProperty(buckets, async ({ level, updatedAt, limit: inForce, next, elapsed }) => {
      // An announced limit comes in force after the last update: Escrow writes it there.
      const from = next && updatedAt + next.after + 1n;
      const bucket: Bucket = {
        level,
        updatedAt,
        limit: inForce,
        next: next && { limit: next.limit, from: from! },
      };
      const now = updatedAt + elapsed;
      const args = [level, updatedAt, inForce, next?.limit ?? { perSecond: 0n, burst: 0n }, from ?? 0n, now];
      const [level_, limit_, room] = (await call('settle', args)) as [bigint, Limit, bigint];
      expect({ level: level_, limit: limit_ }).toEqual(settled(bucket, now));
      expect(room).toBe(roomOf(bucket, now));
    }),
    { numRuns: RUNS },
  );
});

test('a line is judged alike, and paid in part to the same unit', async () => {
  const OUTCOMES = ['paid', 'stale', 'malformed'];
  const lines = fc.record({
    drawn: fc.tuple(amount, amount),
    more: fc.tuple(amount, amount),
    shift: fc.bigInt(-3n, 3n),
    feeMaxPpm: fc.bigInt(0n, 1_000_000n),
    part: fc.bigInt(1n, 2n ** 96n),
  });
  let paid = 0;
  await fc.assert(
    fc.asyncProperty(lines, async ({ drawn: [gross, net], more, shift, feeMaxPpm, part }) => {
      const drawn: Sums = { gross: gross + net, net };
      const line: Sums = { gross: drawn.gross + more[0] + more[1], net: net + more[0] + shift };
      if (line.net < 0n) line.net = 0n;
      const outcome = (await call('judge', [drawn, line, feeMaxPpm])) as number;
      expect(OUTCOMES[outcome]).toBe(judge(drawn, line, feeMaxPpm));
      if (outcome !== 0) return;
      paid++;
      const due = line.gross - drawn.gross;
      const some = ((part - 1n) % due) + 1n;
      const of = netRoundedUp(drawn, line, some);
      expect(await call('netRoundedUp', [drawn, line, some])).toBe(of);
      // What is left is the same line again, and all of it adds up.
      const then = { gross: drawn.gross + some, net: drawn.net + of };
      if (some < due) {
        expect(judge(then, line, feeMaxPpm)).toBe('paid');
        expect(of + netRoundedUp(then, line, due - some)).toBe(line.net - drawn.net);
      }
    }),
    { numRuns: RUNS },
  );
  expect(paid).toBeGreaterThan(RUNS / 20);
});

function call(functionName: string, args: unknown[]): Promise<unknown> {
  return evm.client.readContract({ ...harness, functionName, args });
}
