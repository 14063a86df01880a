import { sql, type Transaction } from 'kysely';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { sqlState } from '../db/transaction.ts';
import type { Tables } from '../db/rows.ts';
import {
  applyStep,
  type Account,
  type AccountKind,
  type Asset,
  type Book,
  type MoveStep,
  type PostStep,
  type ReleaseStep,
  type Step,
  type Transfer,
} from './rules.ts';

export type Tx = Transaction<Tables>;
/** `exists`: the very same was recorded before, and nothing was done now. */
export type Outcome = 'recorded' | 'exists';
type At = { at: Date };

/** Moves `amount` from one account to another. */
export async function transfer(tx: Tx, { at, ...step }: MoveStep & At): Promise<Outcome> {
  return only(await record(tx, [{ ...step, kind: 'transfer' }], at));
}

/** Sets `amount` of the debit account aside for the credit account, until it is posted or released. */
export async function hold(tx: Tx, { at, ...step }: MoveStep & At): Promise<Outcome> {
  return only(await record(tx, [{ ...step, kind: 'hold' }], at));
}

/** Pays `amount` of a hold, which may be zero, and releases the rest. */
export async function postHold(tx: Tx, { at, ...step }: PostStep & At): Promise<Outcome> {
  return only(await record(tx, [{ ...step, kind: 'post' }], at));
}

/** Gives the whole of a hold back. */
export async function releaseHold(tx: Tx, { at, ...step }: ReleaseStep & At): Promise<Outcome> {
  return only(await record(tx, [{ ...step, kind: 'release' }], at));
}

/**
 * Takes all steps or none, in their order; throws before anything is written. Ids are the caller's: a step that was taken before
 * changes nothing, and one whose id has other content throws `idempotency_key_reused`.
 * `accounts` are those of the holds that are resolved, when the caller knows them, which saves a query.
 */
export async function record(tx: Tx, steps: Step[], at: Date, accounts: string[] = []): Promise<Outcome[]> {
  const ids = steps.map(({ id }) => id);
  const holdIds = steps.flatMap((step) => ('hold_id' in step ? [step.hold_id] : []));
  const named = steps.flatMap((step) => ('hold_id' in step ? [] : [step.debit, step.credit]));
  const ofHolds = holdIds.length > 0 && accounts.length === 0 ? await accountsOfHolds(tx, holdIds) : accounts;
  const locked = await lockAccounts(tx, [...named, ...ofHolds]);
  const recorded = await readTransfers(tx, ids, holdIds);
  let book: Book = {
    accounts: new Map(locked.map((account) => [account.id, account])),
    transfers: new Map(recorded.map((row) => [row.id, row])),
    resolutions: new Map(recorded.flatMap((row) => (row.hold_id === null ? [] : [[row.hold_id, row]]))),
  };
  const entries: Transfer[] = [];
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    const applied = applyStep(book, step);
    book = applied.book;
    if (applied.entry !== undefined) entries.push(applied.entry);
    outcomes.push(applied.entry === undefined ? 'exists' : 'recorded');
  }
  const changed = locked.map(({ id }) => book.accounts.get(id)!).filter((account) => !locked.includes(account));
  if (entries.length > 0) await write(tx, entries, changed, at);
  return outcomes;
}

/** Whose account of which kind: the id follows from it, so that nobody has to look it up. Credit belongs to nobody. */
export function accountId(kind: AccountKind, ownerId: string | null, asset: Asset = 'usd'): string {
  return ['acc', kind, asset, ...(ownerId === null ? [] : [ownerId])].join('_');
}

/** Opens an account, once. Answers its id. */
export async function openAccount(
  tx: Tx,
  { kind, owner_id, asset = 'usd', at }: { kind: AccountKind; owner_id: string | null; asset?: Asset } & At,
): Promise<string> {
  const [id] = await openAccounts(tx, [{ kind, owner_id, asset }], at);
  return id!;
}

/** In one statement, since each order asks for them. */
async function openAccounts(
  tx: Tx,
  wanted: { kind: AccountKind; owner_id: string | null; asset: Asset }[],
  at: Date,
): Promise<string[]> {
  const rows = wanted.map((account) => ({
    id: accountId(account.kind, account.owner_id, account.asset),
    ...account,
    created_at: at,
  }));
  await tx
    .insertInto('accounts')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return rows.map(({ id }) => id);
}

/** What everybody has who may rent, provide, or both: credit to spend, earnings, and the fees taken of them. */
export async function openUserAccounts(tx: Tx, userId: string, at: Date): Promise<void> {
  const kinds = ['spending', 'earnings', 'fees'] as const;
  await openAccounts(
    tx,
    kinds.map((kind) => ({ kind, owner_id: userId, asset: 'usd' })),
    at,
  );
}

/** Gives a user credit out of nothing, which the network then owes. The statement says who decided it, and why. */
export async function grantCredit(
  tx: Tx,
  grant: { id: string; user_id: string; amount: bigint; what: string; statement_hash?: string | null } & At,
): Promise<Outcome> {
  const { user_id, at, ...rest } = grant;
  const debit = await openAccount(tx, { kind: 'credit', owner_id: null, at });
  const credit = await openAccount(tx, { kind: 'spending', owner_id: user_id, at });
  return transfer(tx, { ...rest, debit, credit, asset: 'usd', at });
}

/** Whether this grant was made before. The same id for another amount or user is an error. */
export async function wasGranted(tx: Tx, grant: { id: string; user_id: string; amount: bigint }): Promise<boolean> {
  const [before] = await readTransfers(tx, [grant.id], []);
  if (before === undefined) return false;
  if (before.amount === grant.amount && before.credit_account_id === accountId('spending', grant.user_id)) return true;
  throw new CoopError(
    'idempotency_key_reused',
    `The grant ${grant.id} was made before, to another user or of another amount.`,
  );
}

/** Always in the order of their ids, so that two who need the same accounts never wait for each other. */
async function lockAccounts(tx: Tx, ids: string[]): Promise<Account[]> {
  if (ids.length === 0) return []; // a post of a hold that does not exist
  return tx
    .selectFrom('accounts')
    .select(['id', 'kind', 'asset', 'posted', 'held'])
    .where('id', 'in', [...new Set(ids)])
    .orderBy('id')
    .forUpdate()
    .execute();
}

/** Read after the accounts are locked: from then on nobody else can resolve these holds or use these ids on these accounts. */
async function readTransfers(tx: Tx, ids: string[], holdIds: string[]): Promise<Transfer[]> {
  return tx
    .selectFrom('transfers')
    .select([
      'id',
      'kind',
      'debit_account_id',
      'credit_account_id',
      'asset',
      'amount',
      'hold_id',
      'what',
      'run_id',
      'lease_id',
    ])
    .select(['statement_hash', 'debit_posted', 'credit_posted'])
    .where((or) =>
      or.or([or('id', 'in', [...ids, ...holdIds]), ...(holdIds.length > 0 ? [or('hold_id', 'in', holdIds)] : [])]),
    )
    .execute();
}

/** Safe before any lock, since a hold's row never changes. */
async function accountsOfHolds(tx: Tx, holdIds: string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('transfers')
    .select(['debit_account_id', 'credit_account_id'])
    .where('id', 'in', holdIds)
    .execute();
  return rows.flatMap((row) => [row.debit_account_id, row.credit_account_id]);
}

/** Balances and entries in one statement. */
async function write(tx: Tx, entries: Transfer[], changed: Account[], at: Date): Promise<void> {
  const balances = changed.map(({ id, posted, held }) => sql`(${id}::text, ${posted}::bigint, ${held}::bigint)`);
  try {
    await tx
      .with('balances', (cte) =>
        cte
          .updateTable('accounts')
          .from(
            sql<{ id: string; posted: bigint; held: bigint }>`(values ${sql.join(balances)})`.as<'now'>(
              sql`now(id, posted, held)`,
            ),
          )
          .set((row) => ({ posted: row.ref('now.posted'), held: row.ref('now.held') }))
          .whereRef('accounts.id', '=', 'now.id'),
      )
      .insertInto('transfers')
      .values(entries.map((entry) => ({ ...entry, created_at: at })))
      .execute();
  } catch (error) {
    // The lock on the accounts covers the same id on the same accounts; here it was used on others at the same moment.
    if (sqlState(error) === '23505') {
      throw new CoopError(
        'idempotency_key_reused',
        'A transfer of this id was recorded at the same moment between other accounts.',
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

function only(outcomes: Outcome[]): Outcome {
  return outcomes[0]!;
}
