import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { NewKey } from '@gpucoop/protocol/api.ts';
import { encodeBase32 } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { keyScopes, type ApiKey, type KeyScope } from '@gpucoop/protocol/resources.ts';
import type { Row, Tables } from '../db/rows.ts';
import { newId } from '../ids.ts';
import type { Caller } from '../rooms.ts';

/**
 * Bearer keys: `coop_<key id>_<secret>`. The id finds the row, and only the SHA-256 of the secret is kept: 256 random bits need
 * no slow hash. A session key comes from a login and holds whatever its user may do; a named key holds its scopes.
 */

export type Bearer = {
  caller: Caller;
  session: boolean;
  expiresAt: Date | null;
  /** The administrator's reason; null: not suspended. */
  suspended: string | null;
};

type Wish = { userId: string; name: string; scopes: KeyScope[]; session: boolean; expiresAt: Date | null; at: Date };

const SECRET_BYTES = 32;
const SHAPE = /^coop_(key_[0-9a-z]{26})_([0-9a-z]{52})$/;
const USED_EVERY_MS = 60_000;

export async function createKey(db: Kysely<Tables>, wish: Wish): Promise<NewKey> {
  const id = newId('key');
  const secret = encodeBase32(randomBytes(SECRET_BYTES));
  await db
    .insertInto('api_keys')
    .values({
      id,
      user_id: wish.userId,
      name: wish.name,
      secret_hash: hashOf(secret),
      scopes: wish.scopes,
      session: wish.session,
      created_at: wish.at,
      expires_at: wish.expiresAt,
    })
    .execute();
  return { id, secret: `coop_${id}_${secret}`, expires_at: wish.expiresAt?.toISOString() ?? null };
}

/** Who sends this bearer key. Throws `unauthenticated` and says what is wrong with it. */
export async function authenticate(db: Kysely<Tables>, bearer: string, now: Date): Promise<Bearer> {
  const [, keyId, secret] = SHAPE.exec(bearer) ?? [];
  if (keyId === undefined || secret === undefined) throw refused('This is no key of a Coop network.');
  const row = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select(['users.is_admin', 'users.suspended_at', 'users.suspended_reason'])
    .where('api_keys.id', '=', keyId)
    .executeTakeFirst();
  if (row === undefined || !timingSafeEqual(hashOf(secret), row.secret_hash))
    throw refused('The key is not known here.');
  if (row.revoked_at !== null) throw refused('The key was revoked.');
  if (row.expires_at !== null && row.expires_at <= now) throw refused('The key has expired.');
  await noteUse(db, row, now);
  return {
    caller: { userId: row.user_id, isAdmin: row.is_admin, keyId, scopes: scopesOf(row) },
    session: row.session,
    expiresAt: row.expires_at,
    suspended: row.suspended_at === null ? null : (row.suspended_reason ?? 'No reason was given.'),
  };
}

/** Of keys that still work; sessions too, so that a user sees who is logged in. */
export async function listKeys(db: Kysely<Tables>, userId: string, now: Date): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select('users.is_admin')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('api_keys.created_at')
    .orderBy('api_keys.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    scopes: [...scopesOf(row)],
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }));
}

/** Works at once: no server keeps keys in memory. Doing it twice is doing it once. */
export async function revokeKey(db: Kysely<Tables>, userId: string, keyId: string, at: Date): Promise<void> {
  const row = await db
    .updateTable('api_keys')
    .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(at)) }))
    .where('id', '=', keyId)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) throw new CoopError('not_found', `You have no key ${keyId}.`);
}

type KeyRow = Row<'api_keys'> & { is_admin: boolean };

/** Who is no administrator any more has no key that says so. */
function scopesOf(row: KeyRow): ReadonlySet<KeyScope> {
  const held = row.session ? keyScopes : keyScopes.filter((scope) => row.scopes.includes(scope));
  return new Set(held.filter((scope) => scope !== 'admin' || row.is_admin));
}

/** At most one write a minute and key, whatever the number of requests. */
async function noteUse(db: Kysely<Tables>, row: KeyRow, now: Date): Promise<void> {
  if (row.last_used_at !== null && now.getTime() - row.last_used_at.getTime() < USED_EVERY_MS) return;
  await db.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', row.id).execute();
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

function refused(what: string): CoopError {
  return new CoopError('unauthenticated', what, { hint: 'Log in again: `coop login`, or POST /v1/auth/challenge.' });
}
