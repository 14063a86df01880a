import { expect, test } from 'vitest';
import { ionet } from './presets/ionet.ts';
import { seasonPoints, seasonRewards } from './reward-season.ts';

const season = ionet.policy.rewards['ignition_1']!;
if (season.kind !== 'season') throw new Error('season');
const node = { class: 'h100-sxm-80gb', devices: 8, online_hours: 100, rented_hours: 0, connectivity: 4 };

test('an hour rented counts as an hour online more, a slower line less, a class by its weight', () => {
  const one = seasonPoints(season, node);
  expect(seasonPoints(season, { ...node, rented_hours: 100 })).toBe(2n * one);
  expect(seasonPoints(season, { ...node, connectivity: 1 })).toBe(one / 4n);
  expect(seasonPoints(season, { ...node, connectivity: 0 })).toBe(0n);
  expect(seasonPoints(season, { ...node, connectivity: 99 })).toBe(0n);
  expect(seasonPoints(season, { ...node, devices: 16 })).toBe(2n * one);
  expect(seasonPoints(season, { ...node, class: 'rtx-4090' }) * 40n).toBe(one * 3n); // 0.75 against 10
  expect(seasonPoints(season, { ...node, class: 'of-nobody' })).toBe(0n);
});

test('17.5 M are paid pro rata, to the unit; without points nothing is', () => {
  const { parts } = seasonRewards(season, [1n, 1n, 1n]);
  expect(parts.reduce((total, part) => total + part, 0n)).toBe(season.amount);
  expect(seasonRewards(season, [0n])).toEqual({ parts: [0n], carried: season.amount });
});
