import type { Kysely } from 'kysely';
import type { Tables } from '../db/rows.ts';

type Challenge = { nonce: string; subject: string; expires_at: Date };

/** Nonces that serve once. `purpose` keeps those of logins and of links apart. */
export type Challenges = {
  put(challenge: Challenge): Promise<void>;
  /** Deletes it and gives what it was, also when it has expired; undefined when there is none (any more). */
  take(nonce: string): Promise<Omit<Challenge, 'nonce'> | undefined>;
};

export function challengesFor(db: Kysely<Tables>, purpose: 'login' | 'link'): Challenges {
  return {
    put: async (challenge) => {
      await db
        .insertInto('challenges')
        .values({ ...challenge, purpose })
        .execute();
    },
    take: async (nonce) =>
      await db
        .deleteFrom('challenges')
        .where('nonce', '=', nonce)
        .where('purpose', '=', purpose)
        .returning(['subject', 'expires_at'])
        .executeTakeFirst(),
  };
}

export async function sweepChallenges(db: Kysely<Tables>, now: Date): Promise<void> {
  await db.deleteFrom('challenges').where('expires_at', '<', now).execute();
}
