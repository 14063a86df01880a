import { formatUnits } from '@gpucoop/policy/decimal.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { dollars, grouped, share, span, tokens } from '../values.ts';
import { keysOf, words, type Row, type Rows } from './row.ts';

export const TIERS = 'Tiers of the sale';

type Licences = NonNullable<Policy['licences']>;

export const checkRows: Rows = (policies) => {
  const subject = 'Checks';
  return [
    {
      subject,
      title: 'checked by',
      paths: ['checks.by'],
      value: ({ checks }) =>
        checks === null ? undefined : checks.by === 'licences' ? 'holders of licences' : 'the operator of the network',
    },
    ...keysOf(policies, ({ checks }) => checks?.kinds).map((name) => ({
      subject,
      title: words(name),
      paths: [`checks.kinds.${name}`],
      value: ({ checks }: Policy) => {
        const kind = checks?.kinds[name];
        return kind === undefined
          ? undefined
          : `${kind.when === 'enrolment' ? 'at enrolment' : `every ${span(kind.every_s)}, ${kind.when === 'always' ? 'always' : `while ${kind.when}`}`}; proves ${kind.proves}; ${kind.committee} checkers of ${kind.operators} operators, more than ${share(kind.majority_ppm)} agree, answer within ${span(kind.answer_s)}; catches ${share(kind.catches_ppm)}${kind.shadow ? '; without consequence yet' : ''}`;
      },
    })),
    {
      subject,
      title: 'verdict within',
      paths: ['checks.window_s'],
      value: ({ checks }) => (checks === null ? undefined : span(checks.window_s)),
    },
    {
      subject,
      title: 'wrong checker',
      paths: ['checks.wrong_most', 'checks.wrong_window_s', 'checks.ban_s'],
      value: ({ checks }) =>
        checks === null || checks.by === 'operator'
          ? undefined
          : `banned for ${span(checks.ban_s)} after ${checks.wrong_most} wrong answers in ${span(checks.wrong_window_s)}`,
    },
  ];
};

export const licenceRows: Rows = (policies) => {
  const row = (
    title: string,
    paths: readonly string[],
    value: (licences: Licences, policy: Policy) => string,
  ): Row => ({
    subject: 'Licences',
    title,
    paths: paths.map((path) => `licences${path}`),
    value: (policy) => (policy.licences === null ? undefined : value(policy.licences, policy)),
  });
  return [
    row(
      'sale',
      ['.symbol', '.currency', '.decimals'],
      (sale) =>
        `${grouped(String(sum(sale.tiers.map(({ count }) => count))))} in ${sale.tiers.length} tiers, for ${sale.currency}`,
    ),
    row(
      'price, first and last',
      ['.tiers.0.price', '.tiers'],
      (sale) => `${price(sale.tiers[0]!.price, sale)} to ${price(sale.tiers.at(-1)!.price, sale)}`,
    ),
    row('all sold bring', ['.tiers'], (sale) =>
      price(
        sale.tiers.reduce((all, tier) => all + tier.price * BigInt(tier.count), 0n),
        sale,
      ),
    ),
    row('most per address', ['.tiers.0.cap_per_address', '.tiers'], capsText),
    row('phases', ['.phases'], ({ phases }) =>
      Object.entries(phases)
        .map(([name, phase]) => {
          const end = `to ${span(phase.until_s)}`;
          const who = phase.allowlist
            ? `, list with ${phase.allocation === 0 ? 'an allocation each' : `${phase.allocation} each`}`
            : '';
          return `${words(name)} from ${phase.from_s === 0 ? 'the opening' : span(phase.from_s)} ${end}${who}`;
        })
        .join('; '),
    ),
    row(
      'codes',
      ['.codes'],
      ({ codes }) =>
        `${share(codes.discount_ppm)} off, ${share(codes.rebate_ppm)} back, ${share(codes.commission_ppm)} commission (at most ${share(codes.commission_max_ppm)}), after ${span(codes.paid_after_s)}`,
    ),
    row('refund', ['.refund'], ({ refund }) => `until ${span(refund.until_s)}, less ${share(refund.fee_ppm)}`),
    row(
      'changes hands',
      ['.locked_until_s', '.transfer_void_s'],
      (sale) =>
        `after ${span(sale.locked_until_s)}${sale.transfer_void_s === 0 ? '' : `; ${span(sale.transfer_void_s)} of work before it unpaid`}`,
    ),
    row(
      'earns',
      ['.earns'],
      ({ earns }) =>
        ({
          activated: 'once activated',
          refund_end: 'once the refund has ended',
          either: 'once activated, or the refund has ended',
        })[earns],
    ),
    row('identity', ['.identity'], ({ identity }) => (identity === 'none' ? 'not asked' : `at the ${identity}`)),
    row('operator’s commission', ['.delegation'], ({ delegation }) =>
      delegation.commission_max_ppm === 0
        ? 'agreed outside'
        : `at most ${share(delegation.commission_max_ppm)}, raised by at most ${share(delegation.commission_step_ppm)} after ${span(delegation.notice_s)}; for at most ${span(delegation.longest_s)}`,
    ),
    ...tierRows(policies),
  ];
};

/** One row a tier. */
function tierRows(policies: readonly Policy[]): Row[] {
  const most = Math.max(0, ...policies.map(({ licences }) => licences?.tiers.length ?? 0));
  return Array.from({ length: most }, (_, n) => ({
    subject: TIERS,
    title: `tier ${n + 1}`,
    paths: [`licences.tiers.${n}.price`, `licences.tiers.${n}`],
    value: ({ licences }) => {
      const tier = licences?.tiers[n];
      return licences === null || tier === undefined
        ? undefined
        : `${grouped(String(tier.count))} at ${price(tier.price, licences)}`;
    },
  }));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

export function price(amount: bigint, { currency, decimals }: Pick<Licences, 'currency' | 'decimals'>): string {
  if (currency === 'dollars') return decimals === 6 ? dollars(amount) : `$${formatUnits(amount, decimals)}`;
  return tokens(amount, { symbol: currency === 'ether' ? 'ETH' : 'token', decimals });
}

function capsText({ tiers }: Licences): string {
  const caps = tiers.map(({ cap_per_address: cap }) => (cap === 0 ? 'none' : String(cap)));
  const runs: { cap: string; from: number; to: number }[] = [];
  for (const [n, cap] of caps.entries()) {
    const last = runs.at(-1);
    if (last?.cap === cap) last.to = n + 1;
    else runs.push({ cap, from: n + 1, to: n + 1 });
  }
  return runs.length === 1
    ? runs[0]!.cap
    : runs.map(({ cap, from, to }) => `${cap} in ${from === to ? from : `${from}–${to}`}`).join(', ');
}
