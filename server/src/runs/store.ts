import type { Kysely, Selectable, Transaction, Updateable } from 'kysely';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
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
 * Takes the row lease of a lease: until it expires, only the server whose token it has works on it. Undefined when another one has it.
 * Calling it again with the same token renews it. A server that is there no more has nothing: all that it may still write is guarded
 * by its token.
 */
export async function claim(db: Db, leaseId: string, token: string, now: Date): Promise<LeaseRow | undefined> {
  const never = new Date(now.getTime() + 2 * LOCK_MS); // a lock that ends later was taken before a clock was put back
  return db
    .updateTable('leases')
    .set({ lock_token: token, lock_expires_at: new Date(now.getTime() + LOCK_MS) })
    .where('id', '=', leaseId)
    .where((eb) =>
      eb.or([
        eb('lock_token', 'is', null),
        eb('lock_token', '=', token),
        eb('lock_expires_at', '<', now),
        eb('lock_expires_at', '>', never),
        eb.not(eb.exists(eb.selectFrom('servers').select('id').whereRef('servers.id', '=', 'leases.lock_token'))),
      ]),
    )
    .returningAll()
    .executeTakeFirst();
}

/** Which server works on which leases: the one that has the link of their machine, for as long as it is heard of there. */
export type Own = { serverId: string; silentMs: number };

/** The leases that something should be done about by `now`, but for those that are another server's. */
export async function dueLeases(db: Db, now: Date, limit: number, own: Own): Promise<string[]> {
  const rows = await db
    .selectFrom('leases')
    .innerJoin('machines', 'machines.id', 'leases.machine_id')
    .select('leases.id')
    .where('leases.removed_at', 'is', null)
    .where('leases.due_at', '<=', now)
    .where((eb) =>
      eb.or([
        eb('machines.link_server', 'is', null),
        eb('machines.link_server', '=', own.serverId),
        eb('machines.last_seen_at', 'is', null),
        eb('machines.last_seen_at', '<=', new Date(now.getTime() - own.silentMs)),
      ]),
    )
    .orderBy('leases.due_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

export type MachineStanding = Pick<
  Selectable<Tables['machines']>,
  'id' | 'listing' | 'drain_at' | 'suspended_at' | 'presence' | 'last_seen_at' | 'link_server'
>;

/** The machine of a lease as it stands now; undefined when there is no such lease. */
export async function machineOf(db: Db, leaseId: string): Promise<MachineStanding | undefined> {
  return db
    .selectFrom('leases')
    .innerJoin('machines', 'machines.id', 'leases.machine_id')
    .select(['machines.id', 'listing', 'drain_at', 'suspended_at', 'presence', 'last_seen_at', 'link_server'])
    .where('leases.id', '=', leaseId)
    .executeTakeFirst();
}

export function isOthers(
  machine: MachineStanding,
  now: Date,
  own: Own,
): machine is MachineStanding & { link_server: string } {
  const { link_server, last_seen_at } = machine;
  return (
    link_server !== null &&
    link_server !== own.serverId &&
    last_seen_at !== null &&
    now.getTime() - last_seen_at.getTime() < own.silentMs
  );
}

/** Leaves a lease to the server that has the link of its machine, which is to look at it soon. */
export async function handOver(db: Db, leaseId: string, token: string, now: Date): Promise<void> {
  await db
    .updateTable('leases')
    .set({ due_at: now })
    .where('id', '=', leaseId)
    .where('removed_at', 'is', null)
    .where('due_at', '>', now)
    .execute();
  await db
    .updateTable('leases')
    .set({ lock_token: null })
    .where('id', '=', leaseId)
    .where('lock_token', '=', token)
    .execute();
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
    state: row.state,
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
