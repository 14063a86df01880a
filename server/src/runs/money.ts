import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { transaction } from '../db/transaction.ts';
import { tell, type Bell } from './events.ts';
import { wholeSeconds } from './meter.ts';
import type { Meters } from './meters.ts';
import { planMoney, type MoneyPlan } from './money-rules.ts';
import { specOf, writeLease, type Db, type LeaseRow, type MachineStanding, type RunRow } from './store.ts';
import { settleLease } from './transitions.ts';
import { billedMsOf } from './view.ts';

export type MoneyDeps = { db: Db; policy: Policy; meters: Meters; bell: Bell };
export type MoneyState = { lease: LeaseRow; stop: EndReason | null; next_at: Date };

/** Settles and places the next hold when that is due, and warns: before budget, expiry or credit end a running lease. */
export async function keepMoney(deps: MoneyDeps, lease: LeaseRow, run: RunRow, now: Date): Promise<MoneyState> {
  const plan = plans(deps, lease, run, now);
  if (plan.warn !== null) await warn(deps, run, plan.warn, now);
  const renewed = plan.renew === null ? lease : await renew(deps, lease, run, plan.renew, now);
  const { stop, next_s } = renewed === lease ? plan : plans(deps, renewed, run, now);
  return { lease: renewed, stop, next_at: new Date(now.getTime() + next_s * 1000) };
}

function plans(deps: MoneyDeps, lease: LeaseRow, run: RunRow, now: Date): MoneyPlan {
  return planMoney(
    {
      price: lease.price_micros_per_hour,
      settled: lease.settled_micros,
      held: lease.held_micros,
      billed_s: wholeSeconds(billedMsOf(lease, deps.meters)),
      // Of what the run has spent, this lease's own part is not other leases'.
      budget: run.budget_micros - run.spent_micros + lease.settled_micros,
      now: now.getTime(),
      expires_at: run.expires_at.getTime(),
      grace_s: specOf(run).stop_grace_s,
      refused: lease.credit_warned_at !== null,
    },
    deps.policy,
  );
}

async function renew(deps: MoneyDeps, lease: LeaseRow, run: RunRow, nextHold: bigint, now: Date): Promise<LeaseRow> {
  try {
    await deps.meters.settling(lease.id, (receipt) =>
      transaction(deps.db, async (tx) => {
        const { meter, hash } = await receipt(tx, now);
        await settleLease(tx, lease, meter, nextHold, { now, statementHash: hash });
        if (lease.credit_warned_at !== null) await writeLease(tx, lease, { credit_warned_at: null });
      }),
    );
  } catch (error) {
    if (!(error instanceof CoopError) || error.code !== 'insufficient_credit') throw error;
    if (lease.credit_warned_at !== null) return lease;
    await transaction(deps.db, async (tx) => {
      await writeLease(tx, lease, { credit_warned_at: now });
      const message = `There is no credit for the next hour ($${decimalDollars(nextHold)}). The run stops when what is held is used up; add credit to go on.`;
      await tell(
        tx,
        { run_id: run.id, lease_id: lease.id, type: 'run.warning', message, data: { why: 'credit' } },
        now,
      );
    });
    deps.bell.ring(run.id);
  }
  return deps.db.selectFrom('leases').selectAll().where('id', '=', lease.id).executeTakeFirstOrThrow();
}

async function warn(deps: MoneyDeps, run: RunRow, why: 'budget' | 'expiry', now: Date): Promise<void> {
  const column = why === 'budget' ? 'warned_at' : 'expiry_warned_at';
  if (run[column] !== null) return;
  const minutes = Math.max(1, Math.round(deps.policy.hold.notice_s / 60));
  const what =
    why === 'budget' ? `budget of $${decimalDollars(run.budget_micros)} is used up` : 'longest duration is reached';
  const hint = why === 'budget' ? '--budget 1' : '--duration 1h';
  await transaction(deps.db, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('runs')
      .set({ [column]: now })
      .where('id', '=', run.id)
      .where(column, 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    const message = `The ${what} within ${minutes} minutes. To go on: coop extend ${run.name} ${hint}`;
    await tell(tx, { run_id: run.id, lease_id: null, type: 'run.warning', message, data: { why } }, now);
  });
  deps.bell.ring(run.id);
}

/** Who wants the lease stopped, besides money: the renter, the expiry, the provider or an administrator. */
export function wishOf(
  machine: Pick<MachineStanding, 'listing' | 'drain_at' | 'suspended_at'>,
  run: RunRow,
  now: Date,
): EndReason | null {
  if (run.stop_reason !== null) return run.stop_reason as EndReason;
  if (run.expires_at <= now) return 'expired';
  if (machine.listing === 'removed') return 'provider_stopped';
  if (machine.suspended_at !== null) return 'suspended';
  return machine.listing === 'draining' && machine.drain_at !== null && machine.drain_at <= now
    ? 'provider_drained'
    : null;
}
