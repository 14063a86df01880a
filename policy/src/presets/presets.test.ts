import { expect, test } from 'vitest';
import { curveCap } from '../emission.ts';
import { policyJson } from '../policy.ts';
import { sourceOf } from '../sources.ts';
import { dangersOf } from '../unsafe.ts';
import { aethir } from './aethir.ts';
import { aethirTiers } from './aethir-tiers.ts';
import { ionet } from './ionet.ts';
import { presets } from './presets.ts';

test('every number of every preset has a source', () => {
  for (const [name, { policy, sources }] of Object.entries(presets)) {
    const without = leavesOf(policyJson(policy)).filter((path) => sourceOf(sources, path) === undefined);
    expect(without, name).toEqual([]);
  }
});

test('every source belongs to a key', () => {
  for (const [name, { policy, sources }] of Object.entries(presets)) {
    const json = policyJson(policy);
    expect(
      Object.keys(sources).filter((path) => valueAt(json, path) === undefined),
      name,
    ).toEqual([]);
  }
});

test('no preset is unsafe, and those of other networks say that they are not theirs', () => {
  for (const { policy } of Object.values(presets)) {
    expect(dangersOf(policy).filter(({ severity }) => severity === 'error')).toEqual([]);
  }
  expect(ionet.policy.about).toContain('Not affiliated with io.net');
  expect(aethir.policy.about).toContain('Not affiliated with Aethir');
});

test('the pools are the supply: 500 M and 300 M of 800 M, and all of 42 billion', () => {
  const IO = 10n ** 18n;
  const all = (pools: Record<string, Parameters<typeof curveCap>[0]>) =>
    Object.values(pools).reduce((sum, curve) => sum + curveCap(curve), 0n);
  const { genesis, seasons } = ionet.policy.emission!.pools;
  expect(curveCap(genesis!) + curveCap(seasons!)).toBe(500_000_000n * IO);
  expect(all(ionet.policy.emission!.pools)).toBe(ionet.policy.token!.cap);
  expect(all(aethir.policy.emission!.pools)).toBe(42_000_000_000n * IO);
});

test('edge years are 40, 24.12, 14.54, 8.77 and 5.29 % of 9.66 billion', () => {
  const curve = aethir.policy.emission!.pools['edge']!;
  if (curve.kind !== 'points') throw new Error('points');
  const years = curve.points.slice(1, 6).map((point, n) => point.total - curve.points[n]!.total);
  const hundredths = years.map((year) => Number((year * 10_000n) / curve.points.at(-1)!.total));
  expect(hundredths).toEqual([4000, 2412, 1454, 877, 528]); // 5.288 %, cut
});

test('the June 2025 table has both pools, and what was dropped', () => {
  const block = ionet.policy.rewards['block']!;
  if (block.kind !== 'weight') throw new Error('weight');
  expect(block.groups).toEqual({ enterprise: 950_000, community: 50_000 });
  expect(block.classes['h100-sxm-80gb']).toEqual({ group: 'enterprise', weight_ppm: 10_000_000 });
  expect(block.classes['h200-sxm-141gb']!.weight_ppm).toBe(12_000_000);
  expect(block.classes['rtx-4090']).toEqual({ group: 'enterprise', weight_ppm: 1_250_000 });
  expect(block.classes['rtx-4080']).toEqual({ group: 'community', weight_ppm: 2_750_000 });
  expect(block.classes['a40']!.weight_ppm).toBe(0);
  expect(Object.keys(block.classes)).toHaveLength(59);
});

test('the tiers of the licence sale fit what was published and what was reported of it', () => {
  const first = aethirTiers.slice(0, 5).map(({ price }) => price / 10n ** 14n);
  expect(first).toEqual([1259n, 1448n, 1665n, 1915n, 2202n]);
  expect(aethirTiers).toHaveLength(53);
  expect(aethirTiers.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  expect(aethirTiers.filter(({ cap_per_address }) => cap_per_address > 0)).toHaveLength(18);
  expect(aethirTiers.at(-1)!.price).toBe(1_823_200_000_000_000_000n);
  const reported: [sold: number, ether: number][] = [
    [60_000, 92e6 / 3970],
    [66_000, 30_000],
    [73_000, 41_000],
  ];
  for (const [sold, ether] of reported) expect(Math.abs(etherOf(sold) / ether - 1), `${sold}`).toBeLessThan(0.01);
});

function etherOf(sold: number): number {
  let left = sold;
  let wei = 0n;
  for (const { count, price } of aethirTiers) {
    const bought = Math.min(left, count);
    wei += price * BigInt(bought);
    left -= bought;
  }
  return Number(wei / 10n ** 15n) / 1000;
}

function leavesOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object' || (Array.isArray(value) && value.length === 0)) return [path];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, path === '' ? key : `${path}.${key}`));
}

function valueAt(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], json);
}
