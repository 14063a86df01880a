import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { forEachDatabase } from '../../../test/support/database.ts';
import { transaction } from './transaction.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

forEachDatabase('the database', (open) => {
  test('gives the same JavaScript types for the same columns', async () => {
    const { db } = await open();
    const { rows } = await sql<Record<string, unknown>>`
      select 9007199254740993::bigint as int8, 7::bigint as small_int8, ${at}::timestamptz as time, ${'{"a":[1,null]}'}::jsonb as json,
        ${['a', 'b"c', '']}::text[] as texts, count(*) as count, 1.5::double precision as float8, 3::int as int4, null::bigint as nothing`.execute(
      db,
    );
    expect(rows[0]).toEqual({
      int8: 9007199254740993n,
      small_int8: 7n,
      time: at,
      json: { a: [1, null] },
      texts: ['a', 'b"c', ''],
      count: 1n,
      float8: 1.5,
      int4: 3,
      nothing: null,
    });
    const bytes = await sql<{ bytes: Uint8Array }>`select ${new Uint8Array([0, 1, 255])}::bytea as bytes`.execute(db);
    expect(bytes.rows[0]?.bytes).toBeInstanceOf(Uint8Array);
    expect([...bytes.rows[0]!.bytes]).toEqual([0, 1, 255]);
  });

  test('a notification reaches who listens, and not who has stopped listening', async () => {
    const database = await open();
    const heard: string[] = [];
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const unlisten = await database.listen('wake', (payload) => (heard.push(payload), first.resolve()));
    await database.notify('wake', 'one');
    await first.promise;
    await unlisten();
    await database.listen('wake', () => second.resolve());
    await database.notify('wake', 'two');
    await second.promise;
    expect(heard).toEqual(['one']);
    await expect(database.listen('Wake', () => {})).rejects.toThrow('is no channel');
  });

  test('a notification inside a transaction is sent when it commits, and never when it does not', async () => {
    const database = await open();
    const heard: string[] = [];
    const arrived = Promise.withResolvers<void>();
    await database.listen('wake', (payload) => {
      heard.push(payload);
      if (payload === 'committed') arrived.resolve();
    });
    const failed = transaction(database.db, async (tx) => {
      await database.notify('wake', 'rolled back', tx);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await transaction(database.db, (tx) => database.notify('wake', 'committed', tx));
    await arrived.promise;
    expect(heard).toEqual(['committed']);
  });

  test('a transaction that throws leaves nothing behind', async () => {
    const { db } = await open();
    const attempt = transaction(db, async (tx) => {
      await tx.insertInto('users').values({ id: 'usr_1', name: 'ada', created_at: at }).execute();
      throw new Error('stop');
    });
    await expect(attempt).rejects.toThrow('stop');
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([]);
  });

  test('recorded money and evidence cannot be changed or removed', async () => {
    const { db } = await open();
    await expect(sql`update transfers set amount = 0`.execute(db)).rejects.toThrow('append-only');
    await expect(sql`delete from evidence`.execute(db)).rejects.toThrow('append-only');
    await expect(sql`truncate transfers cascade`.execute(db)).rejects.toThrow('append-only');
  });
});
