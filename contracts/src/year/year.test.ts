import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import { presets } from '@gpucoop/policy/presets/presets.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../artifacts.ts';
import { aethirYear } from './aethir.ts';
import { ionetYear } from './ionet.ts';
import { playYear, type Year } from './play.ts';
import { standbyYear } from './standby.ts';
import { startTeller } from './teller.ts';

/** Plays compare every number themselves; here the totals of the close are computed another way than step by step. */

const TOKEN = 10n ** 18n;
const MICROS = 1_000_000n;
const DAY_S = 86_400n;

beforeAll(() => compile('contracts'), 600_000);

describe('a few epochs of a year', () => {
  test('of io.net: all that was ever minted is genesis, season and the hours since the start', async () => {
    const { rewards, genesis } = presets.ionet!.policy.emission!.pools;
    const { closing, text } = await play(ionetYear, 4);
    const foundation = ceilingRoundedDown(genesis!, 0n);
    const hours = ceilingRoundedDown(rewards!, 4n * 730n * 3600n);
    expect(closing('the supply') + closing('burnt')).toBe(foundation + 12_500_000n * TOKEN + hours);
    expect(closing('all that is staked')).toBe(16_200n * TOKEN); // 8 H100 × 10 × 200 and one machine of weight 1
    expect(text).toMatch(/Ada unstakes/);
  });

  test('of Aethir: what was granted and not taken waits in Rewards, and only who did not wait has lost something', async () => {
    const { checkers, ecosystem } = presets.aethir!.policy.emission!.pools;
    const { closing } = await play(aethirYear, 7);
    const days = ceilingRoundedDown(checkers!, 49n * DAY_S);
    expect(closing('the supply') + closing('burnt')).toBe(ceilingRoundedDown(ecosystem!, 0n) + days);
    expect(closing('in Rewards') + closing('Lee') + closing('burnt') + closing('Omar')).toBe(days);
    expect(closing('burnt') - closing('Lee') * 3n).toBeLessThanOrEqual(3n); // 25 % after thirty days, rounded down
    expect(closing('Lee')).toBeGreaterThan(0n);
  });

  test('of standby: a machine has earned its stake again, and hosts got less than the ceiling by far', async () => {
    const { closing } = await play(standbyYear, 4);
    const week = (8n * 320_000n * 7n * DAY_S) / 3600n;
    const ofEve = (8n * 2_000_000n * 7n * DAY_S) / 3600n;
    expect(closing('staked')).toBe(week + ofEve);
    expect(closing('Rana')).toBe(week / 5n);
    expect(closing('Sol')).toBe(96n * MICROS);
    expect(closing('the supply') * 1000n).toBeLessThan(closing('what the standby curve allows'));
  });
});

test('a number that differs by one unit ends the play with both', () => {
  const teller = startTeller(() => undefined);
  const unit = { name: 'COOP', decimals: 18 };
  teller.agree('stake', { chain: 1n, policy: 1n }, unit);
  expect(() => teller.agree('stake', { chain: TOKEN, policy: TOKEN + 1n }, unit)).toThrow(
    'stake: the chain says 1 COOP, the policy computes 1.000000000000000001 COOP; -1 units apart',
  );
});

async function play(year: Year, epochs: number) {
  let text = '';
  const rows = await playYear(year, epochs, (more) => (text += more));
  return {
    text,
    closing: (label: string): bigint => {
      const row = rows.find((one) => one.label.startsWith(label));
      if (row === undefined) throw new Error(`nothing in the close begins with ${label}`);
      return row.amount;
    },
  };
}
