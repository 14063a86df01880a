import { afterAll, afterEach, describe } from 'vitest';
import { migrate } from '@gpucoop/server/db/migrate.ts';
import { createPglite, pgliteEngine } from '@gpucoop/server/db/pglite.ts';
import { openDatabase, type Database } from '@gpucoop/server/db/open.ts';
import { describeNeeding } from './needs.ts';
import { createDatabase, dropDatabase, startCluster, type Cluster } from './postgres-cluster.ts';

/** `url` is for a second process or pool; the embedded engine has none. `close` also removes the database. */
export type TestDatabase = Database & { url: string | null };

/** Runs the suite on each engine. `open` gives a fresh database with the present schema, closed and removed after its test. */
export function forEachDatabase(
  title: string,
  suite: (open: () => Promise<TestDatabase>, engine: Database['engine']) => void,
): void {
  describe(`${title} (PGlite)`, () => suite(closingAfterEach('pglite'), 'pglite'));
  describeNeeding(['postgres'], `${title} (PostgreSQL)`, () => suite(closingAfterEach('postgres'), 'postgres'));
}

/** A fresh database with the present schema. PostgreSQL is started with the first one and stopped at the end of the test file. */
export async function openTestDatabase(engine: Database['engine'], options: { connections?: number } = {}): Promise<TestDatabase> {
  return engine === 'pglite' ? openEmbedded() : openServed(options);
}

/** An empty PostgreSQL database, without any table. */
export async function createEmptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const cluster = await theCluster();
  const { name, url } = await createDatabase(cluster);
  return { url, drop: () => dropDatabase(cluster, name) };
}

let running: Promise<Cluster> | undefined;
let servedTemplate: Promise<string> | undefined;
let embeddedTemplate: Promise<Blob> | undefined;

// At the top level of the test file that imports this: one cluster a file, ended with it.
afterAll(async () => {
  if (running === undefined) return;
  const cluster = await running;
  if (servedTemplate !== undefined) await dropDatabase(cluster, await servedTemplate);
  await cluster.stop();
});

function closingAfterEach(engine: Database['engine']): () => Promise<TestDatabase> {
  const opened: TestDatabase[] = [];
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });
  return async () => {
    const database = await openTestDatabase(engine);
    opened.push(database);
    return database;
  };
}

async function openEmbedded(): Promise<TestDatabase> {
  embeddedTemplate ??= makeEmbeddedTemplate();
  return { ...(await openDatabase({ memory: true, from: await embeddedTemplate })), url: null };
}

async function openServed(options: { connections?: number }): Promise<TestDatabase> {
  const cluster = await theCluster();
  servedTemplate ??= makeServedTemplate(cluster);
  const { name, url } = await createDatabase(cluster, await servedTemplate);
  const database = await openDatabase({ url, ...options });
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

/** Loading a dump takes a tenth of the time that making a database does. */
async function makeEmbeddedTemplate(): Promise<Blob> {
  const pglite = await createPglite();
  await migrate(pgliteEngine(pglite));
  const dump = await pglite.dumpDataDir('none');
  await pglite.close();
  return dump;
}

async function makeServedTemplate(cluster: Cluster): Promise<string> {
  const { name, url } = await createDatabase(cluster);
  const database = await openDatabase({ url });
  await migrate(database);
  await database.close();
  return name;
}
