import { expect, test } from 'vitest';
import { contractParameters } from './contract-parameters.ts';
import { curveFault } from './emission.ts';
import { policyHash } from './policy.ts';
import { aethir } from './presets/aethir.ts';
import { ionet } from './presets/ionet.ts';
import { presets } from './presets/presets.ts';
import { standby } from './presets/standby.ts';

const NO_DECAY = { genesis: 0n, first: 0n, cap: 0n, decayRay: 0n, epochSeconds: 0 };
const at = { start: 1_800_000_000n, saleOpens: 1_790_000_000n };

test('every preset can be deployed: what the contracts refuse is in none of them', () => {
  for (const { policy } of Object.values(presets)) {
    const { policy: inForce, token, emission, rewards, escrow, sale, feeShares } = contractParameters(policy, at);
    expect(inForce.hash).toBe(`0x${policyHash(policy)}`);
    for (const { value, min, max } of inForce.parameters) expect(min <= value && value <= max).toBe(true);
    for (const curve of Object.values(policy.emission!.pools)) expect(curveFault(curve)).toBeUndefined();
    const caps = emission.curves.map(({ decay, points }) => (points.length > 0 ? points.at(-1)!.total : decay.cap));
    expect(caps.reduce((sum, cap) => sum + cap, 0n) <= token.cap).toBe(true);
    expect(emission.pools.map(({ curve }) => curve)).toEqual([...emission.curves.keys()]);
    expect(escrow.haltEvery >= escrow.thawSeconds + 2n * escrow.haltMax).toBe(true);
    expect(feeShares.reduce((sum, { weight }) => sum + weight, 0n)).toBe(1_000_000n);
    for (const { pools } of rewards) expect(pools).toEqual(pools.toSorted((a, b) => a - b));
    if (sale === null) continue;
    const end = sale.phases.reduce((last, { closesAt }) => (closesAt > last ? closesAt : last), 0n);
    expect(end <= sale.refundEnd && sale.refundEnd < sale.lockEnd).toBe(true);
    expect(sale.discountPpm + sale.commissionPpm).toBeLessThanOrEqual(500_000);
  }
});

test('pools go to the Rewards of their rule’s vesting, all others to a role of their name, which somebody holds', () => {
  const { emission, rewards, policy } = contractParameters(aethir.policy, at);
  const recipientOf = Object.fromEntries(emission.pools.map(({ name, recipient }) => [name, recipient]));
  expect(recipientOf).toMatchObject({
    checkers: { rewards: 'checkers' },
    checker_bonus: { rewards: 'checkers' },
    compute: { rewards: 'hosts' },
    edge: { rewards: 'edge' },
    team: { role: 'TEAM' },
  });
  expect(rewards.map(({ name, pools }) => [name, pools.map((n) => emission.pools[n]!.name)])).toEqual([
    ['checkers', ['checker_bonus', 'checkers']],
    ['edge', ['edge']],
    ['hosts', ['compute']],
  ]);
  expect(policy.roles).toEqual(expect.arrayContaining(['GOVERNOR', 'POSTER', 'SINK', 'TREASURY', 'TEAM', 'AIRDROP']));
});

test('a decay and points are told apart, and io.net’s decay is handed on digit by digit', () => {
  const { curves } = contractParameters(ionet.policy, at).emission;
  expect(curves).toEqual([
    {
      name: 'genesis',
      decay: NO_DECAY,
      points: [{ atSeconds: 0n, total: 4_625n * 10n ** 23n }],
    },
    {
      name: 'rewards',
      decay: {
        genesis: 0n,
        first: 4_566_210_045_662_100_456_621n,
        cap: 3n * 10n ** 26n,
        decayRay: 13_886_952_395_979_300_000_000n,
        epochSeconds: 3600,
      },
      points: [],
    },
    { name: 'seasons', decay: NO_DECAY, points: [{ atSeconds: 0n, total: 375n * 10n ** 23n }] },
  ]);
});

test('times are those of the start and of the sale; a rebate becomes a discount', () => {
  const { emission, sale } = contractParameters(aethir.policy, at);
  expect(emission.start).toBe(at.start);
  expect(sale).toMatchObject({ refundEnd: at.saleOpens + 90n * 86_400n, discountPpm: 100_000, commissionPpm: 50_000 });
  expect(sale!.phases.map(({ name }) => name)).toEqual(['allowlist', 'public']);
  expect(sale!.tiers).toHaveLength(53);
  expect(contractParameters(ionet.policy, at).sale).toBeNull();
});

test('a policy without a token has no contracts', () => {
  expect(() => contractParameters({ ...standby.policy, token: null }, at)).toThrow(RangeError);
});
