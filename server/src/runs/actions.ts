import { LeaseReport, type LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { transaction } from '../db/transaction.ts';
import type { ControllerDeps } from './controller.ts';
import type { NewEvent } from './events.ts';
import type { Action } from './decide.ts';
import { billedFrom, PATIENCE_S } from './free-starts.ts';
import { leaseOrder } from './lease-order.ts';
import { wholeSeconds } from './meter.ts';
import { paidGraceS } from './money-rules.ts';
import { meterOf, specOf, writeLease, type LeaseChange, type LeaseRow, type RunRow, type Tx } from './store.ts';
import { endLease, moveLease } from './transitions.ts';
import { billedMsOf } from './view.ts';

const CALL_TIMEOUT_MS = 10_000;
/** Of a container that outlived its lease: nobody pays for it. */
const UNPAID_GRACE_S = 10;
const RETRY_CALL_MS = 2000;
/** An ended lease whose container a machine does not let go of is asked for less and less often. */
const RETRY_AFTER_END_MS = 30_000;
export const LONGEST_WAIT_MS = 3_600_000;

/** Does one action. True when there may be more to do at once. */
export async function act(
  deps: ControllerDeps,
  lease: LeaseRow,
  run: RunRow,
  action: Action,
  now: Date,
  moneyAt: Date | undefined,
): Promise<boolean> {
  switch (action.do) {
    case 'wait': {
      const until = Math.min(action.until, moneyAt?.getTime() ?? Infinity, now.getTime() + LONGEST_WAIT_MS);
      const due_at = new Date(Math.max(until, now.getTime() + 250));
      // Without a link the lease is free for the server to which the machine comes back.
      const letGo = deps.links.linkOf(lease.machine_id) === undefined ? { lock_token: null } : {};
      await writeLease(deps.db, lease, { ...progressOf(deps, lease), due_at, ...letGo });
      tellProgress(deps, lease);
      return false;
    }
    case 'ask':
      return ask(deps, lease, run, now);
    case 'move':
      await move(deps, lease, run, action.to, now);
      return true;
    case 'stopping':
      await inTransaction(deps, run.id, async (tx) => {
        const values = { stop_reason: action.reason, stop_asked_at: now };
        // An extension that came just before is kept to: then the run is looked at anew.
        const known = await tx
          .selectFrom('runs')
          .select(['budget_micros', 'expires_at'])
          .where('id', '=', run.id)
          .forUpdate()
          .executeTakeFirstOrThrow();
        if (known.budget_micros !== run.budget_micros || known.expires_at.getTime() !== run.expires_at.getTime())
          return;
        await moveLease(
          tx,
          lease,
          'stopping',
          values,
          { type: 'lease.stopping', message: stopMessage(action.reason) },
          now,
        );
      });
      // One that stops already, of itself, may have more time for it than is left now.
      if (deps.presence.report(lease.machine_id, lease.id)?.state === 'stopping')
        await askToStop(deps, lease, run, action.reason);
      return true;
    case 'stop': {
      await askToStop(deps, lease, run, action.reason);
      const againMs = lease.state === 'ended' ? RETRY_AFTER_END_MS : RETRY_CALL_MS;
      await writeLease(deps.db, lease, { due_at: new Date(now.getTime() + againMs) });
      return false;
    }
    case 'end':
      await end(deps, lease, run, action, now);
      return true;
    case 'forget': {
      const gone = await callAgent(deps, lease, () =>
        deps.links
          .linkOf(lease.machine_id)
          ?.request('DELETE', `/v1/leases/${lease.id}`, { timeoutMs: CALL_TIMEOUT_MS }),
      );
      if (gone === undefined) {
        await writeLease(deps.db, lease, { due_at: new Date(now.getTime() + 30_000) });
        return false;
      }
      return markRemoved(deps, lease, now);
    }
    case 'mark_removed':
      return markRemoved(deps, lease, now);
  }
}

async function askToStop(deps: ControllerDeps, lease: LeaseRow, run: RunRow, reason: EndReason): Promise<void> {
  const { stop_grace_s } = specOf(run);
  const grace_s =
    lease.state === 'ended'
      ? Math.min(stop_grace_s, UNPAID_GRACE_S)
      : paidGraceS(stop_grace_s, {
          price: lease.price_micros_per_hour,
          settled: lease.settled_micros,
          held: lease.held_micros,
          billed_s: wholeSeconds(billedMsOf(lease, deps.meters)),
        });
  const json = { reason, grace_s };
  await callAgent(deps, lease, () =>
    deps.links
      .linkOf(lease.machine_id)
      ?.request('POST', `/v1/leases/${lease.id}/stop`, { json, timeoutMs: CALL_TIMEOUT_MS }),
  );
}

async function ask(deps: ControllerDeps, lease: LeaseRow, run: RunRow, now: Date): Promise<boolean> {
  // Written before the call: whatever happens to the answer, the agent may have taken the order.
  await writeLease(deps.db, lease, { receipt_at: now, acked_at: now });
  deps.meters.adopt({ ...lease, receipt_at: now, acked_at: now });
  const billedFromS = await billedFrom(deps.db, lease, run, now);
  const order: LeaseOrder = leaseOrder(lease, run, { ...deps, billedFromS });
  try {
    const link = deps.links.linkOf(lease.machine_id);
    if (link === undefined) throw new CoopError('machine_unreachable', 'The machine has no link.');
    const answer = await link.request('PUT', `/v1/leases/${lease.id}`, { json: order, timeoutMs: CALL_TIMEOUT_MS });
    LeaseReport.parse(answer);
    await move(deps, lease, run, 'preparing', deps.clock.now());
    return true;
  } catch (error) {
    const refused =
      error instanceof CoopError &&
      !['machine_unreachable', 'timeout', 'unavailable', 'rate_limited'].includes(error.code);
    if (refused) {
      const detail = error.message;
      await end(deps, lease, run, { reason: 'agent_refused', detail, exit_code: null }, deps.clock.now());
      return true;
    }
    deps.log.warn({ err: error, lease_id: lease.id }, 'the agent did not take the lease; asking again');
    await writeLease(deps.db, lease, { due_at: new Date(now.getTime() + RETRY_CALL_MS) });
    return false;
  }
}

async function move(
  deps: ControllerDeps,
  lease: LeaseRow,
  run: RunRow,
  to: 'preparing' | 'running' | 'unknown',
  now: Date,
): Promise<void> {
  await inTransaction(deps, run.id, async (tx) => {
    const report = deps.presence.report(lease.machine_id, lease.id);
    const values = { ...progressOf(deps, lease), ...(report && { container_id: report.container_id }) };
    if (to === 'unknown') {
      const message = 'The machine is silent. The run goes on there; silent seconds beyond a minute are not paid.';
      return moveLease(tx, lease, 'unknown', values, { type: 'lease.unknown', message }, now);
    }
    if (to === 'preparing') {
      const event =
        lease.state === 'unknown' ? { type: 'lease.recovered' as const, message: 'The machine is back.' } : null;
      return moveLease(tx, lease, 'preparing', values, event, now);
    }
    const first = lease.ready_at === null;
    const event = first
      ? firstMessage(report?.phase === 'probing')
      : { type: 'lease.recovered' as const, message: 'The machine is back, with the same container.' };
    await moveLease(tx, lease, 'running', { ...values, phase: null, ...(first && { ready_at: now }) }, event, now);
    // The longest duration counts from when the renter first has something of it.
    if (first && run.attempt <= 1 && run.stop_reason === null) {
      const expires = new Date(now.getTime() + specOf(run).max_duration_s * 1000);
      await tx
        .updateTable('runs')
        .set({ expires_at: expires })
        .where('id', '=', run.id)
        .where('expires_at', '<', expires)
        .execute();
    }
  });
}

/** Billing starts with both; a workload that is late is no workload that is ready. */
function firstMessage(late: boolean): Pick<NewEvent, 'type' | 'message' | 'data'> {
  if (!late) return { type: 'lease.ready', message: 'Ready. Billing per second starts now.' };
  return {
    type: 'run.warning',
    message: `Not ready ${PATIENCE_S} s after its start, and today's free starts are used up. Billing per second starts now.`,
    data: { why: 'not_ready' },
  };
}

async function end(
  deps: ControllerDeps,
  lease: LeaseRow,
  run: RunRow,
  how: { reason: EndReason; detail: string | null; exit_code: number | null },
  now: Date,
): Promise<void> {
  const report = deps.presence.report(lease.machine_id, lease.id);
  await deps.meters.settling(lease.id, (receipt) =>
    inTransaction(deps, run.id, async (tx) => {
      const metered = deps.meters.of(lease.id) === undefined ? null : await receipt(tx, now);
      const meter = metered?.meter ?? meterOf(lease) ?? { billed_ms: 0, unbilled_ms: 0 };
      if (report?.ready && lease.ready_at === null)
        await writeLease(tx, lease, { ready_at: now, container_id: report.container_id });
      await endLease(tx, lease, { ...meter, hash: metered?.hash ?? null }, how, now);
    }),
  );
  deps.meters.drop(lease.id);
  deps.onSupplyChange();
}

async function markRemoved(deps: ControllerDeps, lease: LeaseRow, now: Date): Promise<boolean> {
  await writeLease(deps.db, lease, { removed_at: now });
  deps.onSupplyChange();
  return false;
}

/** A call to the agent whose failure is no news: it is made again. Undefined when it failed. */
async function callAgent(
  deps: ControllerDeps,
  lease: LeaseRow,
  call: () => Promise<unknown> | undefined,
): Promise<true | undefined> {
  try {
    const answer = call();
    if (answer === undefined) return undefined;
    await answer;
    return true;
  } catch (error) {
    if (error instanceof CoopError && error.code === 'not_found') return true; // already gone
    deps.log.warn({ err: error, lease_id: lease.id }, 'a call to the agent failed; it is made again');
    return undefined;
  }
}

function progressOf(deps: ControllerDeps, lease: LeaseRow): LeaseChange {
  const report = deps.presence.report(lease.machine_id, lease.id);
  if (!report || lease.state === 'ended') return {};
  const { phase, pulled_bytes, total_bytes } = report;
  return {
    phase,
    pulled_bytes: pulled_bytes === null ? null : BigInt(pulled_bytes),
    total_bytes: total_bytes === null ? null : BigInt(total_bytes),
  };
}

/** Pull progress is for watching, not for keeping: followers see it in the run itself, and are only rung. */
function tellProgress(deps: ControllerDeps, lease: LeaseRow): void {
  if (lease.state === 'preparing') deps.bell.ring(lease.run_id);
}

async function inTransaction(deps: ControllerDeps, runId: string, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  await transaction(deps.db, async (tx) => void (await work(tx)));
  deps.bell.ring(runId);
}

function stopMessage(reason: EndReason): string {
  return reason === 'stopped_by_renter' ? 'Stopping, as you asked.' : `Stopping: ${reason.replaceAll('_', ' ')}.`;
}
