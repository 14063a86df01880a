import { ceilingRoundedDown, RAY, type DecayCurve, type PointsCurve } from '@gpucoop/policy/emission.ts';
import { splitRoundedDown } from '@gpucoop/policy/split.ts';
import { vestedRoundedDown } from '@gpucoop/policy/vesting.ts';
import { merkleProof, merkleRoot, merkleTree } from '@gpucoop/protocol/merkle.ts';
import { rewardLeafHash } from '@gpucoop/protocol/reward-leaf.ts';
import fc from 'fast-check';
import { bytesToHex, concat, toHex, type Abi, type Address } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';

/** Emission, vesting, splits and proofs: TypeScript and Solidity give the same integers, for any policy and any instant. */

let evm: Evm;
let harness: { address: Address; abi: Abi };
beforeAll(async () => {
  evm = await startEvm();
  const file = 'src/testing/PolicyMathHarness.sol';
  const { abi } = await artifact('PolicyMathHarness', file);
  harness = { address: await evm.deploy('PolicyMathHarness', [], file), abi };
}, 600_000);
afterAll(() => evm.close());

const RUNS = { numRuns: 200 };
const amount = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 2n ** 90n), fc.bigInt(0n, 2n ** 128n - 1n));
const elapsed = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 2n ** 63n));

test('a decaying curve', async () => {
  const curves = fc.record({
    first: amount,
    cap: amount,
    genesis: amount,
    decay_ray: fc.oneof(fc.bigInt(1n, 10n ** 24n), fc.bigInt(1n, RAY)),
    epoch_s: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  });
  await fc.assert(
    fc.asyncProperty(curves, elapsed, async ({ genesis, ...rest }, at) => {
      const curve: DecayCurve = { kind: 'decay', ...rest, genesis: genesis < rest.cap ? genesis : rest.cap };
      const { first, cap, decay_ray: decayRay, epoch_s: epochSeconds } = curve;
      const argument = { genesis: curve.genesis, first, cap, decayRay, epochSeconds };
      expect(await call('decayTotal', [argument, at])).toBe(ceilingRoundedDown(curve, at));
    }),
    RUNS,
  );
});

test('a curve of points, with steps', async () => {
  const steps = fc.array(
    fc.record({
      after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 10 ** 9 })),
      more: fc.bigInt(0n, 2n ** 120n),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.bigInt(0n, 2n ** 120n), elapsed, async (of, genesis, at) => {
      const points = [{ at_s: 0, total: genesis }];
      for (const { after, more } of of)
        points.push({ at_s: points.at(-1)!.at_s + after, total: points.at(-1)!.total + more });
      const curve: PointsCurve = { kind: 'points', points };
      const argument = points.map(({ at_s, total }) => ({ atSeconds: BigInt(at_s), total }));
      const last = BigInt(points.at(-1)!.at_s);
      for (const instant of [at, last, at % (last + 1n)])
        expect(await call('pointsTotal', [argument, instant])).toBe(ceilingRoundedDown(curve, instant));
    }),
    RUNS,
  );
});

test('what has vested', async () => {
  const curves = fc
    .uniqueArray(fc.integer({ min: 0, max: 10 ** 9 }), { minLength: 1, maxLength: 8 })
    .chain((times) =>
      fc
        .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: times.length, maxLength: times.length })
        .map((shares) => [times.toSorted((a, b) => a - b), shares.toSorted((a, b) => a - b)] as const),
    );
  await fc.assert(
    fc.asyncProperty(curves, amount, elapsed, async ([times, shares], of, at) => {
      const points = times.map((after_s, n) => ({ after_s, ppm: n === times.length - 1 ? 1_000_000 : shares[n]! }));
      const argument = points.map(({ after_s, ppm }) => ({ afterSeconds: BigInt(after_s), ppm }));
      for (const instant of [at, at % BigInt(times.at(-1)! + 1)])
        expect(await call('vested', [argument, of, instant])).toBe(vestedRoundedDown({ points }, of, instant));
    }),
    RUNS,
  );
});

test('a split and what is left of it', async () => {
  const weights = fc
    .array(fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n ** 64n - 1n)), { minLength: 1, maxLength: 16 })
    .filter((of) => of.some((weight) => weight > 0n));
  await fc.assert(
    fc.asyncProperty(amount, weights, async (of, by) => {
      const { parts, rest } = splitRoundedDown(of, by);
      expect(await call('split', [of, by])).toEqual([parts, rest]);
    }),
    RUNS,
  );
});

test('a proof of protocol/ is one that Rewards takes, and for nobody else’s amount', async () => {
  const accounts = fc.array(fc.record({ account: fc.bigInt(1n, 2n ** 160n - 1n), cumulative: amount }), {
    minLength: 1,
    maxLength: 20,
  });
  const chain_id = BigInt(evm.client.chain.id);
  const rewards = evm.accounts[0]!.address;
  await fc.assert(
    fc.asyncProperty(accounts, fc.nat(), async (of, pick) => {
      const leaves = of.map(({ account, cumulative }) => ({ account: toHex(account, { size: 20 }), cumulative }));
      const hashes = leaves.map((leaf) => rewardLeafHash({ chain_id, rewards, ...leaf }));
      const tree = merkleTree(concat(hashes));
      const one = pick % leaves.length;
      const proof = merkleProof(tree, hashes[one]!)!.map((hash) => bytesToHex(hash));
      const root = bytesToHex(merkleRoot(tree));
      const { account, cumulative } = leaves[one]!;
      expect(await call('proves', [root, rewards, account, cumulative, proof])).toBe(true);
      expect(await call('proves', [root, rewards, account, cumulative + 1n, proof])).toBe(false);
    }),
    { numRuns: 100 },
  );
});

function call(functionName: string, args: unknown[]): Promise<unknown> {
  return evm.client.readContract({ ...harness, functionName, args });
}
