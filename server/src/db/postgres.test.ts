import { sql, type Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../../../test/support/database.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import type { Tables } from './rows.ts';
import { transaction } from './transaction.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

describeNeeding(['postgres'], 'PostgreSQL', () => {
  test('two transactions that block each other both commit, since the one given up runs again', async () => {
    await using opened = await open();
    const { db } = opened;
    for (const id of ['a', 'b']) await db.insertInto('users').values({ id, name: '', created_at: at }).execute();
    const bothHold = barrier(2);
    let attempts = 0;
    const rename = (first: string, second: string) =>
      transaction(db, async (tx) => {
        attempts += 1;
        await append(tx, first);
        if (attempts <= 2) await bothHold();
        await append(tx, second);
      });
    await Promise.all([rename('a', 'b'), rename('b', 'a')]);
    expect(attempts).toBe(3);
    expect(await db.selectFrom('users').select('name').execute()).toEqual([{ name: 'xx' }, { name: 'xx' }]);
  });

  test('an error of another kind is not tried again', async () => {
    await using opened = await open();
    let attempts = 0;
    const failing = transaction(opened.db, async (tx) => {
      attempts += 1;
      await sql`select 1 / 0`.execute(tx);
    });
    await expect(failing).rejects.toThrow('division by zero');
    expect(attempts).toBe(1);
  });

  test('a listener hears again after its connection was broken', async () => {
    await using opened = await open();
    const heard: string[] = [];
    let wake = Promise.withResolvers<void>();
    await opened.listen('wake', (payload) => {
      heard.push(payload);
      wake.resolve();
    });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen%'`.execute(opened.db);
    await wake.promise; // called with nothing, since something may have been missed
    wake = Promise.withResolvers<void>();
    await opened.notify('wake', 'again');
    await wake.promise;
    expect(heard).toEqual(['', 'again']);
  });

  test('a pool outlives its connections', async () => {
    await using opened = await open();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(opened.db);
    await expect
      .poll(() =>
        sql`select 1`.execute(opened.db).then(
          () => 'works',
          () => 'broken',
        ),
      )
      .toBe('works');
  });

  test('a server that cannot be reached is an error at once, not at the first query', async () => {
    const { openDatabase } = await import('./open.ts');
    await expect(openDatabase({ url: 'postgresql://nobody@localhost/none?host=/nonexistent' })).rejects.toThrow(
      '/nonexistent',
    );
  });
});

async function open() {
  const database = await openTestDatabase('postgres');
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}

async function append(tx: Kysely<Tables>, id: string): Promise<void> {
  await sql`update users set name = name || 'x' where id = ${id}`.execute(tx);
}

/** Waits until it was called `count` times. */
function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived === count) resolve();
    return promise;
  };
}
