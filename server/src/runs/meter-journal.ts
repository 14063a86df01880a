import { parseStatement } from '@gpucoop/protocol/evidence.ts';
import type { Statement } from '@gpucoop/protocol/evidence.ts';
import { keepStatement } from '../evidence/evidence.ts';
import type { Db } from './store.ts';

const STEP_MS = 30_000;

/**
 * Keeps a line of a machine's own journal as evidence: when it is signed by that machine, about its own lease, and says something new.
 * Lines are cumulative, so one each half minute says all; what a machine can have kept is bounded by how long it has had the lease.
 */
export async function keepJournalLine(
  db: Db,
  machine: { id: string; key: string | undefined },
  input: unknown,
  now: Date,
): Promise<'kept' | 'nothing_new' | 'not_its_own'> {
  const line = parseStatement('meter', input);
  if (line === undefined || line.author !== machine.key) return 'not_its_own';
  const lease = await db
    .selectFrom('leases')
    .select('created_at')
    .where('id', '=', line.body.lease_id)
    .where('machine_id', '=', machine.id)
    .executeTakeFirst();
  if (lease === undefined) return 'not_its_own';
  const before = await db
    .selectFrom('evidence')
    .select('statement')
    .where('subject', '=', line.body.lease_id)
    .where('kind', '=', 'meter')
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  const last = (before?.statement as Statement<'meter'> | undefined)?.body; // written by us, verified
  const served = line.body.served_ms;
  const possible = served <= 2 * (now.getTime() - lease.created_at.getTime()) + STEP_MS; // its clock may run fast, not wild
  const isNews = last === undefined || served >= last.served_ms + STEP_MS || (line.body.final && !last.final);
  if (!possible || !isNews) return 'nothing_new';
  await keepStatement(db, line, line.body.lease_id, now);
  return 'kept';
}
