import { apportion } from './apportion.ts';
import type { RewardRuleOf } from './schema/rewards.ts';

type Season = RewardRuleOf<'season'>;
export type SeasonNode = {
  class: string;
  devices: number;
  online_hours: number;
  rented_hours: number;
  connectivity: number;
};

/** Points of one machine: (hours online × their factor + hours rented × theirs) × class × devices × line. Factors in millionths. */
export function seasonPoints(
  rule: Pick<Season, 'uptime_hour_ppm' | 'job_hour_ppm' | 'classes' | 'connectivity'>,
  node: SeasonNode,
): bigint {
  const hours =
    BigInt(node.online_hours) * BigInt(rule.uptime_hour_ppm) + BigInt(node.rented_hours) * BigInt(rule.job_hour_ppm);
  const machine = BigInt(rule.classes[node.class] ?? 0) * BigInt(node.devices);
  return hours * machine * BigInt(rule.connectivity[node.connectivity] ?? 0);
}

/** The season's amount, pro rata of each account's points. */
export const seasonRewards = (
  rule: Pick<Season, 'amount'>,
  points: readonly bigint[],
): { parts: bigint[]; carried: bigint } => apportion(rule.amount, points);
