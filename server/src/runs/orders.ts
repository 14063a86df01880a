import { sql } from 'kysely';
import { canonicalHash } from '@gpucoop/protocol/canonical.ts';
import { parseStatement, statementHash, type Signer, type Statement } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { QuotedOffer } from '@gpucoop/protocol/resources.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import { transaction } from '../db/transaction.ts';
import { keepStatement } from '../evidence/evidence.ts';
import { newId } from '../ids.ts';
import { openUserAccounts } from '../ledger/ledger.ts';
import type { PlaceOrder } from '../rooms.ts';
import { tell, type Bell } from './events.ts';
import { placeLease, type Slice } from './placement.ts';
import { sealSecrets } from './secrets.ts';
import type { Db, RunRow, Tx } from './store.ts';

export type OrderDeps = {
  db: Db;
  clock: Clock;
  policy: Policy;
  meterSigner: Signer;
  secretsKey: Uint8Array;
  bell: Bell;
};

/**
 * Places a signed order. The same statement again gives the same run, whenever it comes. With `queue` an order that finds every
 * option taken waits as a queued run; without, it throws `offer_taken`, and nothing is left behind.
 */
export async function placeOrder(
  deps: OrderDeps,
  userId: string,
  order: PlaceOrder,
): Promise<{ runId: string; leaseId: string | null }> {
  const statement = parseStatement('order', order.statement);
  if (statement === undefined) throw new CoopError('invalid_signature', 'The order is not a valid signed statement.');
  const hash = statementHash(statement);
  const placed = await transaction(deps.db, async (tx) => {
    // One order at a time per quote: the second of two at once finds the first one's run.
    const quote = await tx
      .selectFrom('quotes')
      .selectAll()
      .where('id', '=', statement.body.quote_id)
      .where('user_id', '=', userId)
      .forUpdate()
      .executeTakeFirst();
    const before = await tx
      .selectFrom('runs')
      .select('id')
      .where('order_hash', '=', hash)
      .where('user_id', '=', userId)
      .executeTakeFirst();
    if (before !== undefined) return { runId: before.id, leaseId: null };
    if (quote === undefined) throw new CoopError('not_found', `There is no quote ${statement.body.quote_id}.`);
    const now = deps.clock.now();
    const spec = Spec.parse(quote.spec);
    await requireOrderFits(tx, userId, statement, { ...quote, spec }, order, now);
    await tx.updateTable('quotes').set({ state: 'accepted' }).where('id', '=', quote.id).execute();
    await openUserAccounts(tx, userId, now);
    const run = await writeRun(tx, deps, userId, { statement, hash, spec, quoteId: quote.id, order, now });
    await keepStatement(tx, statement, run.id, now);
    const options = QuotedOffer.array().parse(quote.options).map(sliceOf);
    const affordable = options.filter((slice) => slice.price_micros_per_hour <= run.max_price_micros_per_hour);
    if (options.length > 0 && affordable.length === 0 && !order.queue) {
      throw new CoopError('price_changed', 'Every option of the quote costs more than the maximum price of the order.');
    }
    const leaseId = await placeFirst(tx, deps, run, affordable, now);
    if (leaseId === null && !order.queue) throw noneLeft(options.length);
    if (leaseId === null) {
      await requireRoomToWait(tx, userId);
      await tell(
        tx,
        {
          run_id: run.id,
          lease_id: null,
          type: 'run.queued',
          message: 'Waiting until something matches. Providers see the demand.',
        },
        now,
      );
    }
    return { runId: run.id, leaseId };
  });
  deps.bell.ring(placed.runId);
  return placed;
}

/** Tries the options in order; one that is taken leaves nothing behind. */
export async function placeFirst(
  tx: Tx,
  deps: OrderDeps,
  run: RunRow,
  slices: Slice[],
  now: Date,
): Promise<string | null> {
  for (const slice of slices) {
    // Going back also lets go of the machine that was looked at: who holds one and waits for the next would stand in others' way.
    await sql`savepoint slice`.execute(tx);
    try {
      const { leaseId } = await placeLease(tx, run, slice, { now, policy: deps.policy, meterSigner: deps.meterSigner });
      return leaseId;
    } catch (error) {
      if (!(error instanceof CoopError) || error.code !== 'offer_taken') throw error;
      await sql`rollback to savepoint slice`.execute(tx);
    }
  }
  return null;
}

const WAITING_MAX = 100;

/** Each run that waits is looked at again and again; what one user can have looked at has an end. */
async function requireRoomToWait(tx: Tx, userId: string): Promise<void> {
  const waiting = await tx
    .selectFrom('runs')
    .select('id')
    .where('user_id', '=', userId)
    .where('state', '=', 'queued')
    .limit(WAITING_MAX + 1)
    .execute();
  if (waiting.length <= WAITING_MAX) return;
  throw new CoopError('rate_limited', `${WAITING_MAX} of your runs wait already.`, {
    hint: 'Stop some of them, or order again when they have started.',
  });
}

type QuoteRow = { id: string; spec: Spec; spec_hash: string; policy_hash: string; state: string; expires_at: Date };

async function requireOrderFits(
  tx: Tx,
  userId: string,
  statement: Statement<'order'>,
  quote: QuoteRow,
  order: PlaceOrder,
  now: Date,
): Promise<void> {
  const { body } = statement;
  const signer = await tx
    .selectFrom('user_keys')
    .select('user_id')
    .where('public_key', '=', statement.author)
    .executeTakeFirst();
  if (signer?.user_id !== userId)
    throw new CoopError('invalid_signature', 'The order is signed by a key that is not yours.');
  if (quote.state === 'accepted')
    throw new CoopError('wrong_state', 'The quote was accepted before, by another order.');
  if (quote.expires_at <= now)
    throw new CoopError('quote_expired', 'The quote has expired.', { hint: 'Ask for a new one.' });
  if (body.spec_hash !== quote.spec_hash || body.spec_hash !== canonicalHash(quote.spec)) {
    throw new CoopError('invalid_signature', 'The order is for another spec than the quote.', { at: 'body.spec_hash' });
  }
  if (body.policy_hash !== quote.policy_hash)
    throw new CoopError('invalid_signature', 'The order is for another policy.', { at: 'body.policy_hash' });
  const missing = quote.spec.secret_names.filter((name) => !Object.hasOwn(order.secrets, name));
  if (missing.length > 0)
    throw new CoopError('invalid_request', `The order lacks the secrets ${missing.join(', ')}.`, { at: 'secrets' });
  const extra = Object.keys(order.secrets).filter((name) => !quote.spec.secret_names.includes(name));
  if (extra.length > 0)
    throw new CoopError('invalid_request', `The spec names no secrets ${extra.join(', ')}.`, { at: 'secrets' });
}

async function writeRun(
  tx: Tx,
  deps: OrderDeps,
  userId: string,
  accepted: { statement: Statement<'order'>; hash: string; spec: Spec; quoteId: string; order: PlaceOrder; now: Date },
): Promise<RunRow> {
  const { statement, spec, order, now } = accepted;
  const id = newId('run');
  const longest = Math.min(spec.max_duration_s, statement.body.max_duration_s);
  return tx
    .insertInto('runs')
    .values({
      id,
      user_id: userId,
      quote_id: accepted.quoteId,
      name: spec.name ?? `${spec.type}-${id.slice(-6)}`,
      spec: JSON.stringify({ ...spec, max_duration_s: longest }),
      policy_hash: statement.body.policy_hash,
      secrets: sealSecrets({ values: order.secrets, registry_auth: order.registry_auth }, id, deps.secretsKey),
      state: 'queued',
      retries_left: spec.retry === null ? 0 : 1,
      queue: order.queue,
      max_price_micros_per_hour: BigInt(statement.body.max_price_micros_per_hour),
      budget_micros: BigInt(statement.body.budget_micros),
      order_hash: accepted.hash,
      created_at: now,
      expires_at: new Date(now.getTime() + longest * 1000),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function sliceOf(option: QuotedOffer): Slice {
  return {
    offer_id: option.offer.id,
    machine_id: option.offer.machine_id,
    class: option.offer.class,
    units: option.units,
    cpus: option.cpus,
    memory_mib: option.memory_mib,
    disk_mib: option.disk_mib,
    isolation: option.offer.isolation,
    region: option.offer.region,
    price_micros_per_hour: BigInt(option.per_hour.micros),
  };
}

function noneLeft(options: number): CoopError {
  return options === 0
    ? new CoopError('no_match', 'No machine matches the spec.', { hint: 'Ask for a quote to see why, or use --wait.' })
    : new CoopError('offer_taken', 'All options of the quote were taken meanwhile.', {
        hint: 'Ask for a new quote, or use --wait.',
      });
}
