import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Clock } from '../clock.ts';
import type { Row, Tables } from '../db/rows.ts';
import { openSealed, seal } from './seal.ts';

/**
 * The same request under the same key has its effect once and the same answer each time, for a day. Only answers of success are
 * kept: after an error nothing was made, so the same request is simply carried out again.
 */
export type Idempotency = {
  claim(request: KeyedRequest): Promise<Claim>;
  /** Forgets answers older than a day. To be called now and then. */
  sweep(): Promise<void>;
};

export type KeyedRequest = {
  userId: string;
  key: string;
  /** All that makes it this request: method, path, query, body. Kept as a keyed hash: bodies may hold secrets. */
  content: (string | Uint8Array)[];
  /** The answer holds a secret: it is kept encrypted. */
  sealed: boolean;
};
export type Answer = { status: number; body: unknown };
export type Claim =
  | { kind: 'answered'; answer: Answer }
  /** It is yours to carry out: then `keep` the answer, or `abandon` when there was none to keep. */
  | { kind: 'execute'; keep(answer: Answer): Promise<void>; abandon(): Promise<void> };

export type IdempotencyOptions = {
  db: Kysely<Tables>;
  clock: Clock;
  /** 32 bytes of the server, the same on all servers of a network and not in the database. */
  secret: Uint8Array;
  /** How long others wait for the one that carries it out, before they get `in_progress`. */
  waitMs?: number;
  /** A claim this old without an answer is of a server that died: it may be taken over. What is carried out twice then is
   * idempotent itself where it matters (an order by its statement, a grant by its id). */
  takeOverMs?: number;
};

const KEEP_MS = 86_400_000;
const POLL_MS = 40;

export function createIdempotency(options: IdempotencyOptions): Idempotency {
  const { db, clock, secret, waitMs = 10_000, takeOverMs = 60_000 } = options;

  const claim = async (request: KeyedRequest): Promise<Claim> => {
    const requestHash = hashOf(request, secret);
    const giveUpAt = performance.now() + waitMs;
    for (;;) {
      const now = clock.now();
      if (await insert(db, request, requestHash, now)) return execute(request, now);
      const row = await read(db, request);
      if (row === undefined) continue; // abandoned in between: try to be the next
      if (row.request_hash !== requestHash) throw reused();
      if (row.status !== null) return { kind: 'answered', answer: { status: row.status, body: unpack(row, request) } };
      if (now.getTime() - row.created_at.getTime() > takeOverMs) {
        if (await takeOver(db, row, now)) return execute(request, now);
      } else if (performance.now() > giveUpAt) {
        throw new CoopError('in_progress', 'The same request is still being carried out.', {
          hint: 'Send it again with the same Idempotency-Key.',
          details: { retry_after_s: 5 },
        });
      }
      await delay(POLL_MS);
    }
  };

  /** `claimedAt` is the fence: whoever took the claim over has changed it, and a late answer then changes nothing. */
  const execute = (request: KeyedRequest, claimedAt: Date): Claim => ({
    kind: 'execute',
    keep: async ({ status, body }) => {
      const packed = request.sealed ? { sealed: seal(JSON.stringify(body), nameOf(request), secret) } : body;
      await db
        .updateTable('idempotency')
        .set({ status, body: JSON.stringify(packed) })
        .where('user_id', '=', request.userId)
        .where('key', '=', request.key)
        .where('created_at', '=', claimedAt)
        .execute();
    },
    abandon: async () => {
      await db
        .deleteFrom('idempotency')
        .where('user_id', '=', request.userId)
        .where('key', '=', request.key)
        .where('created_at', '=', claimedAt)
        .where('status', 'is', null)
        .execute();
    },
  });

  const unpack = (row: Row<'idempotency'>, request: KeyedRequest): unknown =>
    request.sealed
      ? JSON.parse(openSealed((row.body as { sealed: string }).sealed, nameOf(request), secret))
      : row.body;

  return {
    claim,
    sweep: async () => {
      const oldest = new Date(clock.now().getTime() - KEEP_MS);
      await db.deleteFrom('idempotency').where('created_at', '<', oldest).execute();
    },
  };
}

async function insert(
  db: Kysely<Tables>,
  { userId, key }: KeyedRequest,
  requestHash: string,
  now: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('idempotency')
    .values({ user_id: userId, key, request_hash: requestHash, status: null, body: null, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

function read(db: Kysely<Tables>, { userId, key }: KeyedRequest): Promise<Row<'idempotency'> | undefined> {
  return db
    .selectFrom('idempotency')
    .selectAll()
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .executeTakeFirst();
}

async function takeOver(db: Kysely<Tables>, row: Row<'idempotency'>, now: Date): Promise<boolean> {
  const taken = await db
    .updateTable('idempotency')
    .set({ created_at: now })
    .where('user_id', '=', row.user_id)
    .where('key', '=', row.key)
    .where('created_at', '=', row.created_at)
    .where('status', 'is', null)
    .returning('key')
    .executeTakeFirst();
  return taken !== undefined;
}

function hashOf(request: KeyedRequest, secret: Uint8Array): string {
  const hmac = createHmac('sha256', secret).update('coop/idempotency/1');
  for (const part of request.content) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hmac.update(`\n${bytes.length}\n`).update(bytes);
  }
  return hmac.digest('hex');
}

const nameOf = (request: KeyedRequest): string => `${request.userId} ${request.key}`;

function reused(): CoopError {
  return new CoopError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    {
      hint: 'Use a fresh random key for each new request.',
    },
  );
}
