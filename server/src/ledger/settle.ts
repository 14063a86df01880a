import { createHash } from 'node:crypto';
import { makeId } from '@gpucoop/protocol/ids.ts';
import { decimalDollars } from '@gpucoop/protocol/money.ts';
import type { Row } from '../db/rows.ts';
import { accountId, record, type Tx } from './ledger.ts';
import type { Step } from './rules.ts';

export type SettledLease = Pick<
  Row<'leases'>,
  'id' | 'run_id' | 'user_id' | 'provider_id' | 'hold_id' | 'held_micros' | 'settled_micros' | 'settled_fee_micros'
>;

export type Settlement = {
  lease: SettledLease;
  /** Cumulative since the lease was ready, from policy/charge.ts. */
  gross_total: bigint;
  /** Cumulative, of `gross_total`. */
  fee_total: bigint;
  /** What to hold next; null when the lease ends. */
  nextHold: bigint | null;
  at: Date;
  /** The receipt that says for which seconds. */
  statement_hash?: string | null;
};

/** The lease's columns after the settlement. `unpaid` is what was charged beyond the hold, and stays open until the next one. */
export type Settled = {
  hold_id: string | null;
  held_micros: bigint;
  settled_micros: bigint;
  settled_fee_micros: bigint;
  unpaid_micros: bigint;
};

/**
 * Pays the provider out of the lease's hold for what was served since the last settlement, takes the fee, gives the rest back and
 * places the next hold: all or nothing. When the credit does not cover the next hold it throws `insufficient_credit` and the old
 * hold stands. Settling twice from the same lease row to the same totals answers the same and changes nothing.
 */
export async function settle(tx: Tx, settlement: Settlement): Promise<Settled> {
  const { lease, nextHold, at } = settlement;
  const { charge, fee, unpaid } = dueNow(settlement);
  const settled = {
    settled_micros: lease.settled_micros + charge,
    settled_fee_micros: lease.settled_fee_micros + fee,
    unpaid_micros: unpaid,
  };
  if (charge === 0n && nextHold !== null && lease.hold_id !== null && nextHold === lease.held_micros) {
    return { ...settled, hold_id: lease.hold_id, held_micros: lease.held_micros };
  }
  const accounts = accountsOf(lease);
  const { steps, nextHoldId } = stepsOf(settlement, charge, fee, accounts);
  if (steps.length > 0) await record(tx, steps, at, Object.values(accounts));
  return { ...settled, hold_id: nextHoldId, held_micros: nextHold ?? 0n };
}

/** The hold with which a lease starts. */
export function firstHold(
  lease: Pick<SettledLease, 'id' | 'run_id' | 'user_id' | 'provider_id'>,
  hold: { id: string; amount: bigint; statement_hash?: string | null },
) {
  const { spending, earnings } = accountsOf(lease);
  const purpose = { what: HOLD, run_id: lease.run_id, lease_id: lease.id };
  return { ...purpose, ...hold, debit: spending, credit: earnings, asset: 'usd' as const };
}

const HOLD = 'Held for the time ahead';

/**
 * A charge never exceeds its hold: what does not fit is not lost but due at the next settlement, with its share of the fee.
 * Nor does a fee exceed the charge it is taken from, so that a provider who has been paid out never blocks a settlement.
 */
function dueNow({ lease, gross_total, fee_total }: Settlement): { charge: bigint; fee: bigint; unpaid: bigint } {
  const owed = gross_total - lease.settled_micros;
  const feeOwed = fee_total - lease.settled_fee_micros;
  if (owed < 0n || feeOwed < 0n || fee_total > gross_total) {
    const before = `${lease.settled_micros} and ${lease.settled_fee_micros}`;
    throw new RangeError(`lease ${lease.id}: the totals ${gross_total} and ${fee_total} cannot follow ${before}`);
  }
  const held = lease.hold_id === null ? 0n : lease.held_micros;
  if (owed <= held) return { charge: owed, fee: smaller(feeOwed, owed), unpaid: 0n };
  const feeOfPaid = (fee_total * (lease.settled_micros + held)) / gross_total - lease.settled_fee_micros;
  return { charge: held, fee: smaller(feeOfPaid > 0n ? feeOfPaid : 0n, held), unpaid: owed - held };
}

function stepsOf(settlement: Settlement, charge: bigint, fee: bigint, accounts: ReturnType<typeof accountsOf>) {
  const { lease, nextHold, at, statement_hash = null } = settlement;
  const purpose = { run_id: lease.run_id, lease_id: lease.id, statement_hash };
  const steps: Step[] = [];
  if (lease.hold_id !== null) {
    const id = derivedId(`resolve ${lease.hold_id} ${lease.settled_micros + charge}`);
    const resolves = { ...purpose, id, hold_id: lease.hold_id };
    if (charge === 0n) steps.push({ ...resolves, kind: 'release', what: 'Hold given back' });
    else steps.push({ ...resolves, kind: 'post', amount: charge, what: servedOf(charge, lease.held_micros) });
  }
  if (fee > 0n) {
    const id = derivedId(`fee ${lease.id} ${lease.settled_fee_micros + fee}`);
    steps.push({
      ...purpose,
      kind: 'transfer',
      id,
      debit: accounts.earnings,
      credit: accounts.fees,
      asset: 'usd',
      amount: fee,
      what: 'Network fee',
    });
  }
  const nextHoldId =
    nextHold === null ? null : derivedId(`hold ${lease.id} after ${lease.hold_id ?? at.toISOString()}`);
  if (nextHoldId !== null) {
    const next = firstHold(lease, { id: nextHoldId, amount: nextHold!, statement_hash });
    steps.push({ ...next, kind: 'hold' });
  }
  return { steps, nextHoldId };
}

function accountsOf(lease: Pick<SettledLease, 'user_id' | 'provider_id'>) {
  return {
    spending: accountId('spending', lease.user_id),
    earnings: accountId('earnings', lease.provider_id),
    fees: accountId('fees', lease.provider_id),
  };
}

function servedOf(charge: bigint, held: bigint): string {
  return charge === held ? 'Time served' : `Time served, of $${decimalDollars(held)} held; the rest given back`;
}

/** An id that follows from what it names, so that the same settlement again is the same transfer. */
function derivedId(name: string): string {
  return makeId('transfer', createHash('sha256').update(`coop/ledger/1 ${name}`).digest().subarray(0, 16));
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
