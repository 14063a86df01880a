import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { chargeRoundedDown, holdRoundedUp, secondsCovered } from '@gpucoop/policy/charge.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';

/** The money side of a running lease (DESIGN 6, "hold"). All amounts in micros; `now` and `expires_at` in milliseconds. */
export type MoneyFacts = {
  price: bigint;
  settled: bigint;
  held: bigint;
  /** Whole seconds billed so far, of this lease. */
  billed_s: bigint;
  /** Of the run's budget, less what its other leases cost. */
  budget: bigint;
  now: number;
  expires_at: number;
  grace_s: number;
  /** The last attempt to place the next hold failed. */
  refused: boolean;
};

export type MoneyPlan = {
  stop: Extract<EndReason, 'budget_reached' | 'credit_exhausted' | 'expired'> | null;
  warn: 'budget' | 'expiry' | null;
  /** The next hold to place, with a settlement of what was served; null: nothing is due. */
  renew: bigint | null;
  /** In how many seconds something may change. */
  next_s: number;
};

const RENEW_AHEAD_S = 30n;

export function planMoney(facts: MoneyFacts, policy: Policy): MoneyPlan {
  const { price, billed_s: billed } = facts;
  const expiryInS = Math.ceil((facts.expires_at - facts.now) / 1000);
  const budgetEnd = secondsCovered(price, facts.budget);
  const heldEnd = secondsCovered(price, facts.settled + facts.held);
  const budgetLeft = budgetEnd === undefined ? undefined : budgetEnd - billed;
  const heldLeft = heldEnd === undefined ? undefined : heldEnd - billed;
  const notice = BigInt(policy.hold.notice_s);

  const wanted = needed(expiryInS + facts.grace_s, budgetLeft);
  const short = heldLeft !== undefined && heldLeft < wanted;
  const horizon = BigInt(policy.hold.horizon_s);
  // Never more than twice in what a hold covers, however short a policy makes it.
  const renewNow = short && heldLeft <= smaller(notice + RENEW_AHEAD_S, horizon / 2n);
  const budgetLow = budgetLeft !== undefined && budgetLeft <= notice && budgetLeft < BigInt(Math.max(0, expiryInS));
  return {
    stop:
      expiryInS <= 0
        ? 'expired'
        : atEnd(budgetEnd, billed, facts.grace_s)
          ? 'budget_reached'
          : facts.refused && atEnd(heldEnd, billed, facts.grace_s)
            ? 'credit_exhausted'
            : null,
    warn: budgetLow ? 'budget' : expiryInS <= policy.hold.notice_s ? 'expiry' : null,
    renew: renewNow
      ? smaller(holdRoundedUp(price, smaller(wanted, horizon)), facts.budget - chargeRoundedDown(price, billed))
      : null,
    next_s: soonest(expiryInS, budgetLeft, heldLeft, notice),
  };
}

/**
 * How long a stop may take: no longer than what is held still pays for. The renter chooses the grace, and a command that ignores the
 * request to stop would otherwise be served for nothing.
 */
export function paidGraceS(
  graceS: number,
  { price, settled, held, billed_s }: Pick<MoneyFacts, 'price' | 'settled' | 'held' | 'billed_s'>,
): number {
  const end = secondsCovered(price, settled + held);
  if (end === undefined) return graceS;
  return Number(smaller(BigInt(graceS), end > billed_s ? end - billed_s : 0n));
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Seconds that still have to be covered: to the expiry and through the stop's grace, but no further than the budget goes. */
function needed(untilExpiryS: number, budgetLeft: bigint | undefined): bigint {
  const toExpiry = BigInt(Math.max(0, untilExpiryS));
  return budgetLeft !== undefined && budgetLeft < toExpiry ? budgetLeft : toExpiry;
}

/** True when stopping must begin for the grace still to be paid; a tenth of very short coverages, so that they are not all grace. */
function atEnd(total: bigint | undefined, billed: bigint, graceS: number): boolean {
  return total !== undefined && total - billed <= smaller(BigInt(graceS), total / 10n);
}

function soonest(
  expiryInS: number,
  budgetLeft: bigint | undefined,
  heldLeft: bigint | undefined,
  notice: bigint,
): number {
  const candidates = [expiryInS];
  if (heldLeft !== undefined) candidates.push(Number(heldLeft), Number(heldLeft - notice - RENEW_AHEAD_S));
  if (budgetLeft !== undefined) candidates.push(Number(budgetLeft), Number(budgetLeft - notice));
  // A short wait costs little, a wait of nothing would spin.
  return Math.min(...candidates.filter((seconds) => seconds > 0), 30);
}
