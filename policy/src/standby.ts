import { apportion } from './apportion.ts';
import { PPM } from './schema/amounts.ts';
import type { RewardRuleOf } from './schema/rewards.ts';
import { squareRootRoundedDown } from './square-root.ts';

type Standby = RewardRuleOf<'standby'>;

/** Of one class, in units (devices). */
export type ClassDemand = {
  /** Mean of the rule's window, in millionths of a unit. */
  rentedPpm: bigint;
  /** Pledged and not yet ordered. */
  pledged: number;
};

/**
 * Units that should be there so that the next renter finds one: λ + β√λ, rounded up. With β 1 about 78 of 100 who come find one free: the
 * others wait with probability 1 / (1 + β Φ(β) / φ(β)) (Halfin and Whitt 1981, the square-root rule of staffing).
 */
export function standbyNeedRoundedUp(
  rule: Pick<Standby, 'beta_ppm' | 'pledged_ppm'>,
  { rentedPpm, pledged }: ClassDemand,
): bigint {
  const demandPpm = rentedPpm + BigInt(pledged) * BigInt(rule.pledged_ppm);
  const rootPpm = squareRootRoundedDown(demandPpm * PPM);
  return divideRoundedUp(demandPpm * PPM + BigInt(rule.beta_ppm) * rootPpm, PPM * PPM);
}

/** How many idle units are paid: what is needed beyond those that are rented now, and no more than there are. */
export function paidIdle(need: bigint, now: { rented: number; idle: number }): bigint {
  const missing = need - BigInt(now.rented);
  if (missing <= 0n) return 0n;
  return missing < BigInt(now.idle) ? missing : BigInt(now.idle);
}

export type IdleMachine = {
  units: number;
  /** Of the epoch, idle, listed and with its checks passed. */
  idleSeconds: number;
  askMicrosPerHour: bigint;
};

/**
 * What one epoch owes the idle machines of a class, in micros of a dollar, rounded down in all: the paid units' worth, divided by idle unit
 * seconds of who asks no more than the rule allows. Nobody earns more for a second than the class's pay: with few idle, the rest is not owed.
 */
export function standbyOwed(
  rule: Pick<Standby, 'classes' | 'asks_at_most_ppm' | 'epoch_s'>,
  slug: string,
  paid: bigint,
  machines: readonly IdleMachine[],
): bigint[] {
  const entry = rule.classes[slug];
  if (entry === undefined) return machines.map(() => 0n);
  const highest = (entry.reference_micros_per_hour * BigInt(rule.asks_at_most_ppm)) / PPM;
  const seconds = machines.map(({ units, idleSeconds, askMicrosPerHour }) =>
    askMicrosPerHour > highest ? 0n : BigInt(units) * BigInt(idleSeconds),
  );
  const idle = seconds.reduce((total, one) => total + one, 0n);
  const wanted = paid * BigInt(rule.epoch_s);
  const served = wanted < idle ? wanted : idle;
  return apportion((served * entry.pay_micros_per_hour) / 3600n, seconds).parts;
}

const divideRoundedUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
