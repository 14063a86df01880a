import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './rows.ts';

/** PostgreSQL's codes for "nothing is wrong with it, run it again": serialization failure and deadlock. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

/**
 * Runs `work` in one transaction, and again from the start when the database gave it up for another one.
 * So `work` has no effect but through `tx`, and asks nothing of `db`: the embedded engine has one session, and such a query would
 * wait for ever for the transaction that waits for it.
 */
export async function transaction<Result>(
  db: Kysely<Tables>,
  work: (tx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === ATTEMPTS || !RETRYABLE.has(sqlState(error) ?? '')) throw error;
      await delay(2 ** attempt);
    }
  }
}

/** The five characters by which PostgreSQL names an error; undefined when it is not the database's. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
