import { apportion } from './apportion.ts';
import { PPM } from './schema/amounts.ts';
import type { Edge } from './schema/edge.ts';

export type EdgeDevice = {
  tier: string;
  /** Seconds of the day that it was online and qualified. */
  onlineSeconds: number;
};

const DAY = 86_400n;

/**
 * One day of the edge, out of what its pool has: base of the tier by time online, and a bonus by weight × time, at most the tier's. Where
 * the pool does not suffice for all bases, they are cut alike. The fee stays in the pool, as does what is not given: `carried`.
 */
export function edgeRewards(
  edge: Pick<Edge, 'tiers' | 'bonus_per_day' | 'reward_fee_ppm'>,
  available: bigint,
  devices: readonly EdgeDevice[],
): { parts: bigint[]; carried: bigint } {
  const bases = devices.map((device) => ofDay(edge.tiers[device.tier]?.base_per_day ?? 0n, device));
  const owed = bases.reduce((total, base) => total + base, 0n);
  const base = owed <= available ? bases : apportion(available, bases).parts;
  const left = owed <= available ? available - owed : 0n;
  const forBonus = edge.bonus_per_day < left ? edge.bonus_per_day : left;
  const weights = devices.map(
    (device) => BigInt(edge.tiers[device.tier]?.bonus_weight ?? 0) * BigInt(device.onlineSeconds),
  );
  const bonus = apportion(forBonus, weights).parts.map((part, n) =>
    least(part, ofDay(edge.tiers[devices[n]!.tier]?.bonus_most_per_day ?? 0n, devices[n]!)),
  );
  const parts = base.map((part, n) => lessFee(part + bonus[n]!, edge.reward_fee_ppm));
  return { parts, carried: available - parts.reduce((total, part) => total + part, 0n) };
}

const ofDay = (amount: bigint, { onlineSeconds }: EdgeDevice): bigint => (amount * BigInt(onlineSeconds)) / DAY;
const lessFee = (amount: bigint, ppm: number): bigint => amount - (amount * BigInt(ppm)) / PPM;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
