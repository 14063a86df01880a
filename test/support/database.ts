import { afterAll, afterEach, describe } from 'vitest';
import { migrate } from '@gpucoop/server/db/migrate.ts';
import { openDatabase, type Database } from '@gpucoop/server/db/open.ts';
import { embeddedTemplate } from './embedded-template.ts';
import { describeNeeding } from './needs.ts';
import { createDatabase, dropDatabase, startCluster, type Cluster } from './postgres-cluster.ts';

/** `url` is for a second process or pool; the embedded engine has none. `close` also removes the database. */
export type TestDatabase = Database & { url: string | null };

type Options = {
  /** Without any table, to try migrations and archives on. */
  empty?: boolean;
  /** How many the pool may open; PostgreSQL only. */
  connections?: number;
};

/** Runs the suite on each engine. `open` gives a fresh database with the present schema, closed and removed after its test. */
export function forEachDatabase(
  title: string,
  suite: (open: (options?: Options) => Promise<TestDatabase>, engine: Database['engine']) => void,
): void {
  describe(`${title} (PGlite)`, () => suite(closingAfterEach('pglite'), 'pglite'));
  describeNeeding(['postgres'], `${title} (PostgreSQL)`, () => suite(closingAfterEach('postgres'), 'postgres'));
}

/** A fresh database with the present schema. PostgreSQL is started with the first one and stopped at the end of the test file. */
export async function openTestDatabase(engine: Database['engine'], options: Options = {}): Promise<TestDatabase> {
  return engine === 'pglite' ? openEmbedded(options) : openServed(options);
}

let running: Promise<Cluster> | undefined;
let servedTemplate: Promise<string> | undefined;
let migrated: Promise<Blob> | undefined;
let bare: Promise<Blob> | undefined;

// At the top level of the test file that imports this: one cluster a file, ended with it.
afterAll(async () => {
  if (running === undefined) return;
  const cluster = await running;
  if (servedTemplate !== undefined) await dropDatabase(cluster, await servedTemplate);
  await cluster.stop();
});

function closingAfterEach(engine: Database['engine']): (options?: Options) => Promise<TestDatabase> {
  const opened: TestDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  return async (options) => {
    const database = await openTestDatabase(engine, options);
    opened.push(database);
    return database;
  };
}

async function openEmbedded({ empty = false }: Options): Promise<TestDatabase> {
  const template = empty ? (bare ??= embeddedTemplate({ empty })) : (migrated ??= embeddedTemplate({ empty }));
  return { ...(await openDatabase({ memory: true, from: await template })), url: null };
}

async function openServed({ empty = false, connections }: Options): Promise<TestDatabase> {
  const cluster = await theCluster();
  const template = empty ? undefined : await (servedTemplate ??= makeServedTemplate(cluster));
  const { name, url } = await createDatabase(cluster, template);
  const database = await openDatabase({ url, ...(connections !== undefined && { connections }) });
  const close = async () => {
    await database.close();
    await dropDatabase(cluster, name);
  };
  return { ...database, url, close };
}

function theCluster(): Promise<Cluster> {
  running ??= startCluster();
  return running;
}

async function makeServedTemplate(cluster: Cluster): Promise<string> {
  const { name, url } = await createDatabase(cluster);
  const database = await openDatabase({ url });
  await migrate(database);
  await database.close();
  return name;
}
