import { apportion } from './apportion.ts';
import { PPM } from './schema/amounts.ts';
import type { RewardRuleOf } from './schema/rewards.ts';

export type WorkingMachine = {
  class: string;
  devices: number;
  /** Online and qualified. */
  readySeconds: number;
  rentedSeconds: number;
};

/** One epoch of a rule of kind `work`: a part for being there and one for work done, each by class value × devices × seconds. */
export function workRewards(
  rule: Pick<RewardRuleOf<'work'>, 'capacity_ppm' | 'classes'>,
  released: bigint,
  machines: readonly WorkingMachine[],
): { parts: bigint[]; carried: bigint } {
  const forCapacity = (released * BigInt(rule.capacity_ppm)) / PPM;
  const by = (seconds: (machine: WorkingMachine) => number): bigint[] =>
    machines.map(
      (machine) => BigInt(rule.classes[machine.class] ?? 0) * BigInt(machine.devices) * BigInt(seconds(machine)),
    );
  const capacity = apportion(
    forCapacity,
    by(({ readySeconds }) => readySeconds),
  );
  const work = apportion(
    released - forCapacity,
    by(({ rentedSeconds }) => rentedSeconds),
  );
  return {
    parts: capacity.parts.map((part, n) => part + work.parts[n]!),
    carried: capacity.carried + work.carried,
  };
}
