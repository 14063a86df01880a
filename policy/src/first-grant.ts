import { ceilingRoundedDown, type Curve } from './emission.ts';
import type { RewardRule } from './schema/rewards.ts';

/** What a root must grant of a rule that gives away all that its curve allows. The others pay less, and how much depends on who is there. */
export function grantOfFirstEpoch(rule: RewardRule, curve: Curve): bigint {
  if (rule.kind === 'season') return rule.amount;
  if (rule.kind !== 'task' && rule.kind !== 'weight' && rule.kind !== 'uptime_bonus') return 0n;
  const [from, until] = [BigInt(rule.from_s), BigInt(rule.from_s + rule.epoch_s)];
  return ceilingRoundedDown(curve, until) - ceilingRoundedDown(curve, from);
}
