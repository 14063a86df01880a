import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { forEachDatabase } from '../../../test/support/database.ts';
import { migrate, migration, readMigrations } from './migrate.ts';
import type { Engine } from './open.ts';

const later = migration(
  '9001_later',
  'alter table users add column nickname text; create index users_nickname on users (nickname);',
);

forEachDatabase('migrations', (open) => {
  test('from every past schema lead to the same present one', async () => {
    const all = await readMigrations();
    const fresh = await open();
    const present = await schemaOf(fresh);
    for (let past = 0; past <= all.length; past += 1) {
      const database = await open({ empty: true });
      await migrate(database, all.slice(0, past));
      expect(await migrate(database, all)).toEqual(all.slice(past).map(({ name }) => name));
      expect(await schemaOf(database)).toEqual(present);
    }
  });

  test('keep the rows that are there, and run once', async () => {
    const database = await open();
    await database.db
      .insertInto('users')
      .values({ id: 'usr_1', name: 'ada', created_at: new Date(0) })
      .execute();
    const all = [...(await readMigrations()), later];
    expect(await migrate(database, all)).toEqual(['9001_later']);
    expect(await migrate(database, all)).toEqual([]);
    const { rows } = await sql`select name, nickname from users`.execute(database.db);
    expect(rows).toEqual([{ name: 'ada', nickname: null }]);
  });

  test('run once when several servers start at once', async () => {
    const database = await open({ empty: true });
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(database)));
    // Whichever server is the quickest applies one, and the next one may be another's.
    expect(applied.flat().toSorted()).toEqual((await readMigrations()).map(({ name }) => name));
  });

  test('that fail leave nothing of themselves behind', async () => {
    const database = await open();
    const broken = migration('9001_broken', 'create table half_done (id int); select no_such_function();');
    await expect(migrate(database, [...(await readMigrations()), broken])).rejects.toThrow('no_such_function');
    const { rows } = await sql`select to_regclass('half_done') as found`.execute(database.db);
    expect(rows).toEqual([{ found: null }]);
    expect(await migrate(database, [...(await readMigrations()), later])).toEqual(['9001_later']);
  });

  test('that were changed after they ran are refused', async () => {
    const database = await open();
    const [first, ...rest] = await readMigrations();
    const changed = migration(first!.name, `${first!.sql}\ncreate table more (id int);`);
    await expect(migrate(database, [changed, ...rest])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(first!.name),
    });
  });

  test('of a newer version are not run over', async () => {
    const database = await open();
    await migrate(database, [...(await readMigrations()), later]);
    await expect(migrate(database)).rejects.toThrow('9001_later, which this version of Coop does not know');
  });
});

async function schemaOf(database: Engine): Promise<unknown> {
  const { rows } = await sql`
    select table_name, column_name, data_type, is_nullable, column_default, is_identity from information_schema.columns
    where table_schema = 'public' union all
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype::text, null, null from pg_constraint
    where connamespace = 'public'::regnamespace union all
    select tablename, indexname, indexdef, null, null, null from pg_indexes where schemaname = 'public'
    order by 1, 2, 3`.execute(database.db);
  expect(rows.length).toBeGreaterThan(100);
  return rows;
}
