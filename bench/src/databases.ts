import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@gpucoop/server/db/open.ts';
import { createDatabase, dropDatabase, startCluster } from '../../test/support/postgres-cluster.ts';

/** A database on disk as a network has it, gone afterwards. */
export async function onPglite<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), 'coop-bench-'));
  const database = await openDatabase({ dir });
  try {
    return await work(database);
  } finally {
    await database.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A server of our own with its defaults, so that a commit waits for the disk. */
export async function onPostgres<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  const cluster = await startCluster({});
  try {
    const { name, url } = await createDatabase(cluster);
    const database = await openDatabase({ url });
    try {
      return await work(database);
    } finally {
      await database.close();
      await dropDatabase(cluster, name);
    }
  } finally {
    await cluster.stop();
  }
}
