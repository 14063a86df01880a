import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { forEachDatabase } from '../../../test/support/database.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { inspectLedger } from './inspect.ts';
import {
  accountId,
  grantCredit,
  hold,
  openAccount,
  openUserAccounts,
  postHold,
  record,
  releaseHold,
  transfer,
} from './ledger.ts';
import { applyStep, type Account, type Asset, type Book, type Step } from './rules.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
const ada = accountId('spending', 'ada');
const bob = accountId('earnings', 'bob');

forEachDatabase('the ledger', (open) => {
  test('stores what the rules say, for any steps in any grouping, and replays change nothing (1 to 7, 9)', async () => {
    const { db } = await open();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (groups) => {
        round += 1;
        const name = (id: string) => `${round}-${id}`;
        let book = await openBook(db, name);
        const named = groups.map((group) => group.map((one) => rename(one, name)));
        for (const group of named) {
          const expected = predict(book, group);
          const answered = await transaction(db, (tx) => record(tx, group, at)).catch(() => undefined);
          expect(answered).toEqual(expected?.outcomes);
          book = expected?.book ?? book;
        }
        expect(await readBook(db, [...book.accounts.keys()])).toEqual(book);
        for (const group of named) {
          const expected = predict(book, group);
          if (expected === undefined || expected.outcomes.includes('recorded')) continue;
          expect(await transaction(db, (tx) => record(tx, group, new Date(0)))).toEqual(expected.outcomes);
        }
        expect(await readBook(db, [...book.accounts.keys()])).toEqual(book);
      }),
      { numRuns: 40 },
    );
    expect(await brokenInvariants(db)).toEqual([]);
  });

  test('a group of steps is taken whole or not at all', async () => {
    const { db } = await funded(open, 100n);
    const steps: Step[] = [
      { kind: 'transfer', id: 'a', debit: ada, credit: bob, asset: 'usd', amount: 60n, what: 'x' },
      { kind: 'transfer', id: 'b', debit: ada, credit: bob, asset: 'usd', amount: 60n, what: 'x' },
    ];
    // Nothing was written, so the transaction goes on and can commit something else.
    await transaction(db, async (tx) => {
      await expect(record(tx, steps, at)).rejects.toMatchObject({ code: 'insufficient_credit' });
      expect(await transfer(tx, { id: 'c', debit: ada, credit: bob, asset: 'usd', amount: 1n, what: 'x', at })).toBe(
        'recorded',
      );
    });
    expect(await balances(db, ada)).toEqual({ posted: 99n, held: 0n });
  });

  test('a hold is set aside, posted in part, and the rest is free again', async () => {
    const { db } = await funded(open, 100n);
    await transaction(db, (tx) =>
      hold(tx, { id: 'h', debit: ada, credit: bob, asset: 'usd', amount: 80n, what: 'x', at }),
    );
    expect(await balances(db, ada)).toEqual({ posted: 100n, held: 80n });
    await transaction(db, (tx) => postHold(tx, { id: 'p', hold_id: 'h', amount: 30n, what: 'x', at }));
    expect(await balances(db, ada)).toEqual({ posted: 70n, held: 0n });
    expect(await balances(db, bob)).toEqual({ posted: 30n, held: 0n });
    await expect(
      transaction(db, (tx) => releaseHold(tx, { id: 'r', hold_id: 'h', what: 'x', at })),
    ).rejects.toMatchObject({
      code: 'wrong_state',
    });
  });

  test('a post of nothing releases the hold', async () => {
    const { db } = await funded(open, 100n);
    await transaction(db, (tx) =>
      hold(tx, { id: 'h', debit: ada, credit: bob, asset: 'usd', amount: 80n, what: 'x', at }),
    );
    expect(await transaction(db, (tx) => postHold(tx, { id: 'p', hold_id: 'h', amount: 0n, what: 'x', at }))).toBe(
      'recorded',
    );
    expect(await balances(db, ada)).toEqual({ posted: 100n, held: 0n });
  });

  test('a hold or an account that does not exist is said to be unknown', async () => {
    const { db } = await open();
    await expect(
      transaction(db, (tx) => releaseHold(tx, { id: 'r', hold_id: 'none', what: 'x', at })),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
    const move = { id: 't', debit: ada, credit: bob, asset: 'usd' as const, amount: 1n, what: 'x', at };
    await expect(transaction(db, (tx) => transfer(tx, move))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an account is opened once, and stays as it is when opened again', async () => {
    const { db } = await funded(open, 100n);
    await transaction(db, (tx) => openUserAccounts(tx, 'ada', new Date(0)));
    expect(await balances(db, ada)).toEqual({ posted: 100n, held: 0n });
    expect(await transaction(db, (tx) => openAccount(tx, { kind: 'spending', owner_id: 'ada', at }))).toBe(ada);
  });

  test('the same grant twice grants once; the same id for another amount is refused (7)', async () => {
    const { db } = await funded(open, 100n);
    const grant = { id: 'grant', user_id: 'ada', what: 'test credit', at };
    expect(await transaction(db, (tx) => grantCredit(tx, { ...grant, amount: 5n }))).toBe('recorded');
    expect(await transaction(db, (tx) => grantCredit(tx, { ...grant, amount: 5n, at: new Date(0) }))).toBe('exists');
    await expect(transaction(db, (tx) => grantCredit(tx, { ...grant, amount: 6n }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(await balances(db, ada)).toEqual({ posted: 105n, held: 0n });
  });

  async function funded(openOne: typeof open, amount: bigint) {
    const database = await openOne();
    await transaction(database.db, async (tx) => {
      for (const user of ['ada', 'bob']) await openUserAccounts(tx, user, at);
      await grantCredit(tx, { id: 'g', user_id: 'ada', amount, what: 'x', at });
    });
    return database;
  }
});

const owners = ['ada', 'bob', 'eve'];
const accountNames = ['credit', 'credit-token', ...owners, 'ada-token', 'bob-token'];
const id = fc.integer({ min: 0, max: 15 }).map((n) => `t${n}`);
const holdId = fc.integer({ min: 0, max: 3 }).map((n) => `h${n}`);
const amount = fc.oneof(
  { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 100n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 52n, max: 2n ** 54n }) },
);
const account = fc.constantFrom(...accountNames);
const assetOf = (name: string): Asset => (name.endsWith('token') ? 'token' : 'usd');
const what = fc.constant('x');
const move = fc
  .record({ id, debit: account, credit: account, amount, what })
  .map((rest) => ({ ...rest, asset: assetOf(rest.debit) }));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ id, credit: fc.constantFrom(...owners), amount, what })
    .map((rest) => ({ ...rest, kind: 'transfer' as const, debit: 'credit', asset: 'usd' as const })),
  move.map((rest) => ({ ...rest, kind: 'transfer' as const })),
  fc.tuple(holdId, move).map(([hold, rest]) => ({ ...rest, id: hold, kind: 'hold' as const })),
  fc.record({ id, hold_id: holdId, amount, what }).map((rest) => ({ ...rest, kind: 'post' as const })),
  fc.record({ id, hold_id: holdId, what }).map((rest) => ({ ...rest, kind: 'release' as const })),
);

/** Every round has accounts and ids of its own, in one database; only the source of credit is shared by none. */
function rename(one: Step, name: (id: string) => string): Step {
  if (one.kind === 'post' || one.kind === 'release') return { ...one, id: name(one.id), hold_id: name(one.hold_id) };
  return { ...one, id: name(one.id), debit: name(one.debit), credit: name(one.credit) };
}

async function openBook(db: Kysely<Tables>, name: (id: string) => string): Promise<Book> {
  const accounts = accountNames.map((one): Account => {
    const kind = one.startsWith('credit') ? 'earnings' : 'spending';
    return { id: name(one), kind, asset: assetOf(one), posted: 0n, held: 0n };
  });
  // Every round starts from a source of its own with as much as the tests may ask for, granted out of the one credit account.
  const credit = await transaction(db, (tx) => openAccount(tx, { kind: 'credit', owner_id: null, at }));
  await db
    .insertInto('accounts')
    .values(
      accounts.map(({ id: accountName, kind, asset }) => ({
        id: accountName,
        kind,
        asset,
        owner_id: accountName,
        created_at: at,
      })),
    )
    .execute();
  const grant = {
    id: name('grant'),
    debit: credit,
    credit: name('credit'),
    asset: 'usd' as const,
    amount: 200n,
    what: 'x',
    at,
  };
  await transaction(db, (tx) => transfer(tx, grant));
  return readBook(
    db,
    accounts.map((one) => one.id),
  );
}

async function readBook(db: Kysely<Tables>, ids: string[]): Promise<Book> {
  const accounts = await db
    .selectFrom('accounts')
    .select(['id', 'kind', 'asset', 'posted', 'held'])
    .where('id', 'in', ids)
    .execute();
  const transfers = await db
    .selectFrom('transfers')
    .selectAll()
    .where('credit_account_id', 'in', ids)
    .orderBy('n')
    .execute();
  const entries = transfers.map(({ n: _n, created_at: _at, ...entry }) => entry);
  return {
    accounts: new Map(accounts.map((one) => [one.id, one])),
    transfers: new Map(entries.map((one) => [one.id, one])),
    resolutions: new Map(entries.flatMap((one) => (one.hold_id === null ? [] : [[one.hold_id, one]]))),
  };
}

function predict(book: Book, steps: Step[]): { book: Book; outcomes: string[] } | undefined {
  try {
    return steps.reduce(
      (before, one) => {
        const { book: after, entry } = applyStep(before.book, one);
        return { book: after, outcomes: [...before.outcomes, entry === undefined ? 'exists' : 'recorded'] };
      },
      { book, outcomes: [] as string[] },
    );
  } catch {
    return undefined;
  }
}

/** All but (8): there are no leases here. */
async function brokenInvariants(db: Kysely<Tables>): Promise<string[]> {
  const { problems } = await inspectLedger(db);
  return problems.map((problem) => problem.what).filter((text) => !text.startsWith('(8)'));
}

async function balances(db: Kysely<Tables>, accountName: string) {
  return db.selectFrom('accounts').select(['posted', 'held']).where('id', '=', accountName).executeTakeFirst();
}
