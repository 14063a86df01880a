import { describe, test } from 'vitest';
import { openTestDatabase } from './support/database.ts';
import { startDockerd } from './support/dockerd.ts';
import { drill } from './support/drill.ts';
import { describeNeeding } from './support/needs.ts';

/** SEED=… repeats one drill; seeds that once failed stay in the lists. */
const given = process.env['SEED'];
const seeds = (kept: number[]): number[] => (given === undefined ? kept : [Number(given)]);

describe('programs killed with -9 at random instants', () => {
  test.each(seeds([1]))(
    'embedded database, plain processes, seed %i',
    (seed) => drill({ seed, rounds: 4, engine: 'process' }),
    300_000,
  );
});

describeNeeding(
  ['docker', 'postgres', 'root', 'iptables'],
  'programs killed with -9 at random instants, as a network for others runs them',
  () => {
    test.each(seeds([2]))(
      'PostgreSQL, containers and their engine, seed %i',
      async (seed) => {
        const database = await openTestDatabase('postgres');
        const dockerd = await startDockerd();
        try {
          await drill({
            seed,
            rounds: 5,
            engine: 'docker',
            dockerd,
            ...(database.url !== null && { databaseUrl: database.url }),
          });
        } finally {
          await dockerd.stop();
          await database.close();
        }
      },
      300_000,
    );
  },
);
