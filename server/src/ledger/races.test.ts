import { sql, type Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { openTestDatabase } from '../../../test/support/database.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { inspectLedger } from './inspect.ts';
import { accountId, grantCredit, hold, openUserAccounts, postHold, record, releaseHold, transfer } from './ledger.ts';
import type { Step } from './rules.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
const CONNECTIONS = 16;
const users = ['ada', 'bob', 'cyd', 'dan'];

// PGlite is one session and cannot race: these are for the engine that can.
describeNeeding(['postgres'], 'on sixteen connections of PostgreSQL', () => {
  test('any mixture of steps, each sent twice, keeps the ledger right and never deadlocks (1 to 7)', async () => {
    await using raced = await openRace(100_000n);
    const { db } = raced;
    const random = seeded(42);
    const steps = Array.from({ length: 400 }, (_, n) => randomStep(random, n));
    const twice = [...steps, ...steps]
      .map((step) => ({ step, order: random(1_000_000) }))
      .toSorted((a, b) => a.order - b.order);
    const outcomes = await inParallel(twice, async ({ step }) => transaction(db, (tx) => record(tx, [step], at)));

    const unexpected = outcomes.filter((outcome) => outcome instanceof Error && !isRefusal(outcome));
    expect(unexpected).toEqual([]);
    const recorded = outcomes.filter((outcome) => Array.isArray(outcome) && outcome[0] === 'recorded').length;
    const { rows } = await sql<{ count: bigint }>`select count(*) from transfers where id like 's%'`.execute(db);
    expect(rows[0]!.count).toBe(BigInt(recorded));
    expect(recorded).toBeGreaterThan(100);
    await assertRight(db);
    expect(await deadlocks(db)).toBe(0n);
  });

  test('the same transfer sent sixteen times at once happens once', async () => {
    await using raced = await openRace(100n);
    const { db } = raced;
    const same = {
      id: 'same',
      debit: accountId('spending', 'ada'),
      credit: accountId('earnings', 'bob'),
      asset: 'usd' as const,
      amount: 60n,
      what: 'x',
      at,
    };
    const outcomes = await inParallel(Array.from({ length: 32 }), () => transaction(db, (tx) => transfer(tx, same)));
    expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(31);
    await assertRight(db);
  });

  test('one id used at once between accounts that have nothing in common is one transfer; the others are refused', async () => {
    await using raced = await openRace(100n);
    const { db } = raced;
    const outcomes = await inParallel(users, (user) =>
      transaction(db, (tx) =>
        transfer(tx, {
          id: 'same',
          debit: accountId('spending', user),
          credit: accountId('earnings', user),
          asset: 'usd',
          amount: 1n,
          what: 'x',
          at,
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(1);
    const refused = outcomes.filter((outcome) => outcome !== 'recorded');
    expect(refused.map((error) => (error as { code?: string }).code)).toEqual(
      users.slice(1).map(() => 'idempotency_key_reused'),
    );
    await assertRight(db);
  });

  test('a hold that is posted and released at once is resolved once', async () => {
    await using raced = await openRace(1000n);
    const { db } = raced;
    for (let round = 0; round < 10; round += 1) {
      const id = `h${round}`;
      const debit = accountId('spending', 'ada');
      const credit = accountId('earnings', 'bob');
      await transaction(db, (tx) => hold(tx, { id, debit, credit, asset: 'usd', amount: 10n, what: 'x', at }));
      const outcomes = await inParallel(
        Array.from({ length: 16 }, (_, n) => n),
        (n) =>
          transaction(db, (tx) =>
            n % 2 === 0
              ? postHold(tx, { id: `${id}-post-${n}`, hold_id: id, amount: 5n, what: 'x', at })
              : releaseHold(tx, { id: `${id}-release-${n}`, hold_id: id, what: 'x', at }),
          ),
      );
      expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(1);
    }
    await assertRight(db);
  });

  test('the last credit is spent once, however many ask for it', async () => {
    await using raced = await openRace(100n);
    const { db } = raced;
    const outcomes = await inParallel(
      Array.from({ length: 32 }, (_, n) => n),
      (n) =>
        transaction(db, (tx) =>
          hold(tx, {
            id: `h${n}`,
            debit: accountId('spending', 'ada'),
            credit: accountId('earnings', 'bob'),
            asset: 'usd',
            amount: 30n,
            what: 'x',
            at,
          }),
        ),
    );
    expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(3);
    expect(outcomes.filter((outcome) => (outcome as { code?: string }).code === 'insufficient_credit')).toHaveLength(
      29,
    );
    await assertRight(db);
  });

  test('an inspection while money moves sees one instant', async () => {
    await using raced = await openRace(10_000n);
    const { db } = raced;
    const random = seeded(7);
    const inspections = Array.from({ length: 5 }, () => 'inspect' as const);
    const steps = Array.from({ length: 150 }, (_, n) => randomStep(random, n));
    const outcomes = await inParallel([...steps.slice(0, 50), ...inspections, ...steps.slice(50)], async (one) =>
      one === 'inspect' ? inspectLedger(db) : transaction(db, (tx) => record(tx, [one], at)),
    );
    const seen = outcomes.filter((outcome) => 'problems' in (outcome as object));
    expect(seen).toHaveLength(5);
    for (const inspection of seen) {
      const { problems, assets } = inspection as Awaited<ReturnType<typeof inspectLedger>>;
      expect(problems.filter(({ what }) => !what.startsWith('(8)'))).toEqual([]);
      expect(assets).toMatchObject([{ asset: 'usd', sum_micros: 0 }]);
    }
  });
});

/** Refused by the rules, and not by the database. */
function isRefusal(error: Error): boolean {
  return error instanceof CoopError || error instanceof RangeError;
}

async function openRace(credit: bigint) {
  const database = await openTestDatabase('postgres', { connections: CONNECTIONS });
  await transaction(database.db, async (tx) => {
    for (const user of users) {
      await openUserAccounts(tx, user, at);
      await grantCredit(tx, { id: `grant-${user}`, user_id: user, amount: credit, what: 'x', at });
    }
  });
  return { db: database.db, [Symbol.asyncDispose]: () => database.close() };
}

/** Every account pays every other, so that the order in which rows are locked matters. */
function randomStep(random: (below: number) => number, n: number): Step {
  const accounts = users.flatMap((user) => [accountId('spending', user), accountId('earnings', user)]);
  const debit = accounts[random(accounts.length)]!;
  const credit = accounts.filter((account) => account !== debit)[random(accounts.length - 1)]!;
  const move = { id: `s${n}`, debit, credit, asset: 'usd' as const, amount: BigInt(random(3000)), what: 'x' };
  const resolve = { id: `s${n}`, hold_id: `s${random(n + 1)}`, what: 'x' };
  switch (random(4)) {
    case 0:
      return { ...move, kind: 'transfer' };
    case 1:
      return { ...resolve, kind: 'post', amount: BigInt(random(1000)) };
    case 2:
      return { ...resolve, kind: 'release' };
    default:
      return { ...move, kind: 'hold' };
  }
}

/** Everything that was answered, errors included. */
async function inParallel<Item, Result>(
  items: Item[],
  work: (item: Item) => Promise<Result>,
): Promise<(Result | Error)[]> {
  return Promise.all(items.map((item) => work(item).catch((error: unknown) => error as Error)));
}

async function assertRight(db: Kysely<Tables>): Promise<void> {
  const { problems, assets } = await inspectLedger(db);
  expect(problems.filter(({ what }) => !what.startsWith('(8)'))).toEqual([]);
  expect(assets).toMatchObject([{ asset: 'usd', sum_micros: 0 }]);
}

async function deadlocks(db: Kysely<Tables>): Promise<bigint> {
  const { rows } = await sql<{
    deadlocks: bigint;
  }>`select deadlocks from pg_stat_database where datname = current_database()`.execute(db);
  return rows[0]!.deadlocks;
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
