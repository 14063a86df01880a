import { expect, test } from 'vitest';
import { toMoney } from '@gpucoop/protocol/money.ts';
import { lease } from '../testing/samples.ts';
import { shortOf } from './stop.ts';

const HOUR_MS = 3_600_000;
const nowMs = Date.parse('2026-01-01T00:00:00.000Z');
const running = { ...lease(), ended_at: null, price_per_hour: toMoney(20_000n) };
const run = (hours: number, budget: bigint, cost = 0n) => ({
  leases: [running],
  budget: toMoney(budget),
  cost: toMoney(cost),
  expires_at: new Date(nowMs + hours * HOUR_MS).toISOString(),
});

test('a budget that ends a run before its time lacks the difference, in whole cents', () => {
  expect(shortOf(run(2, 15_000n), nowMs)).toBe(30_000n);
  expect(shortOf(run(2, 25_000n, 10_000n), nowMs)).toBe(30_000n);
});

test('a budget for the whole time lacks nothing, nor does one that the last seconds used', () => {
  expect(shortOf(run(2, 40_000n), nowMs)).toBe(0n);
  expect(shortOf(run(2, 39_900n), nowMs)).toBe(0n);
});

test('without a lease there is no price, and nothing can be said', () => {
  expect(shortOf({ ...run(2, 0n), leases: [] }, nowMs)).toBe(0n);
});
