import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EnrolRequest, EnrolResponse } from '@gpucoop/protocol/agent-api.ts';
import { enrolMessage, verifySignature } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { Clock } from '../clock.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { newId } from '../ids.ts';
import { openUserAccounts } from '../ledger/ledger.ts';
import { writeOffers } from './offers.ts';
import { defaultTerms } from './supply.ts';

type Deps = { db: Kysely<Tables>; clock: Clock; local: boolean; serverName: string };

/** A token that lets one machine in, once. Shown now; only its hash is kept. */
export async function createJoinToken(
  deps: Deps,
  userId: string,
  wish: { name: string | null; ttl_s: number },
): Promise<{ token: string; expires_at: string }> {
  const now = deps.clock.now();
  const token = newId('joinToken');
  const expires = new Date(now.getTime() + wish.ttl_s * 1000);
  await deps.db
    .insertInto('join_tokens')
    .values({ token_hash: hashOf(token), user_id: userId, name: wish.name, created_at: now, expires_at: expires })
    .execute();
  return { token, expires_at: expires.toISOString() };
}

/**
 * Lets a machine in. The token is used up in the same transaction; the same key with the same token again (the answer was lost)
 * gets the same answer, another key does not.
 */
export async function enrol(deps: Deps, request: EnrolRequest): Promise<EnrolResponse> {
  if (!verifySignature(request.public_key, enrolMessage(request), request.signature)) {
    throw new CoopError('invalid_signature', 'The enrolment is not signed by its own key.');
  }
  if (request.facts.engine.isolation === 'none' && !deps.local) {
    throw new CoopError('forbidden', 'Plain processes are allowed on a local network only.', {
      hint: 'Install docker or podman on the machine, then enrol again.',
    });
  }
  const now = deps.clock.now();
  return transaction(deps.db, async (tx) => {
    const token = await tx
      .selectFrom('join_tokens')
      .selectAll()
      .where('token_hash', '=', hashOf(request.token))
      .forUpdate()
      .executeTakeFirst();
    if (token === undefined)
      throw new CoopError('token_expired', 'There is no such join token.', {
        hint: 'coop machine add makes a new one.',
      });
    if (token.used_at !== null) {
      const before = await tx
        .selectFrom('machines')
        .select(['id', 'public_key', 'terms'])
        .where('id', '=', token.machine_id)
        .executeTakeFirst();
      if (before?.public_key === request.public_key)
        return { machine_id: before.id, server_name: deps.serverName, terms: MachineTerms.parse(before.terms) };
      throw new CoopError('token_expired', 'The join token was used before.', {
        hint: 'coop machine add makes a new one.',
      });
    }
    if (token.expires_at <= now)
      throw new CoopError('token_expired', 'The join token has expired.', {
        hint: 'coop machine add makes a new one.',
      });

    const id = newId('machine');
    const terms = defaultTerms(request.facts);
    await openUserAccounts(tx, token.user_id, now);
    const inserted = await tx
      .insertInto('machines')
      .values({
        id,
        provider_id: token.user_id,
        name: await freeName(tx, token.user_id, token.name ?? request.name),
        public_key: request.public_key,
        facts: JSON.stringify(request.facts),
        terms: JSON.stringify(terms),
        created_at: now,
      })
      .onConflict((conflict) => conflict.column('public_key').doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new CoopError('wrong_state', 'A machine with this key is enrolled already.');
    await writeOffers(tx, id, request.facts, terms);
    await tx
      .updateTable('join_tokens')
      .set({ used_at: now, machine_id: id })
      .where('token_hash', '=', token.token_hash)
      .execute();
    return { machine_id: id, server_name: deps.serverName, terms };
  });
}

/** `name`, or `name-2`, `name-3` …: a provider tells his machines apart by name. */
async function freeName(tx: Kysely<Tables>, userId: string, wish: string): Promise<string> {
  const base = wish.trim() === '' ? 'machine' : wish.trim();
  const taken = new Set(
    (
      await tx
        .selectFrom('machines')
        .select('name')
        .where('provider_id', '=', userId)
        .where('listing', '<>', 'removed')
        .execute()
    ).map((row) => row.name),
  );
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
