import { sql } from 'kysely';
import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { openTestDatabase } from '../../../test/support/database.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import { databaseClock } from './database-clock.ts';

describeNeeding(['postgres'], 'the clock of the database', () => {
  test('is told by a server whose own clock is wrong, between two looks of the database itself', async () => {
    const database = await openTestDatabase('postgres');
    const wrong = vi.spyOn(Date, 'now').mockReturnValue(0);
    try {
      const { clock, stop } = await databaseClock(database.db, pino({ level: 'silent' }));
      const look = async (): Promise<number> => {
        const { rows } = await sql<{ ms: number }>`
          select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(database.db);
        return rows[0]!.ms;
      };
      const before = await look();
      const told = clock.now().getTime();
      const after = await look();
      // It was read within a round trip, so it is off by half of one at most.
      const offMs = Math.max(0, before - told, told - after);
      expect(offMs).toBeLessThanOrEqual(1000);
      await stop();
    } finally {
      wrong.mockRestore();
      await database.close();
    }
  });
});
