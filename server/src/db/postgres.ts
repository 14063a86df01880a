import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { listenOn } from './listen.ts';
import type { Engine } from './open.ts';
import type { Tables } from './rows.ts';

const INT8 = 20;

/** A lock is held for milliseconds; whoever waits this long waits for something broken, and should say so. */
const LOCK_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** A PostgreSQL server, through one pool. */
export async function openPostgres(location: { url: string; connections?: number }): Promise<Engine> {
  const connection = { connectionString: location.url, types: ourTypes(), application_name: 'coop', keepAlive: true };
  const pool = new pg.Pool({
    ...connection,
    max: location.connections ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    // A process that stops in the middle of a transaction must not keep rows locked for the others.
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const listener = listenOn(() => new pg.Client(connection));
  await sql`select 1`.execute(db).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  return {
    db,
    engine: 'postgres',
    listen: (channel, handler) => listener.listen(channel, handler),
    async notify(channel, payload, within = db) {
      await sql`select pg_notify(${channel}, ${payload})`.execute(within);
    },
    async exclusive(work, mode = 'write') {
      const client = new pg.Client(connection);
      await client.connect();
      try {
        await client.query(mode === 'snapshot' ? 'begin isolation level repeatable read read only' : 'begin');
        const result = await work({
          script: async (text) => void (await client.query(text)),
          rows: async <Row>(text: string, parameters: unknown[] = []) =>
            (await client.query(text, parameters)).rows as Row[],
        });
        await client.query('commit');
        return result;
      } finally {
        await client.end(); // also rolls back what was not committed
      }
    },
    async close() {
      await listener.close();
      await db.destroy();
    },
  };
}

/** The same JavaScript types as the embedded engine gives: pg's own parser makes a string of int8. */
function ourTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, BigInt);
  return types;
}
