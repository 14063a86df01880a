import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edgeRewards } from './edge-rewards.ts';
import { aethir } from './presets/aethir.ts';

const edge = { ...aethir.policy.edge!, reward_fee_ppm: 0 };
const ATH = 10n ** 18n;
const all = { onlineSeconds: 86_400 };

test('bronze, silver and gold get 10, 30 and 60 ATH a day; the bonus ends at 120 and 240', () => {
  const { parts } = edgeRewards(edge, 10n ** 9n * ATH, [
    { tier: 'bronze', ...all },
    { tier: 'silver', ...all },
    { tier: 'gold', ...all },
  ]);
  expect(parts).toEqual([10n * ATH, 150n * ATH, 300n * ATH]);
});

test('with many devices the bonus of the day is divided, gold with twice the weight', () => {
  const silver = Array.from({ length: 60_000 }, () => ({ tier: 'silver', ...all }));
  const gold = Array.from({ length: 20_000 }, () => ({ tier: 'gold', ...all }));
  const { parts } = edgeRewards(edge, 10n ** 9n * ATH, [...silver, ...gold]);
  expect(parts[0]).toBe(30n * ATH + 50n * ATH); // 5 M over 100,000 weights
  expect(parts.at(-1)).toBe(60n * ATH + 100n * ATH);
});

test('half a day online is half the base; a pool that does not suffice is cut alike; 5 % fee stays', () => {
  expect(edgeRewards(edge, 10n ** 9n * ATH, [{ tier: 'bronze', onlineSeconds: 43_200 }]).parts).toEqual([5n * ATH]);
  expect(
    edgeRewards(edge, 10n * ATH, [
      { tier: 'bronze', ...all },
      { tier: 'bronze', ...all },
    ]).parts,
  ).toEqual([5n * ATH, 5n * ATH]);
  const fee = edgeRewards(aethir.policy.edge!, 100n * ATH, [{ tier: 'bronze', ...all }]);
  expect(fee).toEqual({ parts: [(95n * ATH) / 10n], carried: (905n * ATH) / 10n });
  expect(edgeRewards(edge, 100n, [{ tier: 'of nobody', ...all }])).toEqual({ parts: [0n], carried: 100n });
});

test('what is given and carried is what there was', () => {
  const device = fc.record({
    tier: fc.constantFrom('bronze', 'silver', 'gold'),
    onlineSeconds: fc.integer({ min: 0, max: 86_400 }),
  });
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 22n), fc.array(device), (available, devices) => {
      const { parts, carried } = edgeRewards(aethir.policy.edge!, available, devices);
      expect(parts.reduce((total, part) => total + part, carried)).toBe(available);
      expect(carried >= 0n).toBe(true);
    }),
  );
});
