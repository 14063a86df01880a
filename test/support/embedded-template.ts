import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, readMigrations, type Migration } from '@gpucoop/server/db/migrate.ts';
import { createPglite, pgliteEngine } from '@gpucoop/server/db/pglite.ts';

const directory = join(import.meta.dirname, '../../node_modules/.cache/coop');

/**
 * The dump of a PGlite database with the present schema, or without any table: loading one takes a tenth of the time that making it
 * does. It is kept on the disk for all test files until the migrations or PGlite change. Whoever finds none makes one; when several
 * do at once, each writes a whole file under the same name, and the last one stays.
 */
export async function embeddedTemplate({ empty }: { empty: boolean }): Promise<Blob> {
  const migrations = empty ? [] : await readMigrations();
  const kind = empty ? 'empty-' : 'migrated-';
  const path = join(directory, `${kind}${await keyOf(migrations)}.tar`);
  const kept = await readFile(path).catch(() => undefined);
  if (kept !== undefined) return new Blob([kept]);
  const dump = await make(migrations);
  await keep(path, kind, dump);
  return dump;
}

async function make(migrations: Migration[]): Promise<Blob> {
  const pglite = await createPglite();
  await migrate(pgliteEngine(pglite), migrations);
  if (migrations.length === 0) await pglite.exec('drop table schema_migrations');
  const dump = await pglite.dumpDataDir('none');
  await pglite.close();
  return dump;
}

async function keep(path: string, kind: string, dump: Blob): Promise<void> {
  await mkdir(directory, { recursive: true });
  const older = (await readdir(directory)).filter((name) => name.startsWith(kind) && name.endsWith('.tar'));
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, Buffer.from(await dump.arrayBuffer()));
  await rename(temporary, path);
  for (const name of older) if (join(directory, name) !== path) await rm(join(directory, name), { force: true });
}

async function keyOf(migrations: Migration[]): Promise<string> {
  const pglite = await readFile(
    join(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))), '../package.json'),
    'utf8',
  );
  const { version } = JSON.parse(pglite) as { version: string };
  const hash = createHash('sha256').update(version);
  for (const { name, hash: content } of migrations) hash.update(`\n${name} ${content}`);
  return hash.digest('hex').slice(0, 16);
}
