import { sql } from 'kysely';
import type { Inspection } from '../rooms.ts';
import type { Db } from './store.ts';

/** Proves that no reservation leaks and that no state is contradicted. Empty is good. */
export async function inspectSlots(db: Db): Promise<Inspection['problems']> {
  const findings: Inspection['problems'] = [];
  for (const [what, query] of Object.entries(violations)) {
    const { rows } = await query.execute(db);
    if (rows.length > 0) findings.push({ what, ids: rows.map((row) => row.id) });
  }
  return findings;
}

const violations = {
  'a slot is reserved for a lease that has ended or never was': sql<{ id: string }>`
    select slots.offer_id || '/' || slots.n as id from slots
    left join leases on leases.id = slots.lease_id
    where slots.lease_id is not null and (leases.id is null or leases.state = 'ended')`,
  'a live lease has fewer slots than units': sql<{ id: string }>`
    select leases.id from leases
    where leases.state <> 'ended'
      and (select count(*) from slots where slots.lease_id = leases.id) <> leases.units`,
  'a live lease belongs to a run that has ended': sql<{ id: string }>`
    select leases.id from leases join runs on runs.id = leases.run_id
    where leases.state <> 'ended' and runs.state = 'ended'`,
  'a run has more than one live lease': sql<{ id: string }>`
    select run_id as id from leases where state <> 'ended' group by run_id having count(*) > 1`,
  'a run is under way without a lease': sql<{ id: string }>`
    select runs.id from runs where runs.state not in ('queued', 'ended')
      and not exists (select from leases where leases.run_id = runs.id and leases.state <> 'ended')`,
  'an ended run still has its secrets': sql<{ id: string }>`
    select id from runs where state = 'ended' and secrets is not null`,
  'a run spent more than its budget': sql<{ id: string }>`
    select id from runs where spent_micros > budget_micros`,
  'the leases of a run did not cost what the run spent': sql<{ id: string }>`
    select runs.id from runs
    where runs.spent_micros <> (select coalesce(sum(settled_micros), 0) from leases where leases.run_id = runs.id)`,
};
