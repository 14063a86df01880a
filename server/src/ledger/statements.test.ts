import type { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { forEachDatabase } from '../../../test/support/database.ts';
import { insertLease } from '../../../test/support/leases.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { grantCredit, hold, openUserAccounts, releaseHold } from './ledger.ts';
import { firstHold, settle } from './settle.ts';
import { balanceOf, earningsOf, ledgerOf } from './statements.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

forEachDatabase('a statement', (open) => {
  test('shows what is available, held, earned and spent', async () => {
    const { db } = await open();
    await story(db);
    expect(await balanceOf(db, 'ada')).toMatchObject({
      available: { micros: 1_000_000 - 30_000 - 20_000 - 400_000 },
      held: { micros: 400_000 },
      earned: { micros: 18_000 },
      spent: { micros: 50_000 },
    });
    expect(await balanceOf(db, 'bob')).toMatchObject({
      available: { usd: '0.00' },
      held: { micros: 0 },
      earned: { micros: 27_000 },
    });
    expect(await balanceOf(db, 'nobody')).toMatchObject({ available: { micros: 0 }, spent: { micros: 0 } });
  });

  test('is the same on pages of any size, with the balance after every line', async () => {
    const { db } = await open();
    await story(db);
    const whole = (await ledgerOf(db, 'ada', { cursor: null, limit: 100 })).items;
    expect(whole.map((line) => [line.kind, line.account, line.amount.micros, line.balance.micros])).toEqual([
      ['hold', 'spending', -400_000, 950_000],
      ['transfer', 'earnings', -2_000, 18_000],
      ['post', 'spending', -20_000, 950_000],
      ['post', 'earnings', 20_000, 20_000],
      ['hold', 'spending', -100_000, 970_000],
      ['release', 'spending', 100_000, 970_000],
      ['hold', 'spending', -100_000, 970_000],
      ['post', 'spending', -30_000, 970_000],
      ['hold', 'spending', -400_000, 1_000_000],
      ['transfer', 'spending', 1_000_000, 1_000_000],
    ]);
    for (const limit of [1, 2, 3, 4, 7, 10]) {
      const pages = [];
      for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
        const page: Awaited<ReturnType<typeof ledgerOf>> = await ledgerOf(db, 'ada', { cursor, limit });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        pages.push(...page.items);
        cursor = page.next_cursor;
      }
      expect(pages).toEqual(whole);
    }
  });

  test('adds up: the lines of an account are its balance', async () => {
    const { db } = await open();
    await story(db);
    const { items } = await ledgerOf(db, 'ada', { cursor: null, limit: 100 });
    const moved = items.filter(
      ({ kind, account }) => account === 'spending' && (kind === 'transfer' || kind === 'post'),
    );
    const { available, held } = await balanceOf(db, 'ada');
    expect(moved.reduce((total, line) => total + line.amount.micros, 0)).toBe(available.micros + held.micros);
  });

  test('stays in place while new lines come', async () => {
    const { db } = await open();
    await story(db);
    const first = await ledgerOf(db, 'ada', { cursor: null, limit: 3 });
    const second = await ledgerOf(db, 'ada', { cursor: first.next_cursor, limit: 3 });
    await transaction(db, (tx) => grantCredit(tx, { id: 'more', user_id: 'ada', amount: 5n, what: 'more', at }));
    expect(await ledgerOf(db, 'ada', { cursor: first.next_cursor, limit: 3 })).toEqual(second);
  });

  test('is only of the user, and a cursor that is none is refused', async () => {
    const { db } = await open();
    await story(db);
    expect((await ledgerOf(db, 'nobody', { cursor: null, limit: 10 })).items).toEqual([]);
    const bobs = (await ledgerOf(db, 'bob', { cursor: null, limit: 10 })).items;
    expect(bobs.map(({ kind, amount }) => [kind, amount.micros])).toEqual([
      ['transfer', -3_000],
      ['post', 30_000],
    ]);
    for (const cursor of ['', 'x', '1', '-1-spending', '1-fees', '99999999999999999999-spending', "1-spending'"]) {
      await expect(ledgerOf(db, 'ada', { cursor, limit: 10 }), cursor).rejects.toMatchObject({
        code: 'invalid_request',
      });
    }
  });

  test('of a machine has each lease with its gross, fee and net', async () => {
    const { db } = await open();
    await story(db);
    const earnings = await earningsOf(db, 'mch_bob');
    expect(earnings).toMatchObject({
      machine_id: 'mch_bob',
      total: { micros: 27_000 },
      leases: [
        { lease_id: 'lse_1', gross: { micros: 30_000 }, fee: { micros: 3_000 }, net: { micros: 27_000 }, billed_s: 0 },
      ],
    });
    expect(await earningsOf(db, 'mch_none')).toMatchObject({ leases: [], total: { micros: 0 } });
  });
});

/** ada rents from bob, gives a hold back, and rents from herself; bob's machine then runs on. */
async function story(db: Kysely<Tables>): Promise<void> {
  await transaction(db, async (tx) => {
    for (const user of ['ada', 'bob']) await openUserAccounts(tx, user, at);
    await grantCredit(tx, { id: 'grant', user_id: 'ada', amount: 1_000_000n, what: 'test credit', at });
  });
  const fromBob = { id: 'lse_1', run_id: 'run_of_lse_1', user_id: 'ada', provider_id: 'bob' };
  await transaction(db, async (tx) => {
    await hold(tx, { ...firstHold(fromBob, { id: 'hold-1', amount: 400_000n }), at });
    await insertLease(tx, {
      ...fromBob,
      machine_id: 'mch_bob',
      hold_id: 'hold-1',
      held_micros: 400_000n,
      created_at: at,
    });
    const row = { ...fromBob, hold_id: 'hold-1', held_micros: 400_000n, settled_micros: 0n, settled_fee_micros: 0n };
    const settled = await settle(tx, { lease: row, gross_total: 30_000n, fee_total: 3_000n, nextHold: 100_000n, at });
    await releaseHold(tx, { id: 'release', hold_id: settled.hold_id!, what: 'given back', at });
  });
  const own = { id: 'lse_2', run_id: 'run_of_lse_2', user_id: 'ada', provider_id: 'ada' };
  await transaction(db, async (tx) => {
    await hold(tx, { ...firstHold(own, { id: 'hold-2', amount: 100_000n }), at });
    await insertLease(tx, { ...own, hold_id: 'hold-2', held_micros: 100_000n, created_at: at });
    const row = { ...own, hold_id: 'hold-2', held_micros: 100_000n, settled_micros: 0n, settled_fee_micros: 0n };
    await settle(tx, { lease: row, gross_total: 20_000n, fee_total: 2_000n, nextHold: 400_000n, at });
  });
}
