import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Tables } from './rows.ts';

const MEASURE_EVERY_MS = 30_000;
const ASKED_AT_ONCE = 5;

/**
 * The clock of the database, kept between looks by this process's monotonic clock. Servers that share a database compare each
 * other's instants (who was heard when, until when a row is locked), so all of them tell the time by the one clock they share,
 * whatever their own say. Still no statement asks for the time: rules take it as an argument.
 */
export async function databaseClock(db: Kysely<Tables>, log: Logger): Promise<{ clock: Clock; stop(): Promise<void> }> {
  let { aheadMs } = await measure(db);
  let measuring = Promise.resolve();
  const timer = setInterval(() => {
    measuring = measure(db).then(
      (found) => {
        const offMs = found.aheadMs - aheadMs;
        if (Math.abs(offMs) <= found.uncertainMs) return; // within what cannot be told apart, it does not jump
        if (Math.abs(offMs) > 1000) log.warn({ off_ms: Math.round(offMs) }, 'the clock of the database was put right');
        aheadMs = found.aheadMs;
      },
      (error: unknown) => log.debug({ err: error }, 'the clock of the database could not be read'),
    );
  }, MEASURE_EVERY_MS);
  return {
    clock: { now: () => new Date(aheadMs + performance.now()) },
    async stop() {
      clearInterval(timer);
      await measuring;
    },
  };
}

/** The database's clock less our monotonic one, by the quickest of a few answers: it was read somewhere between asking and hearing. */
async function measure(db: Kysely<Tables>): Promise<{ aheadMs: number; uncertainMs: number }> {
  const answers: { aheadMs: number; uncertainMs: number }[] = [];
  for (let n = 0; n < ASKED_AT_ONCE; n++) {
    const askedAt = performance.now();
    const { rows } = await sql<{ ms: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(db);
    const uncertainMs = (performance.now() - askedAt) / 2;
    answers.push({ aheadMs: (rows[0]?.ms ?? 0) - askedAt - uncertainMs, uncertainMs });
  }
  return answers.reduce((best, answer) => (answer.uncertainMs < best.uncertainMs ? answer : best));
}
