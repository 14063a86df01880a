import type { Kysely } from 'kysely';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { User } from '@gpucoop/protocol/resources.ts';
import type { Row, Tables } from '../db/rows.ts';
import { newId } from '../ids.ts';
import type { Page, PageQuery } from '../rooms.ts';

type NewUser = { publicKey: string; name: string | null; isAdmin?: boolean; at: Date };

/** The user who has this public key; a new one when nobody has. Two who ask at once get the same. */
export async function ensureUser(db: Kysely<Tables>, wish: NewUser): Promise<{ id: string; isNew: boolean }> {
  const known = await userOfKey(db, wish.publicKey);
  if (known !== undefined) return { id: known, isNew: false };
  const id = newId('user');
  const inserted = await db.transaction().execute(async (tx) => {
    const name = wish.name ?? `user-${wish.publicKey.slice(0, 6)}`;
    await tx
      .insertInto('users')
      .values({ id, name, is_admin: wish.isAdmin ?? false, created_at: wish.at })
      .execute();
    const key = await tx
      .insertInto('user_keys')
      .values({ public_key: wish.publicKey, user_id: id, created_at: wish.at })
      .onConflict((conflict) => conflict.doNothing())
      .returning('user_id')
      .executeTakeFirst();
    if (key === undefined) await tx.deleteFrom('users').where('id', '=', id).execute();
    return key !== undefined;
  });
  if (inserted) return { id, isNew: true };
  return { id: (await userOfKey(db, wish.publicKey))!, isNew: false };
}

/** Whose public key this is. Orders are checked with it. */
export async function userOfKey(db: Kysely<Tables>, publicKey: string): Promise<string | undefined> {
  const row = await db.selectFrom('user_keys').select('user_id').where('public_key', '=', publicKey).executeTakeFirst();
  return row?.user_id;
}

export async function readUser(db: Kysely<Tables>, userId: string): Promise<User> {
  const row = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst();
  if (row === undefined) throw new CoopError('not_found', `There is no user ${userId}.`);
  return (await views(db, [row]))[0]!;
}

/** Oldest first, so that pages stay as they are while users arrive. */
export async function listUsers(db: Kysely<Tables>, query: PageQuery): Promise<Page<User>> {
  let select = db
    .selectFrom('users')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .limit(query.limit + 1);
  if (query.cursor !== null) {
    const { at, id } = readCursor(query.cursor);
    select = select.where(({ eb, refTuple, tuple }) => eb(refTuple('created_at', 'id'), '>', tuple(at, id)));
  }
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: await views(db, page),
    next_cursor: rows.length > page.length && last !== undefined ? writeCursor(last) : null,
  };
}

/** From now on the user may read and stop, and nothing else. What runs is the caller's to end. */
export async function suspendUser(db: Kysely<Tables>, userId: string, reason: string, at: Date): Promise<void> {
  await change(db, userId, { suspended_at: at, suspended_reason: reason });
}

export async function resumeUser(db: Kysely<Tables>, userId: string): Promise<void> {
  await change(db, userId, { suspended_at: null, suspended_reason: null });
}

export async function setAdmin(db: Kysely<Tables>, userId: string, isAdmin: boolean): Promise<void> {
  await change(db, userId, { is_admin: isAdmin });
}

async function change(db: Kysely<Tables>, userId: string, to: Partial<Row<'users'>>): Promise<void> {
  const row = await db.updateTable('users').set(to).where('id', '=', userId).returning('id').executeTakeFirst();
  if (row === undefined) throw new CoopError('not_found', `There is no user ${userId}.`);
}

async function views(db: Kysely<Tables>, rows: Row<'users'>[]): Promise<User[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const keys = await db.selectFrom('user_keys').selectAll().where('user_id', 'in', ids).orderBy('created_at').execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    public_keys: keys.filter((key) => key.user_id === row.id).map((key) => key.public_key),
    is_admin: row.is_admin,
    suspended: row.suspended_at !== null,
    created_at: row.created_at.toISOString(),
  }));
}

const writeCursor = (row: Row<'users'>) =>
  Buffer.from(`${row.created_at.toISOString()} ${row.id}`).toString('base64url');

function readCursor(cursor: string): { at: Date; id: string } {
  const [at = '', id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const date = new Date(at);
  if (id === undefined || Number.isNaN(date.getTime())) {
    throw new CoopError('invalid_request', 'The cursor is none of ours.', {
      at: 'cursor',
      hint: 'Start again without a cursor.',
    });
  }
  return { at: date, id };
}
