import { PPM } from './schema/amounts.ts';
import type { SlashCase, Stake } from './schema/stake.ts';

export type Slash = {
  fromRewards: bigint;
  fromStake: bigint;
  /** Of what was taken; never more than the victim paid. */
  toVictim: bigint;
  burnt: bigint;
};

/**
 * What a case costs a machine, all in one unit. Taken is the case's share of the stake that is required, at most what one root may take of
 * what is there; rewards that were not paid out yet go first where the policy says so. A case that the policy does not name costs nothing.
 */
export function slashRoundedDown(
  stake: Pick<Stake, 'slash' | 'rewards_first' | 'slash_most_ppm'>,
  what: SlashCase,
  machine: { required: bigint; staked: bigint; unpaidRewards: bigint; victimPaid: bigint },
): Slash {
  const rule = stake.slash[what];
  const wanted = share(machine.required, rule?.stake_ppm ?? 0);
  const fromRewards = stake.rewards_first ? least(wanted, machine.unpaidRewards) : 0n;
  const fromStake = least(wanted - fromRewards, share(machine.staked, stake.slash_most_ppm));
  const taken = fromRewards + fromStake;
  const toVictim = rule?.refund === true ? least(taken, machine.victimPaid) : 0n;
  return { fromRewards, fromStake, toVictim, burnt: taken - toVictim };
}

const share = (amount: bigint, ppm: number): bigint => (amount * BigInt(ppm)) / PPM;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
