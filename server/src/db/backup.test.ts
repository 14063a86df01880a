import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { describeNeeding } from '../../../test/support/needs.ts';
import { forEachDatabase, openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { migrate, migration, readMigrations } from './migrate.ts';
import type { Engine } from './open.ts';
import { restore } from './restore.ts';

forEachDatabase('an archive', (open) => {
  test('restores every row of every table as it was, and what comes after continues its numbers', async () => {
    const source = await open();
    await fill(source);
    const target = await open({ empty: true });
    const counts = await restore(target, await source.backup());
    expect(counts).toMatchObject({ users: 1201, transfers: 2, api_keys: 1, events: 1, evidence: 1 });
    expect(await contentOf(target)).toEqual(await contentOf(source));
    await assertNumbersContinue(target);
    expect(await migrate(target)).toEqual([]);
  });

  test('is one snapshot, and does not wait for its reader', async () => {
    const source = await open();
    await fill(source);
    const archive = await source.backup();
    await source.db
      .insertInto('users')
      .values({ id: 'usr_late', name: 'late', created_at: new Date(0) })
      .execute();
    const target = await open({ empty: true });
    expect(await restore(target, archive)).toMatchObject({ users: 1201 });
  });

  test('of an older schema is brought forward by the migrations after it', async () => {
    const source = await open();
    const target = await open({ empty: true });
    const later = migration('9001_later', 'alter table users add column nickname text');
    const all = [...(await readMigrations()), later];
    await restore(target, await source.backup(), all);
    expect(await migrate(target, all)).toEqual(['9001_later']);
  });

  test('is restored into an empty database only', async () => {
    const source = await open();
    await expect(restore(await open(), await source.backup())).rejects.toMatchObject({ code: 'wrong_state' });
  });

  test('that was cut or changed at any place restores nothing', async () => {
    const source = await open();
    await fill(source, 3);
    const whole = await buffer(await source.backup());
    const text = gunzipSync(whole).toString();
    const lines = text.split('\n');
    const damages: Record<string, Buffer> = {
      'cut bytes': whole.subarray(0, whole.length - 40),
      'cut lines': gzipSync(lines.slice(0, -4).join('\n')),
      'a missing footer': gzipSync(lines.slice(0, -2).join('\n')),
      'a changed amount': gzipSync(text.replace('5000000', '6000000')),
      'a row too few': gzipSync(lines.toSpliced(3, 1).join('\n')),
      'a row too many': gzipSync(lines.toSpliced(-2, 0, lines.at(-3)!).join('\n')),
      'something else': gzipSync('hello\n'),
      'no gzip': Buffer.from('hello'),
      nothing: Buffer.alloc(0),
    };
    const target = await open({ empty: true });
    for (const [damage, bytes] of Object.entries(damages)) {
      await expect(restore(target, Readable.from([bytes])), damage).rejects.toMatchObject({ code: 'invalid_request' });
    }
    await restore(target, Readable.from([whole]));
    expect(text).toContain('5000000');
  });

  test('whose source breaks restores nothing', async () => {
    const source = await open();
    const bytes = await buffer(await source.backup());
    const broken = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 100);
        throw new Error('the network went away');
      })(),
    );
    const target = await open({ empty: true });
    await expect(restore(target, broken)).rejects.toThrow('the network went away');
    await restore(target, Readable.from([bytes]));
  });
});

describeNeeding(['postgres'], 'an archive of one engine', () => {
  test.each([
    ['pglite', 'postgres'],
    ['postgres', 'pglite'],
  ] as const)('%s restores on %s, and is the same archive again', async (from, to) => {
    await using source = disposing(await openTestDatabase(from));
    await using target = disposing(await openTestDatabase(to, { empty: true }));
    await fill(source);
    const archive = await buffer(await source.backup());
    await restore(target, Readable.from([archive]));
    expect(gunzipSync(await buffer(await target.backup())).equals(gunzipSync(archive))).toBe(true);
    await assertNumbersContinue(target);
  });
});

function disposing(database: TestDatabase): TestDatabase & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}

/** Rows with what texts and numbers can get wrong: quotes, line ends, microseconds, numbers past 2^53, bytes, arrays, nulls. */
async function fill({ db }: Engine, users = 1200): Promise<void> {
  const at = new Date('2026-01-02T03:04:05.678Z');
  const names = Array.from({ length: users }, (_, n) => ({
    id: `usr_${n}`,
    name: `line\n"quoted" \\ \t ü 🦉 ${n}`,
    created_at: at,
  }));
  await db.insertInto('users').values(names).execute();
  await sql`insert into users (id, name, created_at) values ('usr_precise', '', '2026-01-02 03:04:05.678901+05')`.execute(
    db,
  );
  const key = {
    id: 'key_1',
    user_id: 'usr_0',
    name: 'k',
    secret_hash: new Uint8Array([0, 255, 10, 92]),
    session: false,
    created_at: at,
  };
  await db
    .insertInto('api_keys')
    .values({ ...key, scopes: ['a,b', '{"x"}', 'null', ''] })
    .execute();
  await db
    .insertInto('accounts')
    .values([
      { id: 'a', asset: 'usd', kind: 'credit', owner_id: null, posted: -5000000n, created_at: at },
      { id: 'b', asset: 'usd', kind: 'spending', owner_id: 'usr_0', posted: 5000000n, held: 1n, created_at: at },
    ])
    .execute();
  const entry = {
    debit_account_id: 'a',
    credit_account_id: 'b',
    asset: 'usd',
    what: '',
    debit_posted: -5000000n,
    credit_posted: 2n ** 62n,
    created_at: at,
  } as const;
  await db
    .insertInto('transfers')
    .values({ ...entry, id: 'z', kind: 'hold', amount: 5000000n })
    .execute();
  // Refers to a row of its own table that stands before it by number, and after it by name.
  await db
    .insertInto('transfers')
    .values({ ...entry, id: 'y', kind: 'post', amount: 5000000n, hold_id: 'z' })
    .execute();
  const statement = JSON.stringify({ text: 'a\nb', number: 12345678901234, nested: [null, { ключ: true }] });
  await db
    .insertInto('evidence')
    .values({ hash: 'h', kind: 'k', author: 'a', subject: 's', statement, created_at: at })
    .execute();
  await sql`select nextval('offers_version'), nextval('offers_version')`.execute(db);
  await db.insertInto('policies').values({ hash: 'p', body: '{}', created_at: at }).execute();
  await sql`insert into quotes values ('q', 'usr_0', '{}', 'h', 'p', '{}', 'open', ${at}, ${at})`.execute(db);
  await sql`insert into runs (id, user_id, quote_id, name, spec, policy_hash, state, retries_left, queue, max_price_micros_per_hour, budget_micros, order_hash, created_at, expires_at)
    values ('run_1', 'usr_0', 'q', 'r', '{}', 'p', 'queued', 0, false, 1, 1, 'o', ${at}, ${at})`.execute(db);
  await db.insertInto('events').values({ run_id: 'run_1', type: 't', message: 'm', data: '{}', at }).execute();
}

async function contentOf({ db }: Engine): Promise<unknown> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' order by 1`.execute(db);
  const content: Record<string, unknown> = {};
  for (const { name } of tables) {
    const { rows } = await sql`select t::text as row from ${sql.table(name)} t order by 1`.execute(db);
    content[name] = rows;
  }
  return content;
}

async function assertNumbersContinue({ db }: Engine): Promise<void> {
  const event = { run_id: 'run_1', type: 't', message: 'after', data: '{}', at: new Date(0) };
  expect(await db.insertInto('events').values(event).returning('id').executeTakeFirst()).toEqual({ id: 2n });
  const { rows } = await sql`select nextval('offers_version') as next`.execute(db);
  expect(rows).toEqual([{ next: 3n }]);
}
