import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { parsePolicy, Policy, policyHash, policyJson, policyText } from './policy.ts';
import { presets } from './presets/presets.ts';
import { standby } from './presets/standby.ts';

const old = {
  version: 1,
  name: 'local',
  network: 'local',
  fees: { provider_ppm: 50_000, renter_ppm: 0 },
  hold: { horizon_s: 3600, notice_s: 300 },
  gap_s: 60,
  drain_notice_s: 300,
  keep_stopped_s: 86_400,
  quote_ttl_s: 120,
  test_credit_micros: 10_000_000,
  timeouts: {
    heartbeat_s: 0.5,
    silent_s: 20,
    lost_s: 600,
    accept_s: 60,
    pull_s: 3600,
    start_s: 120,
    ready_s: 600,
    stop_s: 60,
  },
};

test('every preset is read back from its JSON as it was, and keeps its hash', () => {
  for (const { policy } of Object.values(presets)) {
    const text = JSON.stringify(policyJson(policy));
    expect(parsePolicy(JSON.parse(text))).toEqual(policy);
    expect(policyHash(parsePolicy(JSON.parse(text)))).toBe(policyHash(policy));
  }
});

test('the hash is SHA-256 of the canonical text, whatever the order of the keys', () => {
  const { policy } = standby;
  expect(policyHash(policy)).toBe(createHash('sha256').update(policyText(policy)).digest('hex'));
  const turned = Object.fromEntries(Object.entries(policy).toReversed()) as Policy;
  expect(policyHash(turned)).toBe(policyHash(policy));
  expect(policyHash({ ...policy, gap_s: policy.gap_s + 1 })).not.toBe(policyHash(policy));
});

test('amounts are texts in JSON and exact in code', () => {
  const json = policyJson(standby.policy);
  expect(json.token?.cap).toBe('1000000000000000000000000000');
  expect(standby.policy.token?.cap).toBe(10n ** 27n);
  expect(Policy.safeParse({ ...json, token: { ...json.token, cap: 1e27 } }).success).toBe(false);
  expect(Policy.safeParse({ ...json, token: { ...json.token, cap: '1.5' } }).success).toBe(false);
  expect(Policy.safeParse({ ...json, gap_s: 1.5 }).success).toBe(false);
});

test('a policy of version 1, as databases keep it, is read with the same rules and nothing paid beside rents', () => {
  const read = parsePolicy(old);
  expect(read).toMatchObject({
    version: 2,
    fees: { provider_ppm: 50_000, renter_ppm: 0, token: null },
    rewards: {},
    stake: null,
  });
  expect(read.timeouts).toMatchObject({
    heartbeat_ms: 500,
    silent_ms: 20_000,
    lost_ms: 600_000,
    accept_ms: 60_000,
    stop_s: 60,
  });
});

test.each([
  ['silent before a heartbeat', { timeouts: { ...standby.policy.timeouts, silent_ms: 5000 } }, 'timeouts.silent_ms'],
  ['lost before silent', { timeouts: { ...standby.policy.timeouts, lost_ms: 20_000 } }, 'timeouts.lost_ms'],
  ['a hold that does not cover the notice', { hold: { horizon_s: 300, notice_s: 300 } }, 'hold.notice_s'],
  ['no token to release', { token: null, fees: { ...standby.policy.fees, token: null } }, 'emission'],
  ['no token to pay in', { token: null, emission: null, rewards: {} }, 'fees.token'],
  ['a pool that is not there', { emission: { pools: {} } }, 'rewards.standby.pool'],
  ['a vesting that is not there', { claims: { ...standby.policy.claims!, vesting: {} } }, 'rewards.standby.vesting'],
  ['a check that is not there', { checks: { ...standby.policy.checks!, kinds: {} } }, 'rewards.standby.checks'],
  [
    'a bonus of nothing',
    {
      rewards: {
        bonus: {
          ...presets['aethir']!.policy.rewards['checker_bonus']!,
          pool: 'checkers',
          of: 'nobody',
        },
      },
    },
    'rewards.bonus.of',
  ],
] as [string, Partial<Policy>, string][])('%s is refused at its key', (_, change, path) => {
  const result = Policy.safeParse(policyJsonOf({ ...standby.policy, ...change }));
  expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
});

/** As JSON without the check that writing makes. */
function policyJsonOf(policy: Policy): unknown {
  return JSON.parse(
    JSON.stringify(policy, (key, value: unknown) =>
      typeof value !== 'bigint' ? value : key.includes('micros') ? Number(value) : value.toString(),
    ),
  );
}
