import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { lockDirectory } from './directory-lock.ts';
import { assertChannel } from './listen.ts';
import type { Engine } from './open.ts';
import type { Tables } from './rows.ts';

const INT8 = 20;

/** PostgreSQL inside this process: one session, so transactions run one after the other. */
export async function openPglite(location: { dir: string } | { memory: true; from?: Blob }): Promise<Engine> {
  const unlock = 'dir' in location ? await lockDirectory(location.dir) : async () => {};
  try {
    const pglite = await createPglite(
      'dir' in location
        ? { dataDir: await dataDirectory(location.dir) }
        : location.from && { loadDataDir: location.from },
    );
    return pgliteEngine(pglite, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

export function pgliteEngine(pglite: PGlite, unlock: () => Promise<void> = async () => {}): Engine {
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  return {
    db,
    engine: 'pglite',
    async listen(channel, handler) {
      assertChannel(channel);
      const unlisten = await pglite.listen(channel, handler);
      return () => unlisten();
    },
    async notify(channel, payload, within = db) {
      await sql`select pg_notify(${channel}, ${payload})`.execute(within);
    },
    // A single session sees one snapshot and locks out everybody else, whatever the mode.
    exclusive: (work) =>
      pglite.transaction((tx) =>
        work({
          script: async (text) => void (await tx.exec(text)),
          rows: async <Row>(text: string, parameters: unknown[] = []) => (await tx.query<Row>(text, parameters)).rows,
        }),
      ),
    async close() {
      await db.destroy();
      await unlock();
    },
  };
}

/** int8 is a bigint, as with the served engine: PGlite's own parser makes a number of a small one. */
export function createPglite(options: PGliteOptions = {}): Promise<PGlite> {
  return PGlite.create({ ...options, parsers: { [INT8]: BigInt } });
}

async function dataDirectory(dir: string): Promise<string> {
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  return data;
}
