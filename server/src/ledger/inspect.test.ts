import { sql, type Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { forEachDatabase } from '../../../test/support/database.ts';
import { insertLease } from '../../../test/support/leases.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { inspectLedger } from './inspect.ts';
import { grantCredit, hold, openUserAccounts } from './ledger.ts';
import { firstHold, settle } from './settle.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

/** What a defect of ours, or a hand in the database, might do; and the invariant that it breaks. */
const tampering: Record<string, { sql: string; breaks: string[]; ids?: string[] }> = {
  'money out of nothing': {
    sql: `update accounts set posted = posted + 1 where id = 'acc_spending_usd_ada'`,
    breaks: ['(1)', '(3)'],
  },
  'money moved without a transfer': {
    sql: `update accounts set posted = posted + case id when 'acc_spending_usd_ada' then -1 else 1 end
      where id in ('acc_spending_usd_ada', 'acc_earnings_usd_bob')`,
    breaks: ['(3)'],
    ids: ['acc_earnings_usd_bob', 'acc_spending_usd_ada'],
  },
  'a transfer that no balance knows': {
    sql: `insert into transfers (id, kind, debit_account_id, credit_account_id, asset, amount, what, debit_posted, credit_posted, created_at)
      values ('odd', 'transfer', 'acc_credit_usd', 'acc_spending_usd_ada', 'usd', 5, '', 0, 0, '2026-01-01')`,
    breaks: ['(3)', '(3)'],
  },
  'a forgotten transfer': {
    sql: `delete from transfers where kind = 'transfer' and credit_account_id like '%fees%'`,
    breaks: ['(3)', '(3)', '(10)'],
  },
  'a transfer in an asset that its accounts do not have': {
    sql: `update transfers set asset = 'token' where id = 'grant'`,
    breaks: ['(2)'],
    ids: ['grant'],
  },
  'a held balance that is free': {
    sql: `update accounts set held = 0`,
    breaks: ['(3)'],
    ids: ['acc_spending_usd_ada'],
  },
  'an overdrawn account': {
    sql: `update accounts set held = posted + 1 where id = 'acc_earnings_usd_bob'`,
    breaks: ['(3)', '(6)'],
  },
  'a post of more than was held': {
    sql: `update transfers set amount = 400001 where kind = 'post'`,
    breaks: ['(3)', '(3)', '(4)', '(10)'],
  },
  'a post for another lease': {
    sql: `update transfers set lease_id = 'lse_2' where kind = 'post'`,
    breaks: ['(4)', '(10)'],
  },
  'a hold posted twice': {
    sql: `insert into transfers select 'again', 1000 + n, kind, debit_account_id, credit_account_id, asset, 0, hold_id, what, run_id, lease_id,
      statement_hash, debit_posted, credit_posted, created_at from transfers where kind = 'post'`,
    breaks: ['(3)', '(5)'],
  },
  'a hold whose lease has ended': { sql: `update leases set state = 'ended'`, breaks: ['(8)'] },
  'a hold whose lease is gone': { sql: `delete from leases`, breaks: ['(8)'] },
  'a lease that names a resolved hold': {
    sql: `update leases set hold_id = 'hold-1'`,
    breaks: ['(8)', '(8)'],
    ids: ['lse_1'],
  },
  'a lease that says another amount is held': {
    sql: `update leases set held_micros = held_micros + 1`,
    breaks: ['(8)'],
    ids: ['lse_1'],
  },
  'a lease that says more was settled': {
    sql: `update leases set settled_micros = settled_micros + 1`,
    breaks: ['(10)'],
    ids: ['lse_1'],
  },
  'a lease that says less fee was taken': {
    sql: `update leases set settled_fee_micros = 0`,
    breaks: ['(10)'],
    ids: ['lse_1'],
  },
};

forEachDatabase('an inspection', (open) => {
  test('of a ledger that is right finds nothing, and of every kind of tampering what it broke', async () => {
    const { db } = await open();
    await liveLease(db);
    expect(await inspectLedger(db)).toEqual({
      problems: [],
      assets: [{ asset: 'usd', sum_micros: 0, transfers: 5 }],
      counts: { accounts: 7, transfers: 5, pending_holds: 1 },
    });
    await removeDefences(db);
    for (const [what, { sql: statement, breaks, ids }] of Object.entries(tampering)) {
      const { problems } = await inTransactionThatNeverWas(db, async (tx) => {
        await sql.raw(statement).execute(tx);
        return inspectLedger(tx);
      });
      expect(
        problems.map((problem) => problem.what.split(' ')[0]),
        what,
      ).toEqual(breaks);
      if (ids !== undefined) expect(problems.at(-1)?.ids, what).toEqual(ids);
    }
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('is not needed for most of it: the database itself refuses', async () => {
    const { db } = await open();
    await liveLease(db);
    const refused = [
      'a forgotten transfer',
      'an overdrawn account',
      'a post of more than was held',
      'a hold posted twice',
    ];
    for (const what of refused) await expect(sql.raw(tampering[what]!.sql).execute(db), what).rejects.toThrow();
    const mixed = `insert into accounts (id, asset, kind, owner_id, created_at) values ('tokens', 'token', 'spending', 'ada', '2026-01-01')`;
    await sql.raw(mixed).execute(db);
    const transfer = `insert into transfers (id, kind, debit_account_id, credit_account_id, asset, amount, what, debit_posted, credit_posted, created_at)
      values ('odd', 'transfer', 'acc_credit_usd', 'tokens', 'usd', 5, '', 0, 0, '2026-01-01')`;
    await expect(sql.raw(transfer).execute(db)).rejects.toThrow('foreign key');
  });
});

async function liveLease(db: Kysely<Tables>): Promise<void> {
  const lease = { id: 'lse_1', run_id: 'run_of_lse_1', user_id: 'ada', provider_id: 'bob' };
  await transaction(db, async (tx) => {
    for (const user of ['ada', 'bob']) await openUserAccounts(tx, user, at);
    await grantCredit(tx, { id: 'grant', user_id: 'ada', amount: 1_000_000n, what: 'test credit', at });
    await hold(tx, { ...firstHold(lease, { id: 'hold-1', amount: 400_000n }), at });
    await insertLease(tx, { ...lease, hold_id: 'hold-1', held_micros: 400_000n, created_at: at });
    const row = { ...lease, hold_id: 'hold-1', held_micros: 400_000n, settled_micros: 0n, settled_fee_micros: 0n };
    const settled = await settle(tx, { lease: row, gross_total: 30_000n, fee_total: 3_000n, nextHold: 400_000n, at });
    const { unpaid_micros: _unpaid, ...columns } = settled;
    await tx.updateTable('leases').set(columns).where('id', '=', 'lse_1').execute();
  });
}

/** Triggers, constraints and unique indexes, so that what they prevent can be done and must be found. */
async function removeDefences(db: Kysely<Tables>): Promise<void> {
  await sql`drop trigger transfers_immutable on transfers`.execute(db);
  const { rows } = await sql<{ statement: string }>`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as statement from pg_constraint
    where conrelid in ('accounts'::regclass, 'transfers'::regclass) and contype in ('c', 'f')`.execute(db);
  for (const { statement } of rows) await sql.raw(statement).execute(db);
  await sql`drop index transfers_resolution`.execute(db);
  await sql`alter table transfers alter column n drop identity`.execute(db);
  await sql`alter table transfers alter column n set default 999`.execute(db);
}

class Undo extends Error {}

/** Inspection inside needs no transaction of its own here. */
async function inTransactionThatNeverWas<Result>(
  db: Kysely<Tables>,
  work: (tx: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  let result: Result | undefined;
  await db
    .transaction()
    .execute(async (tx) => {
      result = await work(tx);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return result!;
}
