import { catchesPerDayPpm } from '@gpucoop/policy/checks.ts';
import { slashRoundedDown } from '@gpucoop/policy/slash.ts';
import { keptRoundedDown, stakeRequiredRoundedUp } from '@gpucoop/policy/stake.ts';
import { factor, share, span, tokens } from '../values.ts';
import { words } from '../rows/row.ts';
import { inDollars, usd, worth, type Answer, type Answering } from './answer.ts';

/** What has to be put down, what is lost at worst, and how soon a lie comes out. */
export const stakeAnswers: Answering = (policy, question) => {
  if (policy.stake === null) return [{ title: 'stake', value: 'none', formula: '' }];
  const required = stakeRequiredRoundedUp(policy.stake.required, question);
  const stake: Answer = {
    title: 'stake',
    value: required.currency === 'token' ? worth(required.tokens, policy, question) : usd(required.micros),
    formula: formulaOf(policy, question),
    exact:
      required.currency === 'token' ? { tokens: required.tokens.toString() } : { micros: required.micros.toString() },
  };
  const amount = required.currency === 'token' ? required.tokens : required.micros;
  const lost = slashRoundedDown(policy.stake, 'false_offer', {
    required: amount,
    staked: amount,
    unpaidRewards: 0n,
    victimPaid: 0n,
  });
  const down = slashRoundedDown(policy.stake, 'lost_lease', {
    required: amount,
    staked: amount,
    unpaidRewards: 0n,
    victimPaid: 0n,
  });
  const text = (taken: bigint): string =>
    taken === 0n ? 'nothing' : required.currency === 'token' ? tokens(taken, policy.token) : usd(taken);
  return [
    stake,
    {
      title: 'is lost',
      value: `${text(lost.fromStake)} by a false offer, ${text(down.fromStake)} by failing a renter`,
      formula: `${share(policy.stake.slash.false_offer?.stake_ppm ?? 0)} and ${share(policy.stake.slash.lost_lease?.stake_ppm ?? 0)} of the stake; it may leave ${span(policy.stake.cooldown_s)} after it is asked back`,
    },
    ...caught(policy, inMicros(required, policy, question)),
  ];
};

type Required = ReturnType<typeof stakeRequiredRoundedUp>;

const inMicros = (required: Required, ...of: [Parameters<Answering>[0], Parameters<Answering>[1]]): bigint =>
  required.currency === 'dollars' ? required.micros : inDollars(required.tokens, ...of);

function formulaOf(...[policy, question]: Parameters<Answering>): string {
  const { required } = policy.stake!;
  switch (required.kind) {
    case 'per_device': {
      const weight = required.weights[question.class] ?? 0;
      const each =
        required.amount.currency === 'token'
          ? tokens(required.amount.tokens, policy.token)
          : usd(required.amount.micros);
      return `${each} × max(${factor(required.least_weight_ppm).slice(2)}, ${factor(weight).slice(2)}) × ${question.devices} devices`;
    }
    case 'coefficient':
      return `K ${factor(required.values[question.class] ?? 0).slice(2)} × ${tokens(required.coefficient, policy.token)} × ${question.devices} devices`;
    case 'earned': {
      const income = question.askMicrosPerHour * BigInt(question.devices);
      const full = (income * BigInt(required.at_risk_s) + 3599n) / 3600n;
      const hour = keptRoundedDown(required, { income, staked: 0n, full });
      const hours = hour === 0n ? undefined : Number((full + hour - 1n) / hour);
      return `${span(required.at_risk_s)} × ${usd(income)}/h; not bought: ${share(required.keep_ppm)} of income is kept, full after ${hours === undefined ? 'never' : span(hours * 3600)} rented`;
    }
  }
}

function caught(policy: Parameters<Answering>[0], stakeMicros: bigint): Answer[] {
  const { checks } = policy;
  if (checks === null) return [];
  const named = Object.keys(checks.kinds).filter(
    (name) => checks.kinds[name]!.proves === 'class' && checks.kinds[name]!.when !== 'enrolment',
  );
  const perDay = catchesPerDayPpm(checks.kinds, named);
  if (perDay === 0n)
    return [{ title: 'a lie comes out', value: 'never', formula: 'no check after enrolment proves the class' }];
  const seconds = Number((86_400n * 1_000_000n) / perDay);
  return [
    {
      title: 'a lie comes out',
      value: `after ${span(seconds)} on average`,
      exact: { seconds: String(seconds) },
      formula: `${named.map(words).join(', ')}: caught ${Number(perDay) / 1_000_000} times a day; lying pays only from ${usd((stakeMicros * perDay) / 1_000_000n)} a day on`,
    },
  ];
}
