import type { Kysely, Selectable, Transaction, Updateable } from 'kysely';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
import type { LeaseState } from '@gpucoop/protocol/states.ts';
import type { Statement } from '@gpucoop/protocol/evidence.ts';
import type { Tables } from '../db/rows.ts';
import type { LeaseFacts } from './decide.ts';
import type { Meter } from './meter.ts';

export type LeaseRow = Selectable<Tables['leases']>;
export type LeaseChange = Updateable<Tables['leases']>;
export type RunRow = Selectable<Tables['runs']>;
export type Db = Kysely<Tables>;
export type Tx = Transaction<Tables>;

export const LOCK_MS = 30_000;

/**
 * Takes the row lease of a lease: until it expires, only the holder of `token` works on it. Undefined when another server has it.
 * Calling it again with the same token renews it.
 */
export async function claim(db: Db, leaseId: string, token: string, now: Date): Promise<LeaseRow | undefined> {
  return db
    .updateTable('leases')
    .set({ lock_token: token, lock_expires_at: new Date(now.getTime() + LOCK_MS) })
    .where('id', '=', leaseId)
    .where((eb) =>
      eb.or([eb('lock_token', 'is', null), eb('lock_token', '=', token), eb('lock_expires_at', '<', now)]),
    )
    .returningAll()
    .executeTakeFirst();
}

/** The leases that something should be done about by `now`. */
export async function dueLeases(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('leases')
    .select('id')
    .where('removed_at', 'is', null)
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Writes to a lease under the row lease; throws when it was lost meanwhile, so that the transaction comes to nothing. */
export async function writeLease(
  tx: Db,
  lease: Pick<LeaseRow, 'id' | 'lock_token'>,
  values: LeaseChange,
): Promise<void> {
  const result = await tx
    .updateTable('leases')
    .set(values)
    .where('id', '=', lease.id)
    .where('lock_token', '=', lease.lock_token)
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) throw new LockLost(lease.id);
}

export class LockLost extends Error {
  override readonly name = 'LockLost';
  constructor(leaseId: string) {
    super(`another server works on ${leaseId} now`);
  }
}

export const specOf = (run: RunRow): Spec => Spec.parse(run.spec);

export function leaseFacts(row: LeaseRow, graceS: number): LeaseFacts {
  return {
    state: row.state as LeaseState,
    state_since: row.state_since.getTime(),
    asked: row.receipt_at !== null,
    stop_reason: row.stop_reason as EndReason | null,
    stop_asked_at: row.stop_asked_at?.getTime() ?? null,
    stop_grace_s: graceS,
    ended_at: row.ended_at?.getTime() ?? null,
    removed: row.removed_at !== null,
  };
}

/** The meter as the row has it; undefined before the agent was asked. */
export function meterOf(row: LeaseRow): Meter | undefined {
  if (row.receipt_at === null) return undefined;
  return {
    container_id: row.container_id,
    served_ms: Number(row.served_ms),
    billed_ms: Number(row.billed_ms),
    unbilled_ms: Number(row.unbilled_ms),
    receipt_at: row.receipt_at,
    acked_at: row.acked_at ?? row.receipt_at,
    acked_line: (row.acked_line ?? null) as Statement<'meter'> | null, // verified before it was written
  };
}
