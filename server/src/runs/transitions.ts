import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { endReasons, type EndReason } from '@gpucoop/protocol/reasons.ts';
import { mayMove, leaseTransitions, type LeaseState } from '@gpucoop/protocol/states.ts';
import { chargeRoundedDown, networkFeeRoundedDown } from '@gpucoop/policy/charge.ts';
import { settle } from '../ledger/settle.ts';
import { release } from '../market/reserve.ts';
import { tell, type NewEvent } from './events.ts';
import { policyOf } from './lease-policy.ts';
import { wholeSeconds, type Meter } from './meter.ts';
import { specOf, writeLease, type LeaseChange, type LeaseRow, type RunRow, type Tx } from './store.ts';

/** Moves a lease, and its run with it, and tells of it. A move that the table does not allow is a defect and throws. */
export async function moveLease(
  tx: Tx,
  lease: LeaseRow,
  to: Exclude<LeaseState, 'ended' | 'reserved'>,
  values: LeaseChange,
  event: Omit<NewEvent, 'run_id' | 'lease_id'> | null,
  now: Date,
): Promise<void> {
  const from = lease.state;
  if (!mayMove(leaseTransitions, from, to)) throw new Error(`lease ${lease.id} may not go from ${from} to ${to}`);
  await writeLease(tx, lease, { ...values, state: to, ...(from !== to && { state_since: now }) });
  const runState = to === 'preparing' ? 'starting' : to;
  await tx
    .updateTable('runs')
    .set({ state: runState })
    .where('id', '=', lease.run_id)
    .where('state', '<>', 'ended')
    .execute();
  if (event !== null) await tell(tx, { run_id: lease.run_id, lease_id: lease.id, ...event }, now);
}

/** What the lease has cost by its meter, never more than is covered by holds. */
export function grossOf(lease: LeaseRow, billedMs: number): bigint {
  const gross = chargeRoundedDown(lease.price_micros_per_hour, wholeSeconds(billedMs));
  const covered = lease.settled_micros + lease.held_micros;
  return gross < covered ? gross : covered;
}

/**
 * Posts the hold for what was served and places the next one, in the caller's transaction. Throws `insufficient_credit` when the
 * next hold cannot be placed; the caller's transaction is then undone, and the old hold stands.
 */
export async function settleLease(
  tx: Tx,
  lease: LeaseRow,
  meter: Pick<Meter, 'billed_ms'>,
  nextHold: bigint | null,
  context: { now: Date; statementHash: string | null },
): Promise<{ charged: bigint; released: bigint }> {
  const { fees } = await policyOf(tx, lease.policy_hash);
  const gross = grossOf(lease, meter.billed_ms);
  const charged = gross - lease.settled_micros;
  const run = await tx
    .selectFrom('runs')
    .select(['budget_micros', 'spent_micros'])
    .where('id', '=', lease.run_id)
    .forUpdate()
    .executeTakeFirstOrThrow();
  // The meter may have moved on since the next hold was planned, and the budget holds for both together.
  const left = run.budget_micros - run.spent_micros - charged;
  const next = nextHold === null || nextHold <= left ? nextHold : left > 0n ? left : 0n;
  const result = await settle(tx, {
    lease,
    gross_total: gross,
    fee_total: networkFeeRoundedDown(gross, fees),
    nextHold: next,
    at: context.now,
    statement_hash: context.statementHash,
  });
  await writeLease(tx, lease, {
    hold_id: result.hold_id,
    held_micros: result.held_micros,
    settled_micros: result.settled_micros,
    settled_fee_micros: result.settled_fee_micros,
  });
  await tx
    .updateTable('runs')
    .set((eb) => ({ spent_micros: eb('spent_micros', '+', charged) }))
    .where('id', '=', lease.run_id)
    .execute();
  return { charged, released: lease.held_micros - charged };
}

/**
 * Ends a lease: money settled, the rest released, the slice back on the market, and the run ended or queued again, in one
 * transaction. There is no other way to end one.
 */
export async function endLease(
  tx: Tx,
  lease: LeaseRow,
  meter: Pick<Meter, 'billed_ms' | 'unbilled_ms'> & { hash: string | null },
  told: { reason: EndReason; detail: string | null; exit_code: number | null },
  now: Date,
): Promise<{ retried: boolean }> {
  const end = { ...told, detail: readable(told.detail) };
  // The machine first and its provider's account after, as whoever reserves does: so neither waits for the other.
  await tx.selectFrom('machines').select('id').where('id', '=', lease.machine_id).forUpdate().executeTakeFirstOrThrow();
  const settled = await settleLease(tx, lease, meter, null, { now, statementHash: meter.hash });
  await release(tx, lease.id, lease.machine_id);
  await writeLease(tx, lease, {
    state: 'ended',
    state_since: now,
    ended_at: now,
    end_reason: end.reason,
    end_detail: end.detail,
    exit_code: end.exit_code,
    billed_ms: BigInt(meter.billed_ms),
    unbilled_ms: BigInt(meter.unbilled_ms),
    acked_line: null,
    due_at: now,
  });
  await countReliability(tx, lease, meter.billed_ms, end.reason, now);
  const sentence = endReasons[end.reason].sentence + (end.detail === null ? '' : ` ${end.detail}`);
  await tell(
    tx,
    {
      run_id: lease.run_id,
      lease_id: lease.id,
      type: 'lease.ended',
      message: sentence,
      data: { ...end, billed_ms: meter.billed_ms },
    },
    now,
  );
  const total = lease.settled_micros + settled.charged;
  await tell(
    tx,
    {
      run_id: lease.run_id,
      lease_id: lease.id,
      type: 'lease.settled',
      message: `Paid $${decimalDollars(total)} for ${wholeSeconds(meter.billed_ms)} s; $${decimalDollars(settled.released)} released.`,
      data: {
        charged_micros: Number(total),
        released_micros: Number(settled.released),
        billed_s: Number(wholeSeconds(meter.billed_ms)),
      },
    },
    now,
  );
  return endOrRetry(tx, lease, end, now);
}

const DETAIL_MAX = 1000;

/** An agent's own words: what the database cannot store is left out, and what nobody would read. */
function readable(detail: string | null): string | null {
  return detail === null ? null : detail.slice(0, DETAIL_MAX).replaceAll('\0', '').toWellFormed();
}

/**
 * What the provider lost of a lease counts against the machine: the rest of the hour that was promised. A start that fails costs its
 * renter nothing, and what he asked for may be why: one renter's failed starts count once a day.
 */
async function countReliability(
  tx: Tx,
  lease: LeaseRow,
  billedMs: number,
  reason: EndReason,
  now: Date,
): Promise<void> {
  const counts =
    endReasons[reason].doing === 'provider' && (billedMs > 0 || !(await failedToStartBefore(tx, lease, now)));
  const lostMs = counts ? Math.max(3_600_000, now.getTime() - lease.state_since.getTime()) : 0;
  await tx
    .updateTable('machines')
    .set((eb) => ({ served_ms: eb('served_ms', '+', BigInt(billedMs)), lost_ms: eb('lost_ms', '+', BigInt(lostMs)) }))
    .where('id', '=', lease.machine_id)
    .execute();
}

const DAY_MS = 86_400_000;

async function failedToStartBefore(tx: Tx, lease: LeaseRow, now: Date): Promise<boolean> {
  const providers = Object.entries(endReasons).flatMap(([code, { doing }]) => (doing === 'provider' ? [code] : []));
  const before = await tx
    .selectFrom('leases')
    .select('id')
    .where('machine_id', '=', lease.machine_id)
    .where('removed_at', 'is', null) // as an index has them; a container is kept for a day
    .where('user_id', '=', lease.user_id)
    .where('id', '<>', lease.id)
    .where('ended_at', '>', new Date(now.getTime() - DAY_MS))
    .where('billed_ms', '=', 0n)
    .where('end_reason', 'in', providers)
    .limit(1)
    .executeTakeFirst();
  return before !== undefined;
}

async function endOrRetry(
  tx: Tx,
  lease: LeaseRow,
  end: { reason: EndReason; detail: string | null; exit_code: number | null },
  now: Date,
): Promise<{ retried: boolean }> {
  const run = await tx
    .selectFrom('runs')
    .selectAll()
    .where('id', '=', lease.run_id)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (mayRetry(run, end.reason, now)) {
    await tx
      .updateTable('runs')
      .set({ state: 'queued', retries_left: run.retries_left - 1 })
      .where('id', '=', run.id)
      .execute();
    const message = `Looking for another machine (attempt ${run.attempt + 1}).`;
    await tell(tx, { run_id: run.id, lease_id: null, type: 'run.retrying', message, data: { after: end.reason } }, now);
    return { retried: true };
  }
  await endRun(tx, run, end, now);
  return { retried: false };
}

function mayRetry(run: RunRow, reason: EndReason, now: Date): boolean {
  const { retry } = specOf(run);
  const retryClass = endReasons[reason].retry;
  if (retry === null || retryClass === 'never' || run.stop_reason !== null || run.retries_left <= 0) return false;
  if (run.budget_micros <= run.spent_micros || run.expires_at <= now) return false;
  return retry.on_events.includes(retryClass);
}

/** The end of a run without a lease, or with its last lease just ended. Its secrets go with it. */
export async function endRun(
  tx: Tx,
  run: RunRow,
  end: { reason: EndReason; detail: string | null; exit_code: number | null },
  now: Date,
): Promise<void> {
  await tx
    .updateTable('runs')
    .set({
      state: 'ended',
      ended_at: now,
      end_reason: end.reason,
      end_detail: end.detail,
      exit_code: end.exit_code,
      secrets: null,
    })
    .where('id', '=', run.id)
    .execute();
  await tell(
    tx,
    { run_id: run.id, lease_id: null, type: 'run.ended', message: endReasons[end.reason].sentence, data: { ...end } },
    now,
  );
}
