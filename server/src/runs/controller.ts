import { createHash, randomUUID } from 'node:crypto';
import { LeaseReport, type LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { parseStatement, type Signer, type Statement } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { Links } from '../gateway/links.ts';
import type { Logger } from 'pino';
import type { Presence } from '../machines/presence.ts';
import { transaction } from '../db/transaction.ts';
import { decide, type Action } from './decide.ts';
import type { Bell } from './events.ts';
import { leaseOrder } from './lease-order.ts';
import type { Meters } from './meters.ts';
import { keepMoney, wishOf } from './money.ts';
import {
  claim,
  dueLeases,
  handOver,
  isOthers,
  leaseFacts,
  LockLost,
  machineOf,
  meterOf,
  specOf,
  writeLease,
  type Db,
  type LeaseChange,
  type LeaseRow,
  type Own,
  type RunRow,
} from './store.ts';
import { endLease, moveLease } from './transitions.ts';

/**
 * The reconciler of leases. Each turn takes one lease under its row lease, compares what is wanted with what the machine reports,
 * does the one next thing, and sets when to look again. Heartbeats and requests only wake it; nothing depends on being woken.
 */
export type Controller = {
  wake(leaseId: string): void;
  /** A verified link delivered a heartbeat: meters move, and leases whose report changed are woken. */
  heard(machineId: string, machineKey: string, reports: LeaseReport[]): Promise<void>;
  /** What was last reported counts no more: with the next link each report is news, even when it is the same. */
  linkDown(machineId: string): void;
  start(): void;
  stop(): Promise<void>;
};

export type ControllerDeps = {
  db: Db;
  clock: Clock;
  policy: Policy;
  links: Links;
  presence: Presence;
  meters: Meters;
  meterSigner: Signer;
  secretsKey: Uint8Array;
  bell: Bell;
  log: Logger;
  own: Own;
  /** A slice came free or a run went back to the queue. */
  onSupplyChange(): void;
};

const TICK_MS = 1000;
const STEPS_MAX = 12;
const BATCH = 500;
const CALL_TIMEOUT_MS = 10_000;
const RETRY_CALL_MS = 2000;
/** An ended lease whose container a machine does not let go of is asked for less and less often. */
const RETRY_AFTER_END_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;

export function createController(deps: ControllerDeps): Controller {
  const token = randomUUID();
  const working = new Map<string, { again: boolean; done: Promise<void> }>();
  /** Of each machine, what it last reported: gone with what it no longer reports. */
  const lastReports = new Map<string, Map<string, string>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function wake(leaseId: string): void {
    if (stopped) return;
    const current = working.get(leaseId);
    if (current !== undefined) {
      current.again = true;
      return;
    }
    const work = { again: false, done: Promise.resolve() };
    working.set(leaseId, work);
    work.done = (async () => {
      try {
        do {
          work.again = false;
          await turn(deps, leaseId, token);
        } while (work.again && !stopped);
      } catch (error) {
        if (!(error instanceof LockLost))
          deps.log.error({ err: error, lease_id: leaseId }, 'a turn of the controller failed');
      } finally {
        working.delete(leaseId);
      }
    })();
  }

  async function tick(): Promise<void> {
    try {
      for (const leaseId of await dueLeases(deps.db, deps.clock.now(), BATCH, deps.own)) wake(leaseId);
    } catch (error) {
      deps.log.error({ err: error }, 'could not read the due leases');
    }
    if (!stopped) timer = setTimeout(() => void tick(), TICK_MS);
  }

  return {
    wake,
    async heard(machineId, machineKey, reports) {
      const now = deps.clock.now();
      const before = lastReports.get(machineId);
      const seenNow = new Map<string, string>();
      if (reports.length > 0) lastReports.set(machineId, seenNow);
      else lastReports.delete(machineId);
      for (const report of reports) {
        await meterHeard(deps, machineKey, report, now);
        // Everything but the clock: a lease that only ticks on needs no turn.
        const { meter: _meter, served_ms: _served, disk_used_mib: _disk, ...standing } = report;
        const seen = createHash('sha256').update(JSON.stringify(standing)).digest('base64');
        seenNow.set(report.lease_id, seen);
        if (before?.get(report.lease_id) !== seen) wake(report.lease_id);
      }
    },
    linkDown: (machineId) => void lastReports.delete(machineId),
    start() {
      // Whatever is due an hour from now was written before a clock was put back.
      const latest = new Date(deps.clock.now().getTime() + 2 * LONGEST_WAIT_MS);
      const now = deps.clock.now();
      const pulled = deps.db
        .updateTable('leases')
        .set({ due_at: now })
        .where('removed_at', 'is', null)
        .where('due_at', '>', latest)
        .execute();
      void pulled
        .catch((error: unknown) => deps.log.error({ err: error }, 'could not look for leases put off too long'))
        .then(tick);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([...working.values()].map((work) => work.done));
      await deps.meters.flush();
    },
  };
}

/** The agent's clock, once its signature is seen to be the machine's own. A line that does not verify pays nothing. */
async function meterHeard(deps: ControllerDeps, machineKey: string, report: LeaseReport, now: Date): Promise<void> {
  if (deps.meters.of(report.lease_id) === undefined) return;
  // Nothing is served before it is ready: a line that says otherwise counts as none.
  const line = report.meter === null || !report.ready ? null : verifiedLine(report, machineKey);
  if (line === undefined) {
    deps.log.warn({ lease_id: report.lease_id }, 'a meter line does not verify; it is not billed');
    return;
  }
  await deps.meters.heard(report.lease_id, line, now);
}

function verifiedLine(report: LeaseReport, machineKey: string): Statement<'meter'> | undefined {
  const line = parseStatement('meter', report.meter);
  if (line === undefined || line.author !== machineKey || line.body.lease_id !== report.lease_id) return undefined;
  return line;
}

async function turn(deps: ControllerDeps, leaseId: string, token: string): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step++) {
    const now = deps.clock.now();
    const machine = await machineOf(deps.db, leaseId);
    if (machine === undefined) return; // an agent made the id up
    const link_up = deps.links.linkOf(machine.id) !== undefined;
    if (!link_up && isOthers(machine, now, deps.own)) return handOver(deps.db, leaseId, token, now);
    const lease = await claim(deps.db, leaseId, token, now);
    if (lease === undefined) return; // another server works on it
    const run = await deps.db.selectFrom('runs').selectAll().where('id', '=', lease.run_id).executeTakeFirstOrThrow();
    if (lease.state !== 'ended') deps.meters.adopt(lease);
    const money = lease.state === 'running' ? await keepMoney(deps, lease, run, now) : null;
    const action = decide(
      leaseFacts(money?.lease ?? lease, specOf(run).stop_grace_s),
      {
        now: now.getTime(),
        link_up,
        heard_at: Math.max(
          deps.presence.heardAt(machine.id)?.getTime() ?? 0,
          (machine.last_seen_at ?? lease.created_at).getTime(),
        ),
        report: deps.presence.report(lease.machine_id, leaseId),
        machine_lost: machine.presence === 'lost',
      },
      money?.stop ?? wishOf(machine, run, now),
      deps.policy,
    );
    const again = await act(deps, money?.lease ?? lease, run, action, now, money?.next_at);
    if (!again) return;
  }
}

/** Does one action. True when there may be more to do at once. */
async function act(
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
      return true;
    case 'stop': {
      const path = `/v1/leases/${lease.id}/stop`;
      const json = { reason: action.reason, grace_s: specOf(run).stop_grace_s };
      await callAgent(deps, lease, () =>
        deps.links.linkOf(lease.machine_id)?.request('POST', path, { json, timeoutMs: CALL_TIMEOUT_MS }),
      );
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

async function ask(deps: ControllerDeps, lease: LeaseRow, run: RunRow, now: Date): Promise<boolean> {
  // Written before the call: whatever happens to the answer, the agent may have taken the order.
  await writeLease(deps.db, lease, { receipt_at: now, acked_at: now });
  deps.meters.adopt({ ...lease, receipt_at: now, acked_at: now });
  const order: LeaseOrder = leaseOrder(lease, run, deps.policy, deps.secretsKey);
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
      ? { type: 'lease.ready' as const, message: 'Ready. Billing per second starts now.' }
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

async function inTransaction(
  deps: ControllerDeps,
  runId: string,
  work: (tx: Parameters<Parameters<typeof transaction>[1]>[0]) => Promise<unknown>,
): Promise<void> {
  await transaction(deps.db, async (tx) => void (await work(tx)));
  deps.bell.ring(runId);
}

function stopMessage(reason: EndReason): string {
  return reason === 'stopped_by_renter' ? 'Stopping, as you asked.' : `Stopping: ${reason.replaceAll('_', ' ')}.`;
}
