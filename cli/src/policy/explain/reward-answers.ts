import { edgeRewards } from '@gpucoop/policy/edge-rewards.ts';
import { ceilingRoundedDown } from '@gpucoop/policy/emission.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { seasonPoints, seasonRewards } from '@gpucoop/policy/reward-season.ts';
import { paidOf, usdTargetedRelease } from '@gpucoop/policy/reward-usd.ts';
import { taskRewards, uptimeBonus } from '@gpucoop/policy/reward-task.ts';
import { weightRewards } from '@gpucoop/policy/reward-weight.ts';
import { workRewards } from '@gpucoop/policy/reward-work.ts';
import type { RewardRule, RewardRuleOf } from '@gpucoop/policy/schema/rewards.ts';
import { paidIdle, standbyNeedRoundedUp, standbyOwed } from '@gpucoop/policy/standby.ts';
import { grouped, share, span, tokens } from '../values.ts';
import { words } from '../rows/row.ts';
import { inDollars, usd, worth, type Answer, type Answering } from './answer.ts';
import type { Question } from './question.ts';

/** What a machine earns beside its rent, all machines of the network being like it. */
export const rewardAnswers: Answering = (policy, question) => {
  const rules = Object.entries(policy.rewards).filter(([, rule]) => isInForce(rule, question.at_s));
  const answers = rules.flatMap(([name, rule]) => machineAnswer(words(name), rule, policy, question));
  const none = answers.length > 0 ? [] : [{ title: 'reward', value: 'none at that time', formula: '' }];
  return [...answers, ...none, ...seasonAnswers(policy, question), ...edgeAnswer(policy, question)];
};

const isInForce = (rule: RewardRule, at_s: number): boolean =>
  rule.from_s <= at_s && (rule.until_s === null || at_s < rule.until_s);

/** Of the epoch at that time: the most that its pool may release. */
function releasedInEpoch({ emission }: Policy, rule: { pool: string; epoch_s: number }, at_s: number): bigint {
  const curve = emission!.pools[rule.pool]!;
  const epoch = Math.floor(at_s / rule.epoch_s);
  return (
    ceilingRoundedDown(curve, BigInt((epoch + 1) * rule.epoch_s)) -
    ceilingRoundedDown(curve, BigInt(epoch * rule.epoch_s))
  );
}

function machineAnswer(name: string, rule: RewardRule, policy: Policy, question: Question): Answer[] {
  switch (rule.kind) {
    case 'weight':
      return [weightAnswer(name, rule, policy, question)];
    case 'work':
      return [workAnswer(name, rule, policy, question)];
    case 'usd_target':
      return [targetAnswer(name, rule, policy, question)];
    case 'standby':
      return standbyAnswers(name, rule, policy, question);
    case 'season':
    case 'task':
    case 'uptime_bonus':
      return [];
  }
}

const perHour = (amount: bigint, epoch_s: number): bigint => (amount * 3600n) / BigInt(epoch_s);
const exactly = (amount: bigint, policy: Policy, question: Question): Record<string, string> => ({
  tokens_per_hour: amount.toString(),
  micros_per_hour: inDollars(amount, policy, question).toString(),
});
const many = (n: number): string => grouped(String(n));

function weightAnswer(name: string, rule: RewardRuleOf<'weight'>, policy: Policy, question: Question): Answer {
  const released = releasedInEpoch(policy, rule, question.at_s);
  const machine = { class: question.class, devices: question.devices, eligible: true };
  const [part = 0n] = weightRewards(
    rule,
    released,
    Array.from({ length: question.machines }, () => machine),
  ).parts;
  const entry = rule.classes[question.class];
  const group = entry === undefined ? 'no weight' : `${share(rule.groups[entry.group]!)} (${words(entry.group)})`;
  return {
    title: `reward, ${name}`,
    value: `${worth(perHour(part, rule.epoch_s), policy, question)} per hour`,
    exact: exactly(perHour(part, rule.epoch_s), policy, question),
    formula: `${tokens(round(released), policy.token)} in the ${span(rule.epoch_s)} × ${group} ÷ ${many(question.machines)} alike`,
  };
}

function workAnswer(name: string, rule: RewardRuleOf<'work'>, policy: Policy, question: Question): Answer {
  const released = releasedInEpoch(policy, rule, question.at_s);
  const machine = {
    class: question.class,
    devices: question.devices,
    readySeconds: rule.epoch_s,
    rentedSeconds: Math.floor((rule.epoch_s * question.rentedPpm) / 1_000_000),
  };
  const [part = 0n] = workRewards(
    rule,
    released,
    Array.from({ length: question.machines }, () => machine),
  ).parts;
  return {
    title: `reward, ${name}`,
    value: `${worth(perHour(part, rule.epoch_s), policy, question)} per hour`,
    exact: exactly(perHour(part, rule.epoch_s), policy, question),
    formula: `${tokens(round(released), policy.token)} in ${span(rule.epoch_s)}, ${share(rule.capacity_ppm)} for being there and the rest for ${share(question.rentedPpm)} rented, ÷ ${many(question.machines)} alike`,
  };
}

function targetAnswer(name: string, rule: RewardRuleOf<'usd_target'>, policy: Policy, question: Question): Answer {
  const entry = rule.classes[question.class];
  const each =
    entry === undefined
      ? 0n
      : (entry.price_micros_per_hour * BigInt(entry.target_ppm) * BigInt(question.devices)) / 1_000_000n;
  const owed = (each * BigInt(rule.epoch_s)) / 3600n;
  const release = releaseOf(policy, rule, question, owed * BigInt(question.machines), rule.surplus_burn_ppm);
  const paid =
    paidOf(
      release,
      Array.from({ length: question.machines }, () => owed),
    )[0] ?? 0n;
  return {
    title: `reward, ${name}`,
    value: `${worth(perHour(paid, rule.epoch_s), policy, question)} per hour`,
    exact: exactly(perHour(paid, rule.epoch_s), policy, question),
    formula: `${entry === undefined ? 'no price for the class' : `${usd(entry.price_micros_per_hour)} × ${share(entry.target_ppm)} × ${question.devices} devices`}, in dollars’ worth${shortText(release)}`,
  };
}

function standbyAnswers(name: string, rule: RewardRuleOf<'standby'>, policy: Policy, question: Question): Answer[] {
  const all = question.machines * question.devices;
  const rented = Math.floor((all * question.rentedPpm) / 1_000_000);
  const idle = all - rented;
  const need = standbyNeedRoundedUp(rule, { rentedPpm: BigInt(rented) * 1_000_000n, pledged: question.pledged });
  const paid = paidIdle(need, { rented, idle });
  const machine = { units: idle, idleSeconds: rule.epoch_s, askMicrosPerHour: question.askMicrosPerHour };
  const [owed = 0n] = standbyOwed(rule, question.class, paid, [machine]);
  const release = releaseOf(policy, rule, question, owed, rule.surplus_burn_ppm);
  const paidTokens = release.fromRewards + release.fromFees;
  const each = idle === 0 ? 0n : (paidTokens * BigInt(question.devices)) / BigInt(idle);
  return [
    {
      title: 'idle machines paid',
      value: `${grouped(paid.toString())} of ${many(idle)} idle devices`,
      exact: { paid: paid.toString(), idle: String(idle), need: need.toString() },
      formula: `λ + β√λ = ${grouped(need.toString())} for ${many(rented)} rented${question.pledged === 0 ? '' : ` and ${many(question.pledged)} pledged, which count ${share(rule.pledged_ppm)}`}`,
    },
    {
      title: `reward, ${name}`,
      value: `${worth(perHour(each, rule.epoch_s), policy, question)} per hour of waiting`,
      exact: exactly(perHour(each, rule.epoch_s), policy, question),
      formula: `${usd(rule.classes[question.class]?.pay_micros_per_hour ?? 0n)} a paid device and hour, divided among all that wait${shortText(release)}`,
    },
  ];
}

function releaseOf(
  policy: Policy,
  rule: { pool: string; epoch_s: number },
  question: Question,
  owedMicros: bigint,
  burnPpm: number,
) {
  const token = { priceMicros: question.tokenMicros(policy.name), decimals: policy.token!.decimals };
  return usdTargetedRelease(
    owedMicros,
    token,
    { rewards: releasedInEpoch(policy, rule, question.at_s), fees: 0n },
    burnPpm,
  );
}

const shortText = ({ owed, short }: ReturnType<typeof releaseOf>): string =>
  short === 0n || owed === 0n
    ? ''
    : `; the pool’s ${share(1_000_000 - Number((short * 1_000_000n) / owed))} of that, fees aside`;

function seasonAnswers(policy: Policy, question: Question): Answer[] {
  const seasons = Object.entries(policy.rewards).filter(([, rule]) => rule.kind === 'season');
  return seasons.slice(0, 1).flatMap(([name, rule]) => {
    if (rule.kind !== 'season') return [];
    const hours = Math.floor((rule.until_s - rule.from_s) / 3600);
    const rented = Math.floor((hours * question.rentedPpm) / 1_000_000);
    const node = {
      class: question.class,
      devices: question.devices,
      online_hours: hours,
      rented_hours: rented,
      connectivity: 4,
    };
    const points = seasonPoints(rule, node);
    const [part = 0n] = seasonRewards(
      rule,
      Array.from({ length: question.machines }, () => points),
    ).parts;
    return [
      {
        title: `first season, ${words(name)}`,
        value: `${worth(part, policy, question)} in all`,
        exact: { tokens: part.toString() },
        formula: `${tokens(rule.amount, policy.token)} pro rata of points, ${many(question.machines)} alike for ${span(hours * 3600)}`,
      },
    ];
  });
}

function edgeAnswer(policy: Policy, question: Question): Answer[] {
  const { edge } = policy;
  if (edge === null) return [];
  const best = Object.entries(edge.tiers).toSorted(([, a], [, b]) => (a.stake < b.stake ? 1 : -1))[0];
  if (best === undefined) return [];
  const [tier, { stake, base_per_day }] = best;
  const device = { tier, onlineSeconds: 86_400 };
  const available = releasedInEpoch(policy, { pool: edge.pool, epoch_s: 86_400 }, question.at_s);
  const [part = 0n] = edgeRewards(
    edge,
    available,
    Array.from({ length: question.machines }, () => device),
  ).parts;
  return [
    {
      title: `a home device, ${words(tier)}`,
      value: `${worth(part, policy, question)} a day`,
      exact: { tokens_per_day: part.toString() },
      formula: `stake ${tokens(stake, policy.token)}; ${tokens(base_per_day, policy.token)} and a part of ${tokens(edge.bonus_per_day, policy.token)} among ${many(question.machines)} alike, less ${share(edge.reward_fee_ppm)}`,
    },
  ];
}

/** What a checker's licence earns in a day, all licences working alike, and the bonus for who was up long enough. */
export function checkerDay(policy: Policy, question: Question, licences: number): { base: bigint; bonus: bigint } {
  let [base, bonus] = [0n, 0n];
  for (const rule of Object.values(policy.rewards)) {
    if (!isInForce(rule, question.at_s) || licences === 0) continue;
    if (rule.kind === 'task') base += lastPart(taskRewards(dayOf(policy, rule, question), each(licences, 1n)));
    if (rule.kind !== 'uptime_bonus') continue;
    const period = Math.floor((question.at_s - rule.from_s) / rule.epoch_s) + 1;
    const alike = each(licences, { base: 1n, up_s: 1n, period_s: 1n });
    bonus += lastPart(uptimeBonus(rule, dayOf(policy, rule, question), period, alike));
  }
  return { base, bonus };
}

const dayOf = (policy: Policy, rule: { pool: string; epoch_s: number }, question: Question): bigint =>
  (releasedInEpoch(policy, rule, question.at_s) * 86_400n) / BigInt(rule.epoch_s);
const each = <Value>(n: number, value: Value): Value[] => Array.from({ length: n }, () => value);
const lastPart = ({ parts }: { parts: bigint[] }): bigint => parts.at(-1) ?? 0n;

const round = (amount: bigint): bigint => (amount > 10n ** 14n ? (amount / 10n ** 14n) * 10n ** 14n : amount);
