import { conditionsHold, pledgeState, type Pledge } from '@gpucoop/policy/pledge.ts';
import { standby } from '@gpucoop/policy/presets/standby.ts';
import type { RewardRuleOf } from '@gpucoop/policy/schema/rewards.ts';
import { paidIdle, standbyNeedRoundedUp, standbyOwed } from '@gpucoop/policy/standby.ts';
import { add } from './books.ts';

/** Who offers and who wants what in which week, and what waiting is worth then. Nothing here knows of a chain. */

export const WEEK_S = 604_800n;
const DAY_S = 86_400n;
const pledges = standby.policy.pledges!;
const rule = standby.policy.rewards.standby as RewardRuleOf<'standby'>;

type Host = { name: string; class: string; units: number; askMicrosPerHour: bigint; provenInWeek: number };
export const hosts: readonly Host[] = [
  { name: 'Ada', class: 'rtx-4090', units: 2, askMicrosPerHour: 300_000n, provenInWeek: 0 },
  { name: 'Ben', class: 'rtx-4090', units: 4, askMicrosPerHour: 310_000n, provenInWeek: 0 },
  { name: 'Cleo', class: 'rtx-4090', units: 8, askMicrosPerHour: 320_000n, provenInWeek: 1 },
  { name: 'Dov', class: 'rtx-4090', units: 6, askMicrosPerHour: 340_000n, provenInWeek: 2 },
  { name: 'Eve', class: 'h100-sxm-80gb', units: 8, askMicrosPerHour: 2_000_000n, provenInWeek: 3 },
];
export const [cleo, eve] = [hosts[2]!, hosts[4]!];
export const classes = ['rtx-4090', 'h100-sxm-80gb'];
/** Cleo's machine is rented from here on: the order keeps the pledge. */
const RENTED_FROM_WEEK = 3;

/** Two pledges: one that the market answers, and one whose price nobody asks for so little. */
export const pledged = {
  Rana: { class: 'rtx-4090', units: 8, priceMicrosPerHour: 400_000n, provenUnits: 20 },
  Sol: { class: 'h100-sxm-80gb', units: 4, priceMicrosPerHour: 1_000_000n, provenUnits: 4 },
};

/** When a pledge is called: the first day on which its conditions hold. Undefined: not while it lasts. */
function calledAt(name: keyof typeof pledged): number | undefined {
  for (let at = 0; at < pledges.longest_s; at += Number(DAY_S)) {
    const supply = hosts
      .filter((host) => host.class === pledged[name].class)
      .map((host) => ({ ...host, provenForS: at - host.provenInWeek * Number(WEEK_S) }));
    if (conditionsHold(pledges, pledged[name], supply)) return at;
  }
  return undefined;
}

export function stateOf(name: keyof typeof pledged, at: bigint) {
  const first = calledAt(name);
  const called = first !== undefined && BigInt(first) <= at ? first : null;
  const pledge: Pledge = {
    ...pledged[name],
    placedAt: 0,
    calledAt: called,
    orderedAt: called === null ? null : called + 3600,
    withdrawnAt: null,
  };
  return pledgeState(pledges, pledge, Number(at));
}

/** One class in one week: how many idle machines there are and how many are needed, and what an hour of it owes each host. */
function weekOf(slug: string, week: number) {
  const at = BigInt(week) * WEEK_S;
  const rented = (w: number): number => (slug === cleo.class && w >= RENTED_FROM_WEEK ? cleo.units : 0);
  const waiting = Object.keys(pledged) as (keyof typeof pledged)[];
  const pledgedUnits = waiting
    .filter((name) => pledged[name].class === slug && ['waiting', 'called'].includes(stateOf(name, at)))
    .reduce((sum, name) => sum + pledged[name].units, 0);
  const need = standbyNeedRoundedUp(rule, { rentedPpm: BigInt(rented(week - 1)) * 1_000_000n, pledged: pledgedUnits });
  const idle = hosts.filter(
    (host) => host.class === slug && host.provenInWeek <= week && !(host === cleo && week >= RENTED_FROM_WEEK),
  );
  const idleUnits = idle.reduce((sum, { units }) => sum + units, 0);
  const paid = paidIdle(need, { rented: rented(week), idle: idleUnits });
  const owed = standbyOwed(
    rule,
    slug,
    paid,
    idle.map((host) => ({ ...host, idleSeconds: rule.epoch_s })),
  );
  return { paid, idleUnits, owed: idle.map(({ name }, n) => ({ name, micros: owed[n]! })) };
}

/** What all hours of these weeks owe each host, in micros. */
export function owedIn(weeks: readonly number[]): Map<string, bigint> {
  const owed = new Map(hosts.map(({ name }) => [name, 0n]));
  for (const week of weeks) {
    for (const slug of classes) {
      for (const { name, micros } of weekOf(slug, week).owed) add(owed, name, micros * (WEEK_S / BigInt(rule.epoch_s)));
    }
  }
  return owed;
}

export const paidOfIdle = (slug: string, weeks: readonly number[]): string =>
  `${slug} ${weeks
    .map((week) => weekOf(slug, week))
    .map(({ paid, idleUnits }) => `${paid}/${idleUnits}`)
    .join(' ')}`;

export const rentedWeeksOf = (weeks: readonly number[]): bigint =>
  BigInt(weeks.filter((week) => week >= RENTED_FROM_WEEK).length);
