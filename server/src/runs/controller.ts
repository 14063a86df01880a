import { createHash } from 'node:crypto';
import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { parseStatement, type Signer, type Statement } from '@gpucoop/protocol/evidence.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { Links } from '../gateway/links.ts';
import type { Logger } from 'pino';
import type { Presence } from '../machines/presence.ts';
import { act, LONGEST_WAIT_MS } from './actions.ts';
import { decide } from './decide.ts';
import type { Bell } from './events.ts';
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
  specOf,
  type Db,
  type Own,
} from './store.ts';

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
  /** A lease was left to the server that has the link of its machine. */
  onHandedOver(leaseId: string, serverId: string): void;
  /** A slice came free or a run went back to the queue. */
  onSupplyChange(): void;
};

const TICK_MS = 1000;
/** For the engine to end what did not end by itself, and for the word of it to come. */
const STOP_SLACK_S = 10;
const STEPS_MAX = 12;
const BATCH = 500;

export function createController(deps: ControllerDeps): Controller {
  const token = deps.own.serverId;
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
    if (!link_up && isOthers(machine, now, deps.own)) {
      await handOver(deps.db, leaseId, token, now);
      return deps.onHandedOver(leaseId, machine.link_server);
    }
    const lease = await claim(deps.db, leaseId, token, now);
    if (lease === undefined) return; // another server works on it
    const run = await deps.db.selectFrom('runs').selectAll().where('id', '=', lease.run_id).executeTakeFirstOrThrow();
    if (lease.state !== 'ended') deps.meters.adopt(lease);
    const { stop_grace_s } = specOf(run);
    if (lease.state === 'stopping' && lease.stop_asked_at !== null)
      deps.meters.limit(leaseId, new Date(lease.stop_asked_at.getTime() + (stop_grace_s + STOP_SLACK_S) * 1000));
    const money = lease.state === 'running' ? await keepMoney(deps, lease, run, now) : null;
    const action = decide(
      leaseFacts(money?.lease ?? lease, stop_grace_s),
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
