import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aethir } from './presets/aethir.ts';
import { ionet } from './presets/ionet.ts';
import { standby } from './presets/standby.ts';
import { keptRoundedDown, stakeRequiredRoundedUp } from './stake.ts';

const UNIT = 10n ** 18n;
const h100 = (devices: number) => ({ class: 'h100-sxm-80gb', devices, askMicrosPerHour: 2_190_000n });

test('io.net: 8 × H100 stake 16,000 IO, and four cards that weigh less than one stake 800', () => {
  const { required } = ionet.policy.stake!;
  expect(stakeRequiredRoundedUp(required, h100(8))).toEqual({ currency: 'token', tokens: 16_000n * UNIT });
  const small = { class: 'l4', devices: 4, askMicrosPerHour: 0n };
  expect(stakeRequiredRoundedUp(required, small)).toEqual({ currency: 'token', tokens: 800n * UNIT });
  expect(stakeRequiredRoundedUp(required, { ...small, class: 'of-nobody' })).toEqual({
    currency: 'token',
    tokens: 800n * UNIT,
  });
});

test('Aethir: an H100 stakes about 10,000 ATH at the published coefficient', () => {
  const stake = stakeRequiredRoundedUp(aethir.policy.stake!.required, h100(1));
  if (stake.currency !== 'token') throw new Error('token');
  expect(stake.tokens / UNIT).toBe(9_999n);
});

test('Coop: a week of the asking price, in dollars, for each device', () => {
  const { required } = standby.policy.stake!;
  expect(stakeRequiredRoundedUp(required, h100(8))).toEqual({ currency: 'dollars', micros: 2_190_000n * 8n * 168n });
});

test('a stake in dollars for each device', () => {
  const required = {
    kind: 'per_device',
    amount: { currency: 'dollars', micros: 50_000_000n },
    weights: { l4: 500_000 },
    least_weight_ppm: 0,
  } as const;
  expect(stakeRequiredRoundedUp(required, { class: 'l4', devices: 3, askMicrosPerHour: 0n })).toEqual({
    currency: 'dollars',
    micros: 75_000_000n,
  });
});

test('a part of a unit is a whole one more: nobody has less at risk than the rule says', () => {
  const half = { currency: 'token', tokens: 1n } as const;
  const perDevice = { kind: 'per_device', amount: half, weights: { l4: 500_000 }, least_weight_ppm: 0 } as const;
  const one = { class: 'l4', devices: 1, askMicrosPerHour: 1n };
  expect(stakeRequiredRoundedUp(perDevice, one)).toEqual({ currency: 'token', tokens: 1n });
  const coefficient = { kind: 'coefficient', coefficient: 3n, values: { l4: 333_334 }, fixed_for_s: 1 } as const;
  expect(stakeRequiredRoundedUp(coefficient, one)).toEqual({ currency: 'token', tokens: 2n });
  expect(stakeRequiredRoundedUp(coefficient, { ...one, devices: 3 })).toEqual({ currency: 'token', tokens: 4n });
  expect(stakeRequiredRoundedUp({ kind: 'earned', keep_ppm: 1, at_risk_s: 1 }, one)).toEqual({
    currency: 'dollars',
    micros: 1n,
  });
});

test('an earned stake fills from income, exactly, and then nothing is kept', () => {
  const { required } = standby.policy.stake!;
  if (required.kind !== 'earned') throw new Error('earned');
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 10n ** 12n), { maxLength: 50 }), fc.bigInt(0n, 10n ** 12n), (incomes, full) => {
      let staked = 0n;
      for (const income of incomes) {
        const kept = keptRoundedDown(required, { income, staked, full });
        expect(kept >= 0n && kept * 1_000_000n <= income * 150_000n).toBe(true);
        staked += kept;
        expect(staked <= full).toBe(true);
      }
    }),
  );
  expect(keptRoundedDown(required, { income: 1_000_000n, staked: 90n, full: 100n })).toBe(10n);
  expect(keptRoundedDown(required, { income: 1_000_000n, staked: 200n, full: 100n })).toBe(0n);
});
