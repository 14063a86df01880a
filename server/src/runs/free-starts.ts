import { sql } from 'kysely';
import { specOf, type Db, type LeaseRow, type RunRow } from './store.ts';

/** A start that is not free is billed after so long, though its probe has not passed. */
export const PATIENCE_S = 60;
const DAY_MS = 86_400_000;
const FREE_MS_A_DAY = 3_600_000;

/**
 * Seconds after the container's start from which this lease is billed though its probe has not passed; null: not before it passes. Starting is free,
 * but the probe is the renter's own, and one that passes late or never would be a machine for nothing, again and again. So whoever had more than an
 * hour of starting within a day, and more of it than of what he paid for, is waited for a minute.
 */
export async function billedFrom(db: Db, lease: LeaseRow, run: RunRow, now: Date): Promise<number | null> {
  if (specOf(run).readiness.kind === 'started') return null;
  const { rows } = await sql<{ starting_ms: bigint; billed_ms: bigint }>`
    select
      coalesce(sum(extract(epoch from coalesce(leases.ready_at, leases.ended_at, ${now}) - leases.created_at) * 1000)
        filter (where leases.container_id is not null and runs.spec -> 'readiness' ->> 'kind' <> 'started'), 0)::bigint as starting_ms,
      coalesce(sum(leases.billed_ms), 0)::bigint as billed_ms
    from runs join leases on leases.run_id = runs.id
    where runs.user_id = ${lease.user_id} and runs.created_at > ${new Date(now.getTime() - DAY_MS)}`.execute(db);
  const { starting_ms, billed_ms } = rows[0]!;
  return starting_ms > FREE_MS_A_DAY && starting_ms > billed_ms ? PATIENCE_S : null;
}
