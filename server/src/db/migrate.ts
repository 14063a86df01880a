import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Engine, Session } from './open.ts';

export type Migration = { name: string; sql: string; hash: string };

/** Any number, as long as every server uses the same: two that start at once must not migrate at once. */
const ADVISORY_LOCK = 7_070_001;

/** Brings the database forward to the newest schema; safe to call by many servers at once. Answers the names it applied. */
export async function migrate(database: Engine, migrations?: Migration[]): Promise<string[]> {
  const known = migrations ?? (await readMigrations());
  const applied: string[] = [];
  for (;;) {
    const name = await database.exclusive((session) => applyNext(session, known));
    if (name === undefined) return applied;
    applied.push(name);
  }
}

/** The migrations in their order. The name of the last one is the schema's version. */
export async function readMigrations(): Promise<Migration[]> {
  const dir = join(import.meta.dirname, 'migrations');
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(names.map(async (name) => migration(name.slice(0, -4), await readFile(join(dir, name), 'utf8'))));
}

export function migration(name: string, sql: string): Migration {
  return { name, sql, hash: createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex') };
}

/** One migration, with its entry, in the caller's transaction. */
async function applyNext(session: Session, known: Migration[]): Promise<string | undefined> {
  await session.rows('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
  await createHistory(session);
  const done = await session.rows<{ name: string; hash: string }>(
    'select name, hash from schema_migrations order by n',
  );
  assertSameHistory(done, known);
  const next = known[done.length];
  if (next === undefined) return undefined;
  await apply(session, next, done.length + 1);
  return next.name;
}

export async function createHistory(session: Session): Promise<void> {
  await session.script(
    'create table if not exists schema_migrations (name text primary key, hash text not null, n int not null unique)',
  );
}

export async function apply(session: Session, next: Migration, n: number): Promise<void> {
  await session.script(next.sql);
  await session.rows('insert into schema_migrations (name, hash, n) values ($1, $2, $3)', [next.name, next.hash, n]);
}

/** What was applied, in its order, must be how the known migrations begin. */
export function assertSameHistory(done: { name: string; hash: string }[], known: Migration[]): void {
  done.forEach(({ name, hash }, index) => {
    const same = known[index];
    if (same?.name === name && same.hash === hash) return;
    if (same === undefined) {
      throw new CoopError(
        'unavailable',
        `The database has the migration ${name}, which this version of Coop does not know.`,
        {
          hint: 'Start the version of Coop that made it, or a newer one. Migrations only go forward.',
        },
      );
    }
    throw new CoopError(
      'unavailable',
      `The database was made with another ${name} than this version of Coop has (${same.name}).`,
      {
        hint: 'A migration that was applied is never changed. Use the matching version of Coop, or start over with an empty database.',
      },
    );
  });
}
