import { apportion } from './apportion.ts';
import { PPM } from './schema/amounts.ts';
import type { RewardRuleOf } from './schema/rewards.ts';

/** One epoch of a rule of kind `task`: by correct answers of each licence. */
export const taskRewards = (released: bigint, correct: readonly bigint[]): { parts: bigint[]; carried: bigint } =>
  apportion(released, correct);

/**
 * One period of a rule of kind `uptime_bonus`, by what each licence got of the base rule in it. From `uptime_from_epoch` on (the first
 * period is 1) only who was up for more than the share that is asked for has a part; nobody having one, all is carried.
 */
export function uptimeBonus(
  rule: Pick<RewardRuleOf<'uptime_bonus'>, 'uptime_from_epoch' | 'uptime_above_ppm'>,
  released: bigint,
  period: number,
  licences: readonly { base: bigint; up_s: bigint; period_s: bigint }[],
): { parts: bigint[]; carried: bigint } {
  const asked = period >= rule.uptime_from_epoch;
  const wasUp = ({ up_s, period_s }: { up_s: bigint; period_s: bigint }) =>
    up_s * PPM > BigInt(rule.uptime_above_ppm) * period_s;
  return apportion(
    released,
    licences.map((licence) => (!asked || wasUp(licence) ? licence.base : 0n)),
  );
}
