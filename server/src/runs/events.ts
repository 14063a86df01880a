import { EventEmitter, once } from 'node:events';
import type { Kysely } from 'kysely';
import type { EventType, RunEvent } from '@gpucoop/protocol/resources.ts';
import type { Tables } from '../db/rows.ts';

export type NewEvent = {
  run_id: string;
  lease_id: string | null;
  type: EventType;
  message: string;
  data?: Record<string, unknown>;
};

/** A line of the run's story, in the transaction of what it tells. */
export async function tell(tx: Kysely<Tables>, event: NewEvent, at: Date): Promise<void> {
  await tx
    .insertInto('events')
    .values({ ...event, data: JSON.stringify(event.data ?? {}), at })
    .execute();
}

/** Wakes those who follow a run. Only a hint: followers look at the table, and look again now and then on their own. */
export type Bell = {
  /** Also at the other servers. */
  ring(runId: string): void;
  /** Rung at another server; null: there may have been any ring. */
  rung(runId: string | null): void;
  wait(runId: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
};

export function createBell(tellOthers: (runId: string) => void): Bell {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    ring: (runId) => {
      emitter.emit(runId);
      tellOthers(runId);
    },
    rung: (runId) => {
      for (const id of runId === null ? emitter.eventNames() : [runId]) emitter.emit(id);
    },
    async wait(runId, timeoutMs, signal) {
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      await once(emitter, runId, { signal: timeout }).catch(() => undefined); // time is up or nobody listens any more
    },
  };
}

const PAGE = 200;
const LOOK_AGAIN_MS = 2000;

/** Events after `after`, as they come; ends when the run has ended and all were given. */
export async function* followEvents(
  db: Kysely<Tables>,
  bell: Bell,
  runId: string,
  after: number,
  signal: AbortSignal,
): AsyncIterable<RunEvent> {
  let last = BigInt(after);
  while (!signal.aborted) {
    const woken = new AbortController();
    const ring = bell.wait(runId, LOOK_AGAIN_MS, AbortSignal.any([signal, woken.signal])); // before the look: no ring is missed
    const run = await db.selectFrom('runs').select('state').where('id', '=', runId).executeTakeFirst();
    const rows = await db
      .selectFrom('events')
      .selectAll()
      .where('run_id', '=', runId)
      .where('id', '>', last)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      last = row.id;
      yield {
        id: Number(row.id),
        run_id: row.run_id,
        lease_id: row.lease_id,
        type: row.type as EventType,
        at: row.at.toISOString(),
        message: row.message,
        data: row.data as Record<string, unknown>,
      };
    }
    const done = rows.length === 0 && (run === undefined || run.state === 'ended');
    if (rows.length > 0 || done) woken.abort();
    if (done) return;
    await ring;
  }
}
