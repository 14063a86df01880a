import type { Kysely } from 'kysely';
import type { Tables } from '../db/rows.ts';

const KEEP_MS = 86_400_000;

/** Quotes that nobody accepted and join tokens that nobody used, a day after they expired. To be called now and then. */
export async function forgetExpired(db: Kysely<Tables>, now: Date): Promise<void> {
  const before = new Date(now.getTime() - KEEP_MS);
  await db.deleteFrom('quotes').where('state', '=', 'open').where('expires_at', '<', before).execute();
  await db.deleteFrom('join_tokens').where('used_at', 'is', null).where('expires_at', '<', before).execute();
}
