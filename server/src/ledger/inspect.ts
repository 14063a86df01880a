import { sql, type Kysely } from 'kysely';
import type { Tables } from '../db/rows.ts';
import type { Inspection } from '../rooms.ts';

/** Proves the ledger from its rows. Every problem is a broken invariant of INVARIANTS.md; an empty list is the proof. */
export async function inspectLedger(db: Kysely<Tables>): Promise<Inspection> {
  // One snapshot, so that a transfer under way is seen whole or not at all; it changes nothing, so it locks nothing.
  if (db.isTransaction) return proveAll(db);
  return db.transaction().setIsolationLevel('repeatable read').execute(proveAll);
}

async function proveAll(db: Kysely<Tables>): Promise<Inspection> {
  const problems: Inspection['problems'] = [];
  for (const [what, query] of Object.entries(violations)) {
    const { rows } = await query.execute(db);
    if (rows.length > 0) problems.push({ what, ids: rows.map(({ id }) => id) });
  }
  const { rows: assets } = await sql<{ asset: string; sum: string; transfers: bigint }>`
    select asset, sum(posted) as sum, (select count(*) from transfers where transfers.asset = accounts.asset) as transfers
    from accounts group by asset order by asset`.execute(db);
  const { rows: counts } = await sql<{ accounts: bigint; transfers: bigint; pending_holds: bigint }>`
    select (select count(*) from accounts) as accounts, (select count(*) from transfers) as transfers,
      (select count(*) from transfers h where kind = 'hold' and not exists (select from transfers r where r.hold_id = h.id)) as pending_holds`.execute(
    db,
  );
  return {
    assets: assets.map(({ asset, sum, transfers }) => ({
      asset,
      sum_micros: Number(sum),
      transfers: Number(transfers),
    })),
    problems,
    counts: Object.fromEntries(Object.entries(counts[0]!).map(([name, count]) => [name, Number(count)])),
  };
}

/** At most this many ids of one kind of problem: enough to look at, whatever happened. */
const limit = sql`order by 1 limit 100`;

/** Each finds the rows that break an invariant, whose number stands first. */
const violations = {
  '(1) the accounts of an asset do not sum to zero': sql<{ id: string }>`
    select asset as id from accounts group by asset having sum(posted) <> 0 ${limit}`,
  '(2) a transfer is not in the asset of its accounts': sql<{ id: string }>`
    select distinct t.id from transfers t join accounts a on a.id in (t.debit_account_id, t.credit_account_id) where a.asset <> t.asset ${limit}`,
  '(3) a posted balance is not what the transfers make it': sql<{ id: string }>`
    select a.id from accounts a
    left join (
      select id, sum(amount) as posted from (
        select debit_account_id as id, -amount as amount from transfers where kind in ('transfer', 'post')
        union all select credit_account_id, amount from transfers where kind in ('transfer', 'post')) entries
      group by id) made using (id)
    where a.posted <> coalesce(made.posted, 0) ${limit}`,
  '(3) a held balance is not the sum of its pending holds': sql<{ id: string }>`
    select a.id from accounts a
    left join (
      select h.debit_account_id as id, sum(h.amount) as held from transfers h
      where h.kind = 'hold' and not exists (select from transfers r where r.hold_id = h.id) group by 1) made using (id)
    where a.held <> coalesce(made.held, 0) ${limit}`,
  '(3) a balance after a transfer does not follow from the one before': sql<{ id: string }>`
    select distinct id from (
      select id, n, account, after, change, coalesce(lag(after) over (partition by account order by n), 0) as before from (
        select id, n, debit_account_id as account, debit_posted as after,
          case when kind in ('transfer', 'post') then -amount else 0 end as change from transfers
        union all
        select id, n, credit_account_id, credit_posted, case when kind in ('transfer', 'post') then amount else 0 end from transfers
      ) lines) steps
    where after <> before + change ${limit}`,
  '(4) a resolution is not of a hold, or not between its accounts or of its lease, or of more than was held': sql<{
    id: string;
  }>`
    select r.id from transfers r join transfers h on h.id = r.hold_id
    where h.kind <> 'hold' or r.n < h.n or r.asset <> h.asset or r.lease_id is distinct from h.lease_id
      or r.debit_account_id <> h.debit_account_id or r.credit_account_id <> h.credit_account_id
      or r.amount > h.amount or (r.kind = 'release' and r.amount <> h.amount) ${limit}`,
  '(5) a hold was resolved more than once': sql<{ id: string }>`
    select hold_id as id from transfers where hold_id is not null group by hold_id having count(*) > 1 ${limit}`,
  '(6) an account is overdrawn': sql<{ id: string }>`
    select id from accounts where held < 0 or (kind <> 'credit' and posted - held < 0) ${limit}`,
  '(8) a pending hold belongs to no live lease': sql<{ id: string }>`
    select h.id from transfers h
    where h.kind = 'hold' and not exists (select from transfers r where r.hold_id = h.id)
      and not exists (select from leases l where l.hold_id = h.id and l.id = h.lease_id and l.state <> 'ended') ${limit}`,
  '(8) a live lease names a hold that is not pending, or not of that amount': sql<{ id: string }>`
    select l.id from leases l left join transfers h on h.id = l.hold_id
    where l.state <> 'ended' and l.hold_id is not null
      and (h.kind <> 'hold' or h.amount <> l.held_micros or exists (select from transfers r where r.hold_id = l.hold_id)) ${limit}`,
  '(10) what a lease has settled is not what its transfers moved': sql<{ id: string }>`
    select l.id from leases l
    left join (
      select lease_id, sum(amount) filter (where t.kind = 'post') as gross,
        sum(amount) filter (where t.kind = 'transfer' and to_account.kind = 'fees') as fee
      from transfers t join accounts to_account on to_account.id = t.credit_account_id
      where lease_id is not null group by lease_id) moved on moved.lease_id = l.id
    where l.settled_micros <> coalesce(moved.gross, 0) or l.settled_fee_micros <> coalesce(moved.fee, 0) ${limit}`,
};
