import type { Pledges } from './schema/pledges.ts';

export type Pledge = {
  placedAt: number;
  units: number;
  /** At most, for each unit. */
  priceMicrosPerHour: bigint;
  /** So many units must be proven and ask no more. */
  provenUnits: number;
  /** When its conditions first held, and when the renter ordered or took it back; in seconds, as `now`. */
  calledAt: number | null;
  orderedAt: number | null;
  withdrawnAt: number | null;
};

export type PledgeState = 'waiting' | 'called' | 'kept' | 'withdrawn' | 'expired' | 'lapsed';

/** Put down with a pledge, rounded up. */
export const depositRoundedUp = (
  rules: Pick<Pledges, 'deposit_s'>,
  { units, priceMicrosPerHour }: Pick<Pledge, 'units' | 'priceMicrosPerHour'>,
): bigint => (priceMicrosPerHour * BigInt(units) * BigInt(rules.deposit_s) + 3599n) / 3600n;

/** Whether the market has what a pledge waits for: units proven for long enough that ask no more. */
export const conditionsHold = (
  rules: Pick<Pledges, 'proven_s'>,
  pledge: Pick<Pledge, 'provenUnits' | 'priceMicrosPerHour'>,
  supply: readonly { units: number; askMicrosPerHour: bigint; provenForS: number }[],
): boolean =>
  supply
    .filter(
      ({ askMicrosPerHour, provenForS }) =>
        askMicrosPerHour <= pledge.priceMicrosPerHour && provenForS >= rules.proven_s,
    )
    .reduce((total, { units }) => total + units, 0) >= pledge.provenUnits;

/** A pledge may be taken back until it is called; once called it is kept by an order in time, or lapses. */
export function pledgeState(rules: Pick<Pledges, 'longest_s' | 'answer_s'>, pledge: Pledge, now: number): PledgeState {
  const { calledAt, orderedAt, withdrawnAt, placedAt } = pledge;
  const expiresAt = placedAt + rules.longest_s;
  if (calledAt !== null && calledAt < expiresAt && !(withdrawnAt !== null && withdrawnAt < calledAt)) {
    const answerBy = calledAt + rules.answer_s;
    if (orderedAt !== null && orderedAt <= answerBy) return 'kept';
    return now > answerBy ? 'lapsed' : 'called';
  }
  if (withdrawnAt !== null && withdrawnAt < expiresAt) return 'withdrawn';
  return now >= expiresAt ? 'expired' : 'waiting';
}

/** What of a deposit goes back, and what to the machines that waited. Undefined while that is open. */
export function depositBack(
  rules: Pick<Pledges, 'lapse_ppm'>,
  state: PledgeState,
  deposit: bigint,
): { renter: bigint; machines: bigint } | undefined {
  if (state === 'waiting' || state === 'called') return undefined;
  const machines = state === 'lapsed' ? (deposit * BigInt(rules.lapse_ppm)) / 1_000_000n : 0n;
  return { renter: deposit - machines, machines };
}
