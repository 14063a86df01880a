import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aethir } from './presets/aethir.ts';
import { presets } from './presets/presets.ts';
import { standby } from './presets/standby.ts';
import { SlashCase } from './schema/stake.ts';
import { slashRoundedDown } from './slash.ts';

const amount = fc.bigInt(0n, 10n ** 24n);

test('nothing is taken that is not there, the victim gets no more than he paid, the rest is burnt', () => {
  const stakes = fc.constantFrom(...Object.values(presets).map(({ policy }) => policy.stake!));
  const machine = fc.record({ required: amount, staked: amount, unpaidRewards: amount, victimPaid: amount });
  fc.assert(
    fc.property(stakes, fc.constantFrom(...SlashCase.options), machine, (stake, what, of) => {
      const { fromRewards, fromStake, toVictim, burnt } = slashRoundedDown(stake, what, of);
      expect(fromRewards <= of.unpaidRewards && fromStake <= of.staked).toBe(true);
      expect(fromRewards + fromStake <= of.required).toBe(true);
      expect(toVictim <= of.victimPaid).toBe(true);
      expect(toVictim + burnt).toBe(fromRewards + fromStake);
    }),
  );
});

test('Aethir: down in service costs a third, rewards first; a lie costs all; idle and offline costs nothing', () => {
  const machine = { required: 3_000_000n, staked: 3_000_000n, unpaidRewards: 400_000n, victimPaid: 50n };
  const { stake } = aethir.policy;
  expect(slashRoundedDown(stake!, 'lost_lease', machine)).toEqual({
    fromRewards: 400_000n,
    fromStake: 599_999n,
    toVictim: 50n,
    burnt: 999_949n,
  });
  expect(slashRoundedDown(stake!, 'false_offer', machine)).toEqual({
    fromRewards: 400_000n,
    fromStake: 2_600_000n,
    toVictim: 0n,
    burnt: 3_000_000n,
  });
  expect(slashRoundedDown(stake!, 'offline_idle', machine)).toEqual({
    fromRewards: 0n,
    fromStake: 0n,
    toVictim: 0n,
    burnt: 0n,
  });
});

test('a root takes no more of a stake than it may, and a case without a rule nothing', () => {
  const machine = { required: 100n, staked: 100n, unpaidRewards: 0n, victimPaid: 0n };
  expect(
    slashRoundedDown({ ...standby.policy.stake!, slash_most_ppm: 250_000 }, 'false_offer', machine).fromStake,
  ).toBe(25n);
  expect(slashRoundedDown(aethir.policy.stake!, 'data_compromise', machine).fromStake).toBe(0n);
});
