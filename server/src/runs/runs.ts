import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import type { RunState } from '@gpucoop/protocol/states.ts';
import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { transaction } from '../db/transaction.ts';
import type { Extension, Page, PageQuery } from '../rooms.ts';
import { tell, type Bell } from './events.ts';
import type { Meters } from './meters.ts';
import type { Clock } from '../clock.ts';
import { specOf, type Db, type RunRow } from './store.ts';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
import { viewRun } from './view.ts';

export type RunsDeps = {
  db: Db;
  clock: Clock;
  meters: Meters;
  bell: Bell;
  wake(leaseId: string): void;
  wakeQueue(): void;
};

/** A run of this user by id, or the newest one with that name. */
export async function findRun(db: Db, userId: string, idOrName: string): Promise<RunRow> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) {
    throw new CoopError('not_found', `There is no run ${idOrName} of yours.`, {
      hint: 'coop ps -a lists all of them.',
    });
  }
  return row;
}

export async function readRun(deps: RunsDeps, row: RunRow): Promise<Run> {
  const leases = await deps.db
    .selectFrom('leases')
    .selectAll()
    .where('run_id', '=', row.id)
    .orderBy('created_at')
    .execute();
  return viewRun(row, leases, deps.meters);
}

export async function listRuns(
  deps: RunsDeps,
  userId: string,
  query: { states: RunState[] | null } & PageQuery,
): Promise<Page<Run>> {
  const [at, id] = query.cursor?.split('~') ?? [];
  const before = at === undefined || id === undefined ? undefined : { at: new Date(Number(at)), id };
  if (before !== undefined && Number.isNaN(before.at.getTime()))
    throw new CoopError('invalid_request', 'The cursor is not one of ours.', { at: 'cursor' });
  const rows = await deps.db
    .selectFrom('runs')
    .selectAll()
    .where('user_id', '=', userId)
    .$if(query.states !== null, (builder) => builder.where('state', 'in', query.states ?? []))
    .$if(before !== undefined, (builder) =>
      builder.where((eb) =>
        eb.or([
          eb('created_at', '<', before?.at ?? new Date(0)),
          eb.and([eb('created_at', '=', before?.at ?? new Date(0)), eb('id', '>', before?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const ids = page.map((row) => row.id);
  const leases =
    ids.length === 0
      ? []
      : await deps.db.selectFrom('leases').selectAll().where('run_id', 'in', ids).orderBy('created_at').execute();
  return {
    items: page.map((row) =>
      viewRun(
        row,
        leases.filter((lease) => lease.run_id === row.id),
        deps.meters,
      ),
    ),
    next_cursor: last === undefined ? null : `${last.created_at.getTime()}~${last.id}`,
  };
}

/** Asks for the end. Asking again changes nothing; an ended run stays as it ended. */
export async function stopRun(
  deps: RunsDeps,
  userId: string,
  runId: string,
  reason: 'stopped_by_renter' | 'suspended' = 'stopped_by_renter',
): Promise<Run> {
  const run = await findRun(deps.db, userId, runId);
  await deps.db
    .updateTable('runs')
    .set({ stop_reason: reason })
    .where('id', '=', run.id)
    .where('state', '<>', 'ended')
    .where('stop_reason', 'is', null)
    .execute();
  await wakeLeases(deps, run.id);
  deps.wakeQueue();
  return readRun(deps, await findRun(deps.db, userId, run.id));
}

/** Raises budget and expiry at the lease's price; refused past the offer's longest term. */
export async function extendRun(deps: RunsDeps, userId: string, runId: string, by: Extension): Promise<Run> {
  const found = await findRun(deps.db, userId, runId);
  await transaction(deps.db, async (tx) => {
    const run = await tx
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', found.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (await wasExtendedBy(tx, run.id, by.id)) return;
    if (run.state === 'ended' || run.state === 'stopping') {
      throw new CoopError('wrong_state', `The run is ${run.state}; it cannot be extended.`, {
        hint: 'Start it again with coop run.',
      });
    }
    const now = deps.clock.now();
    const budget = run.budget_micros + BigInt(by.budget_micros ?? 0);
    // The spec keeps the longest duration, so that a run which is not ready yet gets it too.
    const spec = Spec.safeParse({ ...specOf(run), max_duration_s: specOf(run).max_duration_s + (by.duration_s ?? 0) });
    if (!spec.success) throw new CoopError('invalid_request', 'No run is longer than a year.', { at: 'duration_s' });
    if (budget > BigInt(Number.MAX_SAFE_INTEGER))
      throw new CoopError('invalid_request', 'The budget is too large to be written exactly.', { at: 'budget_micros' });
    const expires = new Date(run.expires_at.getTime() + (by.duration_s ?? 0) * 1000);
    if (by.duration_s !== null) await requireTerm(tx, run, expires);
    await tx
      .updateTable('runs')
      .set({
        budget_micros: budget,
        expires_at: expires,
        spec: JSON.stringify(spec.data),
        ...(by.budget_micros !== null && { warned_at: null }),
        ...(by.duration_s !== null && { expiry_warned_at: null }),
      })
      .where('id', '=', run.id)
      .execute();
    const message = `Extended: until ${expires.toISOString()}, for at most $${decimalDollars(budget)}.`;
    const data = { id: by.id, expires_at: expires.toISOString(), budget_micros: Number(budget) };
    await tell(tx, { run_id: run.id, lease_id: null, type: 'run.extended', message, data }, now);
  });
  deps.bell.ring(found.id);
  await wakeLeases(deps, found.id);
  return readRun(deps, await findRun(deps.db, userId, found.id));
}

/** The run's own story says which extensions it had. */
async function wasExtendedBy(db: Db, runId: string, id: string): Promise<boolean> {
  const told = await db
    .selectFrom('events')
    .select('data')
    .where('run_id', '=', runId)
    .where('type', '=', 'run.extended')
    .execute();
  return told.some(({ data }) => (data as { id?: string }).id === id); // written by extendRun alone
}

async function requireTerm(db: Db, run: RunRow, expires: Date): Promise<void> {
  const lease = await db
    .selectFrom('leases')
    .innerJoin('machines', 'machines.id', 'leases.machine_id')
    .select(['machines.terms', 'leases.ready_at', 'leases.created_at'])
    .where('leases.run_id', '=', run.id)
    .where('leases.state', '<>', 'ended')
    .executeTakeFirst();
  if (lease === undefined) return;
  const longest = MachineTerms.parse(lease.terms).max_duration_s;
  const from = lease.ready_at ?? lease.created_at;
  if (expires.getTime() - from.getTime() > longest * 1000) {
    throw new CoopError('wrong_state', `The provider leases for ${longest} s at most.`, {
      hint: 'Extend by less, or start a new run.',
      details: { longest_s: longest },
    });
  }
}

async function wakeLeases(deps: RunsDeps, runId: string): Promise<void> {
  const leases = await deps.db
    .selectFrom('leases')
    .select('id')
    .where('run_id', '=', runId)
    .where('state', '<>', 'ended')
    .execute();
  for (const lease of leases) deps.wake(lease.id);
  deps.bell.ring(runId);
}
