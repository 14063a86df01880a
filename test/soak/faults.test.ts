import { describe, test } from 'vitest';
import { openTestDatabase } from '../support/database.ts';
import { startDockerd } from '../support/dockerd.ts';
import { drill } from '../support/drill.ts';
import { describeNeeding } from '../support/needs.ts';

/** The long drills: a new seed each time, for COOP_SOAK_MINUTES (20). A seed that fails is printed; keep it in test/faults.test.ts. */
const minutes = Number(process.env['COOP_SOAK_MINUTES'] ?? 20);
const ROUNDS = 15;

async function drillOn(engine: 'docker' | 'process', database: 'pglite' | 'postgres'): Promise<void> {
  const giveUpAt = performance.now() + minutes * 60_000;
  while (performance.now() < giveUpAt) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`SEED=${seed} ${engine} ${database}\n`);
    if (database === 'pglite') {
      await drill({ seed, rounds: ROUNDS, engine });
      continue;
    }
    const { url, close } = await openTestDatabase('postgres');
    const dockerd = await startDockerd({ liveRestore: seed % 2 === 0 });
    try {
      await drill({ seed, rounds: ROUNDS, engine, dockerd, ...(url !== null && { databaseUrl: url }) });
    } finally {
      await dockerd.stop();
      await close();
    }
  }
}

const limit = minutes * 60_000 + 20 * 60_000;

describe('for a long time', () => {
  test('embedded database, plain processes', () => drillOn('process', 'pglite'), limit);
});
describeNeeding(['docker', 'postgres', 'root', 'iptables'], 'for a long time, as a network for others', () => {
  test('PostgreSQL, containers and their engine', () => drillOn('docker', 'postgres'), limit);
});
