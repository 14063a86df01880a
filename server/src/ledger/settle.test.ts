import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { chargeRoundedDown, feeRoundedDown, holdRoundedUp } from '@gpucoop/policy/charge.ts';
import { expect, test } from 'vitest';
import { forEachDatabase } from '../../../test/support/database.ts';
import { insertLease } from '../../../test/support/leases.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { inspectLedger } from './inspect.ts';
import { accountId, grantCredit, hold, openUserAccounts, transfer } from './ledger.ts';
import { firstHold, settle, type Settled, type SettledLease, type Settlement } from './settle.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

forEachDatabase('a settlement', (open) => {
  test('however a lease is cut into settlements, the total is the same, and every row of the ledger is right (1 to 10)', async () => {
    const { db } = await open();
    let lease = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ price, feePpm, stops, again, horizon }) => {
        lease += 1;
        const { user, provider, row } = await startLease(db, `lse_${lease}`, {
          credit: 10n ** 11n,
          held: holdRoundedUp(price, horizon),
        });
        let served = 0n;
        let current = row;
        for (const [index, seconds] of stops.entries()) {
          served += seconds > horizon ? horizon : seconds;
          const gross = chargeRoundedDown(price, served);
          const nextHold = index === stops.length - 1 ? null : holdRoundedUp(price, horizon);
          const settlement = {
            lease: current,
            gross_total: gross,
            fee_total: feeRoundedDown(gross, feePpm),
            nextHold,
            at,
          };
          const first = await settleAndStore(db, settlement);
          if (again) expect(await transaction(db, (tx) => settle(tx, settlement))).toEqual(first);
          current = { ...current, ...withoutUnpaid(first) };
        }
        const gross = chargeRoundedDown(price, served);
        const fee = feeRoundedDown(gross, feePpm);
        expect(current).toMatchObject({
          hold_id: null,
          held_micros: 0n,
          settled_micros: gross,
          settled_fee_micros: fee,
        });
        expect(await balance(db, accountId('spending', user))).toEqual({ posted: 10n ** 11n - gross, held: 0n });
        expect(await balance(db, accountId('earnings', provider))).toEqual({ posted: gross - fee, held: 0n });
        expect(await balance(db, accountId('fees', provider))).toEqual({ posted: fee, held: 0n });
      }),
      { numRuns: 25 },
    );
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('whose next hold is not covered changes nothing, and the transaction goes on', async () => {
    const { db } = await open();
    const { row, user } = await startLease(db, 'lse_1', { credit: 100n, held: 60n });
    const before = await everything(db);
    const settlement = { lease: row, gross_total: 30n, fee_total: 3n, nextHold: 71n, at };
    await transaction(db, async (tx) => {
      await expect(settle(tx, settlement)).rejects.toMatchObject({
        code: 'insufficient_credit',
        details: { needed_micros: 71, available_micros: 70 },
      });
    });
    expect(await everything(db)).toEqual(before);
    const covered = await settleAndStore(db, { ...settlement, nextHold: 70n });
    expect(covered).toMatchObject({ held_micros: 70n, settled_micros: 30n, settled_fee_micros: 3n, unpaid_micros: 0n });
    expect(await balance(db, accountId('spending', user))).toEqual({ posted: 70n, held: 70n });
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('never charges more than was held; what is left is due at the next one, with its fee', async () => {
    const { db } = await open();
    const { row, provider } = await startLease(db, 'lse_1', { credit: 1000n, held: 60n });
    const first = await settleAndStore(db, { lease: row, gross_total: 100n, fee_total: 10n, nextHold: 60n, at });
    expect(first).toMatchObject({ settled_micros: 60n, settled_fee_micros: 6n, unpaid_micros: 40n });
    const second = await settleAndStore(db, {
      lease: { ...row, ...withoutUnpaid(first) },
      gross_total: 100n,
      fee_total: 10n,
      nextHold: null,
      at,
    });
    expect(second).toMatchObject({ hold_id: null, settled_micros: 100n, settled_fee_micros: 10n, unpaid_micros: 0n });
    expect(await balance(db, accountId('earnings', provider))).toEqual({ posted: 90n, held: 0n });
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('takes no more fee than its charge brings, so a provider who was paid out blocks nothing', async () => {
    const { db } = await open();
    const { row, provider } = await startLease(db, 'lse_1', { credit: 1000n, held: 60n });
    const first = await settleAndStore(db, { lease: row, gross_total: 50n, fee_total: 0n, nextHold: 60n, at });
    const [debit, credit] = [accountId('earnings', provider), accountId('credit', null)];
    const payout = { id: 'payout', debit, credit, asset: 'usd' as const, amount: 50n, what: 'paid out', at };
    await transaction(db, (tx) => transfer(tx, payout));
    const lease = { ...row, ...withoutUnpaid(first) };
    const last = await settleAndStore(db, { lease, gross_total: 51n, fee_total: 20n, nextHold: null, at });
    expect(last).toMatchObject({ hold_id: null, settled_micros: 51n, settled_fee_micros: 1n });
    expect(await balance(db, debit)).toEqual({ posted: 0n, held: 0n });
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('beyond the hold takes no fee twice, and none above its charge', async () => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 1000n, held: 60n });
    const first = await settleAndStore(db, { lease: row, gross_total: 10n, fee_total: 5n, nextHold: 10n, at });
    const ahead = { lease: { ...row, ...withoutUnpaid(first) }, gross_total: 100n, nextHold: 10n, at };
    // A twentieth of the 20 that are paid is 1, and 5 were taken before.
    const second = await settleAndStore(db, { ...ahead, fee_total: 5n });
    expect(second).toMatchObject({ settled_micros: 20n, settled_fee_micros: 5n, unpaid_micros: 80n });
    // Of 30 that are paid then all would be fee, and only 10 are charged.
    const third = { ...ahead, lease: { ...row, ...withoutUnpaid(second) }, fee_total: 100n, nextHold: null };
    expect(await settleAndStore(db, third)).toMatchObject({ settled_micros: 30n, settled_fee_micros: 15n });
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('of a lease without a hold charges nothing, and gives it one', async () => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 100n, held: 60n });
    const ended = await settleAndStore(db, { lease: row, gross_total: 0n, fee_total: 0n, nextHold: null, at });
    expect(ended).toMatchObject({ hold_id: null, held_micros: 0n });
    const without = { ...row, hold_id: null };
    const owing = { lease: without, gross_total: 30n, fee_total: 3n, nextHold: 60n, at };
    const next = await transaction(db, (tx) => settle(tx, owing));
    expect(next).toMatchObject({ hold_id: expect.any(String), settled_micros: 0n, unpaid_micros: 30n });
    const idle = { lease: without, gross_total: 0n, fee_total: 0n, nextHold: 60n, at };
    expect(await transaction(db, (tx) => settle(tx, idle))).toMatchObject({ hold_id: next.hold_id, held_micros: 60n });
  });

  test('of nothing served gives the hold back; with the same next hold it leaves everything as it is', async () => {
    const { db } = await open();
    const { row, user } = await startLease(db, 'lse_1', { credit: 100n, held: 60n });
    const before = await everything(db);
    const same = await settleAndStore(db, { lease: row, gross_total: 0n, fee_total: 0n, nextHold: 60n, at });
    expect(same).toMatchObject({ hold_id: row.hold_id, held_micros: 60n });
    expect((await everything(db)).transfers).toEqual(before.transfers);
    const last = await settleAndStore(db, { lease: row, gross_total: 0n, fee_total: 0n, nextHold: null, at });
    expect(last).toMatchObject({ hold_id: null, held_micros: 0n });
    const kinds = await db
      .selectFrom('transfers')
      .select('kind')
      .where('lease_id', '=', 'lse_1')
      .orderBy('n')
      .execute();
    expect(kinds.map(({ kind }) => kind)).toEqual(['hold', 'release']);
    expect(await balance(db, accountId('spending', user))).toEqual({ posted: 100n, held: 0n });
  });

  test('of a machine that is rented for nothing works like any other', async () => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 0n, held: 0n });
    const next = await settleAndStore(db, { lease: row, gross_total: 0n, fee_total: 0n, nextHold: 0n, at });
    await settleAndStore(db, {
      lease: { ...row, ...withoutUnpaid(next) },
      gross_total: 0n,
      fee_total: 0n,
      nextHold: null,
      at,
    });
    expect((await inspectLedger(db)).problems).toEqual([]);
  });

  test('by somebody who rents his own machine pays himself less the fee', async () => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 100n, held: 60n, user: 'ada', provider: 'ada' });
    await settleAndStore(db, { lease: row, gross_total: 50n, fee_total: 5n, nextHold: null, at });
    expect(await balance(db, accountId('spending', 'ada'))).toEqual({ posted: 50n, held: 0n });
    expect(await balance(db, accountId('earnings', 'ada'))).toEqual({ posted: 45n, held: 0n });
  });

  test.each([
    ['less than before', { gross_total: 9n }],
    ['a smaller fee than before', { fee_total: 0n }],
    ['more fee than charge', { fee_total: 31n }],
  ])('to %s is refused as the defect it is', async (_, wrong) => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 100n, held: 60n });
    const first = await settleAndStore(db, { lease: row, gross_total: 10n, fee_total: 1n, nextHold: 50n, at });
    const next = {
      lease: { ...row, ...withoutUnpaid(first) },
      gross_total: 30n,
      fee_total: 3n,
      nextHold: null,
      at,
      ...wrong,
    };
    await expect(transaction(db, (tx) => settle(tx, next))).rejects.toThrow(RangeError);
  });

  test('by two at once from the same lease row happens once (5, 10)', async () => {
    const { db } = await open();
    const { row } = await startLease(db, 'lse_1', { credit: 1000n, held: 60n });
    const totals = [30n, 30n, 40n, 50n, 0n];
    const results = await Promise.allSettled(
      totals.map((gross) =>
        transaction(db, (tx) =>
          settle(tx, { lease: row, gross_total: gross, fee_total: gross / 10n, nextHold: 61n + gross, at }),
        ),
      ),
    );
    const winners = results
      .filter((result) => result.status === 'fulfilled')
      .map((result) => result.value.settled_micros);
    expect(new Set(winners).size, String(winners)).toBe(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect((result.reason as { code: string }).code).toMatch(/^(wrong_state|idempotency_key_reused)$/);
    }
    const resolutions = await db.selectFrom('transfers').select('id').where('hold_id', '=', row.hold_id).execute();
    expect(resolutions).toHaveLength(1);
  });
});

const scenario = fc.record({
  price: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 1000n }), fc.bigInt({ min: 1n, max: 10n ** 9n })),
  feePpm: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300_000 })),
  horizon: fc.constantFrom(60n, 3600n),
  stops: fc.array(fc.bigInt({ min: 0n, max: 4000n }), { minLength: 1, maxLength: 8 }),
  again: fc.boolean(),
});

type Start = { credit: bigint; held: bigint; user?: string; provider?: string };

/** As an order does it: accounts, credit, and in one transaction the hold and the lease. */
async function startLease(db: Kysely<Tables>, id: string, start: Start) {
  const { user = `renter-of-${id}`, provider = `host-of-${id}` } = start;
  const lease = { id, run_id: `run_of_${id}`, user_id: user, provider_id: provider };
  const hold_id = `hold-of-${id}`;
  await transaction(db, async (tx) => {
    for (const one of [user, provider]) await openUserAccounts(tx, one, at);
    await grantCredit(tx, { id: `grant-of-${id}`, user_id: user, amount: start.credit, what: 'test credit', at });
    await hold(tx, { ...firstHold(lease, { id: hold_id, amount: start.held }), at });
    await insertLease(tx, { ...lease, hold_id, held_micros: start.held, created_at: at });
  });
  const row: SettledLease = { ...lease, hold_id, held_micros: start.held, settled_micros: 0n, settled_fee_micros: 0n };
  return { user, provider, row };
}

/** As the lease's controller does it: the lease row changes in the transaction of the settlement. */
async function settleAndStore(db: Kysely<Tables>, settlement: Settlement): Promise<Settled> {
  return transaction(db, async (tx) => {
    const settled = await settle(tx, settlement);
    const ended = settlement.nextHold === null ? ({ state: 'ended' } as const) : {};
    await tx
      .updateTable('leases')
      .set({ ...withoutUnpaid(settled), ...ended })
      .where('id', '=', settlement.lease.id)
      .execute();
    return settled;
  });
}

function withoutUnpaid({ unpaid_micros: _unpaid, ...columns }: Settled) {
  return columns;
}

async function balance(db: Kysely<Tables>, id: string) {
  return db.selectFrom('accounts').select(['posted', 'held']).where('id', '=', id).executeTakeFirstOrThrow();
}

async function everything(db: Kysely<Tables>) {
  const accounts = await db.selectFrom('accounts').selectAll().orderBy('id').execute();
  const transfers = await db.selectFrom('transfers').selectAll().orderBy('n').execute();
  return { accounts, transfers };
}
