import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Curve } from '@gpucoop/policy/emission.ts';
import { share, span, tokens } from '../values.ts';
import { keysOf, words, type Rows } from './row.ts';

export const feeRows: Rows = () => {
  const subject = 'Fees';
  return [
    {
      subject,
      title: 'paid in dollars',
      paths: ['fees.renter_ppm', 'fees.provider_ppm'],
      value: ({ fees }) => `renter ${share(fees.renter_ppm)}, provider ${share(fees.provider_ppm)}`,
    },
    {
      subject,
      title: 'paid in the token',
      paths: ['fees.token'],
      value: ({ fees: { token } }) =>
        token === null ? undefined : `renter ${share(token.renter_ppm)}, provider ${share(token.provider_ppm)}`,
    },
    {
      subject,
      title: 'token discount',
      paths: ['fees.token.discount_ppm'],
      value: ({ fees: { token } }) =>
        token === null ? undefined : token.discount_ppm === 0 ? 'none' : `${share(token.discount_ppm)} of the price`,
    },
    { subject, title: 'go to', paths: ['fees.split'], value: ({ fees }) => splitText(fees.split) },
    {
      subject,
      title: 'referral',
      paths: ['fees.referral_ppm'],
      value: ({ fees }) => (fees.referral_ppm === 0 ? 'none' : `${share(fees.referral_ppm)} of the fees`),
    },
    {
      subject,
      title: 'provider is paid',
      paths: ['fees.claimable_after_s'],
      value: ({ fees }) => (fees.claimable_after_s === 0 ? 'at once' : `after ${span(fees.claimable_after_s)}`),
    },
  ];
};

export const splitText = (split: Readonly<Record<string, number>>): string =>
  Object.entries(split)
    .map(([name, ppm]) => `${share(ppm)} ${words(name)}`)
    .join(', ');

export const tokenRows: Rows = (policies) => {
  const subject = 'Token and emission';
  return [
    {
      subject,
      title: 'token',
      paths: ['token'],
      value: ({ token }) => (token === null ? undefined : `${token.symbol}, ${token.decimals} decimals`),
    },
    {
      subject,
      title: 'ever minted',
      paths: ['token.cap'],
      value: ({ token }) => (token === null ? undefined : `at most ${tokens(token.cap, token)}`),
    },
    ...keysOf(policies, ({ emission }) => emission?.pools).map((pool) => ({
      subject,
      title: `pool ${words(pool)}`,
      paths: [`emission.pools.${pool}`],
      value: ({ emission, token }: Policy) => {
        const curve = emission?.pools[pool];
        return curve === undefined ? undefined : curveText(curve, token);
      },
    })),
  ];
};

const NAMED_POINTS = 4;

function curveText(curve: Curve, token: Policy['token']): string {
  if (curve.kind === 'decay') {
    const start = curve.genesis === 0n ? '' : `${tokens(curve.genesis, token)} at the start, then `;
    return `${start}${tokens(curve.first, token)} in the first ${span(curve.epoch_s)}, each less by ${rayPercent(curve.decay_ray)}, ${tokens(curve.cap, token)} in all`;
  }
  const { points } = curve;
  const last = points.at(-1)!;
  if (points.length === 1) return `${tokens(last.total, token)} at the start`;
  const from = points.findLast((point) => point.total === 0n) ?? points[0]!;
  const start = points[0]!.total === 0n ? '' : `${tokens(points[0]!.total, token)} at the start, `;
  const cliff = from.at_s === 0 ? '' : ` from ${span(from.at_s)} on`;
  const isFoot = (n: number): boolean => points[n + 1]?.at_s === points[n]!.at_s; // of a step
  const between = points.filter((point, n) => point.at_s > from.at_s && point !== last && !isFoot(n));
  const way =
    between.length === 0
      ? 'in a straight line'
      : `by ${between
          .slice(0, NAMED_POINTS)
          .map((point) => `${share(Number((point.total * 1_000_000n) / last.total))} at ${span(point.at_s)}`)
          .join(', ')}${between.length > NAMED_POINTS ? ' …' : ''}`;
  return `${start}${tokens(last.total, token)} within ${span(last.at_s)}${cliff}, ${way}`;
}

/** A rate of 10⁻²⁷ as a percentage, every digit. */
function rayPercent(rate: bigint): string {
  const digits = rate.toString().padStart(26, '0');
  const whole = digits.slice(0, digits.length - 25);
  return `${whole}.${digits.slice(digits.length - 25).replace(/0+$/, '')} %`;
}
