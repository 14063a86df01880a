import type { Logger } from 'pino';
import type { AgentEvent, EventAck, Heartbeat, LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import type { Clock } from '../clock.ts';
import type { Links } from '../gateway/links.ts';
import type { Presence } from '../machines/presence.ts';
import type { Controller } from './controller.ts';
import { keepJournalLine } from './meter-journal.ts';
import type { Db } from './store.ts';

export type HearingDeps = {
  db: Db;
  clock: Clock;
  links: Links;
  presence: Presence;
  controller: Controller;
  log: Logger;
};

/** Of what a machine keeps and nobody wants, with each heartbeat. */
const DISMISSED_AT_ONCE = 16;

/**
 * What a machine says over its link, taken for what it is: a claim. Only its own leases are heard of, and what it keeps that nobody
 * here wants is stopped and removed.
 */
export function createHearing(
  deps: HearingDeps,
): (machineId: string, epoch: number, event: AgentEvent) => Promise<EventAck> {
  const { db, clock, links, presence, controller, log } = deps;
  const keyOf = new Map<string, string>();

  return async (machineId, epoch, event) => {
    if (event.type === 'heartbeat') {
      await heard(machineId, epoch, event);
      return { seq: 0, heartbeat_seq: event.seq };
    }
    await keepMeterLine(machineId, event.statement);
    return { seq: event.seq, heartbeat_seq: 0 };
  };

  async function heard(machineId: string, epoch: number, heartbeat: Heartbeat): Promise<void> {
    await presence.heard(machineId, epoch, heartbeat);
    const machine = await machineKeys(machineId);
    if (machine === undefined) return;
    const known = await ownLeases(
      machineId,
      heartbeat.leases.map((report) => report.lease_id),
    );
    await controller.heard(
      machineId,
      machine,
      heartbeat.leases.filter((report) => known.get(report.lease_id) === false),
    );
    const unwanted = heartbeat.leases.filter((report) => known.get(report.lease_id) !== false);
    const foreign = unwanted.filter((report) => !known.has(report.lease_id)).map((report) => report.lease_id);
    if (foreign.length > 0)
      log.warn(
        { machine_id: machineId, count: foreign.length, first: foreign[0] },
        'a machine reports leases that are not its own',
      );
    for (const report of unwanted.slice(0, DISMISSED_AT_ONCE)) dismiss(machineId, report);
  }

  /** The leases of this machine among those it reports; true: removed already. Another machine's lease is never found here. */
  async function ownLeases(machineId: string, ids: string[]): Promise<Map<string, boolean>> {
    if (ids.length === 0) return new Map();
    const rows = await db
      .selectFrom('leases')
      .select(['id', 'removed_at'])
      .where('machine_id', '=', machineId)
      .where('id', 'in', ids)
      .execute();
    return new Map(rows.map((row) => [row.id, row.removed_at !== null]));
  }

  /** What the agent keeps and nobody here wants: stopped, then removed. Each heartbeat says again that it is still there. */
  function dismiss(machineId: string, { lease_id: leaseId, state }: Pick<LeaseReport, 'lease_id' | 'state'>): void {
    if (!isId('lease', leaseId)) return;
    const link = links.linkOf(machineId);
    const call =
      state === 'ended'
        ? link?.request('DELETE', `/v1/leases/${leaseId}`, { timeoutMs: 10_000 })
        : link?.request('POST', `/v1/leases/${leaseId}/stop`, {
            json: { reason: 'machine_lost', grace_s: 10 },
            timeoutMs: 10_000,
          });
    void call?.catch(() => undefined);
  }

  async function keepMeterLine(machineId: string, statement: unknown): Promise<void> {
    const kept = await keepJournalLine(
      db,
      { id: machineId, key: await machineKeys(machineId) },
      statement,
      clock.now(),
    );
    if (kept === 'not_its_own')
      log.warn({ machine_id: machineId }, 'a meter line is not of this machine and its lease; it is not kept');
  }

  async function machineKeys(machineId: string): Promise<string | undefined> {
    const known = keyOf.get(machineId);
    if (known !== undefined) return known;
    const row = await db.selectFrom('machines').select('public_key').where('id', '=', machineId).executeTakeFirst();
    if (row !== undefined) keyOf.set(machineId, row.public_key);
    return row?.public_key;
  }
}
