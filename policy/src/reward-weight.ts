import { apportion } from './apportion.ts';
import type { RewardRuleOf } from './schema/rewards.ts';

export type WeighedMachine = {
  class: string;
  devices: number;
  /** Of the epoch: everything that the rule asks for was there. */
  eligible: boolean;
};

/**
 * One epoch of a rule of kind `weight`: each group divides its share of what was released by weight × devices of who is eligible. What a
 * group without anybody would get is carried. Parts are in the order of the machines, which has to be the same for everybody: by id.
 */
export function weightRewards(
  rule: Pick<RewardRuleOf<'weight'>, 'groups' | 'classes'>,
  released: bigint,
  machines: readonly WeighedMachine[],
): { parts: bigint[]; carried: bigint } {
  const names = Object.keys(rule.groups).toSorted();
  const shares = apportion(
    released,
    names.map((name) => BigInt(rule.groups[name]!)),
  );
  const members = new Map<string, { at: number[]; weights: bigint[] }>(
    names.map((name) => [name, { at: [], weights: [] }]),
  );
  const weigh = weighing(rule.classes);
  for (const [n, machine] of machines.entries()) {
    const { weight, group } = weigh(machine);
    if (weight === 0n) continue;
    const of = members.get(group)!;
    of.at.push(n);
    of.weights.push(weight);
  }
  const parts = machines.map(() => 0n);
  let carried = shares.carried;
  for (const [n, name] of names.entries()) {
    const { at, weights } = members.get(name)!;
    const divided = apportion(shares.parts[n]!, weights);
    for (const [m, position] of at.entries()) parts[position] = divided.parts[m]!;
    carried += divided.carried;
  }
  return { parts, carried };
}

/** Classes that the table does not know, and machines that are not eligible, weigh nothing. */
function weighing(classes: RewardRuleOf<'weight'>['classes']) {
  const known = new Map(
    Object.entries(classes).map(([slug, { weight_ppm, group }]) => [slug, { weight: BigInt(weight_ppm), group }]),
  );
  return (machine: WeighedMachine): { weight: bigint; group: string } => {
    const entry = known.get(machine.class);
    if (!machine.eligible || entry === undefined) return { weight: 0n, group: '' };
    return { weight: entry.weight * BigInt(machine.devices), group: entry.group };
  };
}
