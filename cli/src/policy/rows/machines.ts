import type { Policy } from '@gpucoop/policy/policy.ts';
import type { RewardRule } from '@gpucoop/policy/schema/rewards.ts';
import { stakeCurrency } from '@gpucoop/policy/stake.ts';
import { dollars, factor, share, span, tokens, when } from '../values.ts';
import { splitText } from './money.ts';
import { keysOf, words, type Row, type Rows } from './row.ts';

export const CLASSES = 'Classes of devices';

const MACHINE_KINDS = ['weight', 'work', 'usd_target', 'standby'] as const;

export const rewardRows: Rows = (policies) => {
  const subject = 'Rewards';
  const named =
    (kinds: readonly RewardRule['kind'][]) =>
    (policy: Policy): [string, RewardRule][] =>
      Object.entries(policy.rewards).filter(([, rule]) => kinds.includes(rule.kind));
  const row = (title: string, kinds: readonly RewardRule['kind'][]): Row => ({
    subject,
    title,
    paths: policies.flatMap((policy) => named(kinds)(policy).map(([name]) => `rewards.${name}`)),
    value: (policy) => {
      const rules = named(kinds)(policy);
      return rules.length === 0
        ? undefined
        : rules.map(([name, rule]) => `${words(name)}: ${ruleText(rule, policy)}`).join('\n');
    },
  });
  return [
    row('first season', ['season']),
    row('machines', MACHINE_KINDS),
    row('checkers', ['task', 'uptime_bonus']),
    ...classRows(policies),
  ];
};

function ruleText(rule: RewardRule, policy: Policy): string {
  const every = 'epoch_s' in rule ? `every ${span(rule.epoch_s)}, ` : '';
  const end = rule.until_s === null ? '' : `; until ${when(rule.until_s)}`;
  return `${every}${how(rule, policy)}; out of ${words(rule.pool)}, vesting ${words(rule.vesting)}${rule.from_s === 0 ? '' : `; from ${when(rule.from_s)}`}${end}`;
}

function how(rule: RewardRule, { token }: Policy): string {
  switch (rule.kind) {
    case 'weight': {
      const { uptime_s, wait_s, connectivity, checks, stake } = rule.eligible;
      const asked = [
        `${span(uptime_s)} online`,
        `${span(wait_s)} of waiting`,
        `line of tier ${connectivity}`,
        ...checks.map(words),
        ...(stake ? ['stake'] : []),
      ];
      return `weight × devices ÷ all eligible, ${splitText(rule.groups)}; eligible by ${asked.join(', ')}`;
    }
    case 'task':
      return 'correct checks ÷ correct checks of all';
    case 'uptime_bonus':
      return `base ÷ base of all, from period ${rule.uptime_from_epoch} only above ${share(rule.uptime_above_ppm)} uptime`;
    case 'season':
      return `${tokens(rule.amount, token)}, pro rata of points: (hours online ${factor(rule.uptime_hour_ppm)} + hours rented ${factor(rule.job_hour_ppm)}) × class × line`;
    case 'work':
      return `${share(rule.capacity_ppm)} by class × seconds online, the rest by class × seconds rented`;
    case 'usd_target':
      return `price × target × devices in dollars’ worth, from the pool, then from fees, else less for all; ${share(rule.surplus_burn_ppm)} of left-over fees burnt`;
    case 'standby':
      return `idle machines in dollars’ worth, up to λ + ${rule.beta_ppm === 1_000_000 ? '' : `${factor(rule.beta_ppm)} `}√λ of the demand of ${span(rule.window_s)}, a pledged unit counting ${share(rule.pledged_ppm)}; asking at most ${factor(rule.asks_at_most_ppm)} of the reference price; checks ${rule.checks.map(words).join(', ')}; ${share(rule.surplus_burn_ppm)} of left-over fees burnt`;
  }
}

function classRows(policies: readonly Policy[]): Row[] {
  const slugs = [...new Set(policies.flatMap((policy) => rulesInOrder(policy).flatMap(([, rule]) => classesOf(rule))))];
  return slugs.map((slug) => ({
    subject: CLASSES,
    title: slug,
    paths: policies.flatMap((policy) => [
      ...rulesInOrder(policy)
        .filter(([, rule]) => classesOf(rule).includes(slug))
        .map(([name]) => `rewards.${name}.classes.${slug}`),
      `stake.required.weights.${slug}`,
      `stake.required.values.${slug}`,
    ]),
    value: (policy) => {
      const parts = rulesInOrder(policy).flatMap(([name, rule]) => {
        const text = classText(rule, slug);
        return text === undefined ? [] : [`${rule.kind === 'season' ? 'season' : words(name)} ${text}`];
      });
      return parts.length === 0 ? undefined : [...new Set(parts)].join(', ');
    },
  }));
}

/** What lasts first, seasons after it. */
const rulesInOrder = ({ rewards }: Policy): [string, RewardRule][] =>
  Object.entries(rewards).toSorted(([, a], [, b]) => Number(a.kind === 'season') - Number(b.kind === 'season'));

const classesOf = (rule: RewardRule): string[] => ('classes' in rule ? Object.keys(rule.classes) : []);

function classText(rule: RewardRule, slug: string): string | undefined {
  if (rule.kind === 'weight') {
    const entry = rule.classes[slug];
    return entry === undefined ? undefined : `${factor(entry.weight_ppm)} ${words(entry.group)}`;
  }
  if (rule.kind === 'season' || rule.kind === 'work') {
    const weight = rule.classes[slug];
    return weight === undefined ? undefined : factor(weight);
  }
  if (rule.kind === 'usd_target') {
    const entry = rule.classes[slug];
    return entry === undefined ? undefined : `${share(entry.target_ppm)} of ${dollars(entry.price_micros_per_hour)}/h`;
  }
  if (rule.kind === 'standby') {
    const entry = rule.classes[slug];
    return entry === undefined
      ? undefined
      : `${dollars(entry.pay_micros_per_hour)}/h waiting (reference ${dollars(entry.reference_micros_per_hour)})`;
  }
  return undefined;
}

export const stakeRows: Rows = (policies) => {
  const subject = 'Stake';
  return [
    { subject, title: 'required', paths: ['stake.required'], value: (policy) => requiredText(policy) },
    {
      subject,
      title: 'others may stake',
      paths: ['stake.co_stake'],
      value: ({ stake }) =>
        stake === null
          ? undefined
          : stake.co_stake === null
            ? 'no'
            : `up to ${share(stake.co_stake.most_ppm)}, leaving takes ${span(stake.co_stake.exit_wait_s)} more`,
    },
    {
      subject,
      title: 'leaving takes',
      paths: ['stake.cooldown_s'],
      value: ({ stake }) => (stake === null ? undefined : span(stake.cooldown_s)),
    },
    ...keysOf(policies, ({ stake }) => stake?.slash).map((name) => ({
      subject,
      title: `slash: ${words(name)}`,
      paths: [`stake.slash.${name}`],
      value: ({ stake }: Policy) => {
        const rule = stake?.slash[name as keyof typeof stake.slash];
        if (rule === undefined) return undefined;
        return `${rule.stake_ppm === 0 ? 'nothing' : `${share(rule.stake_ppm)} of the stake`}${rule.refund ? ', renter paid back' : ''}`;
      },
    })),
    {
      subject,
      title: 'slash is taken',
      paths: ['stake.rewards_first', 'stake.slash_most_ppm', 'stake.root_most_ppm', 'stake.epochs_open'],
      value: ({ stake }) =>
        stake === null
          ? undefined
          : `${stake.rewards_first ? 'from rewards first' : 'from the stake'}, at most ${share(stake.slash_most_ppm)} of a machine’s and ${share(stake.root_most_ppm)} of all by one root; within ${stake.epochs_open} epochs`,
    },
    {
      subject,
      title: 'appeal',
      paths: ['stake.appeal_s', 'stake.appeal_bond', 'stake.arbiter_s'],
      value: ({ stake, token }) =>
        stake === null
          ? undefined
          : `within ${span(stake.appeal_s)}, bond ${appealBondText(stake, token)}, void if unanswered for ${span(stake.arbiter_s)}`,
    },
  ];
};

function appealBondText({ required, appeal_bond }: NonNullable<Policy['stake']>, token: Policy['token']): string {
  if (appeal_bond === 0n) return 'none';
  return stakeCurrency(required) === 'token' ? tokens(appeal_bond, token) : dollars(appeal_bond);
}

function requiredText({ stake, token }: Policy): string | undefined {
  if (stake === null) return undefined;
  const { required } = stake;
  switch (required.kind) {
    case 'per_device': {
      const amount =
        required.amount.currency === 'token' ? tokens(required.amount.tokens, token) : dollars(required.amount.micros);
      return `${amount} × max(${factor(required.least_weight_ppm).slice(2)}, weight) × devices`;
    }
    case 'coefficient':
      return `K of the class × ${tokens(required.coefficient, token)} × devices, fixed for ${span(required.fixed_for_s)}`;
    case 'earned':
      return `${share(required.keep_ppm)} of income is kept until it covers ${span(required.at_risk_s)} of the asking price`;
  }
}
