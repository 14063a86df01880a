import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** The ledger's rules as functions of values. The numbers in brackets are those of INVARIANTS.md. */

export type Asset = 'usd' | 'token';
export type AccountKind = 'credit' | 'spending' | 'earnings' | 'fees';
export type Account = { id: string; kind: AccountKind; asset: Asset; posted: bigint; held: bigint };

/** One entry, as it is stored but for its number and time. */
export type Transfer = {
  id: string;
  kind: 'transfer' | 'hold' | 'post' | 'release';
  debit_account_id: string;
  credit_account_id: string;
  asset: Asset;
  amount: bigint;
  hold_id: string | null;
  what: string;
  run_id: string | null;
  lease_id: string | null;
  statement_hash: string | null;
  debit_posted: bigint;
  credit_posted: bigint;
};

type Purpose = { what: string; run_id?: string | null; lease_id?: string | null; statement_hash?: string | null };
export type MoveStep = Purpose & { id: string; debit: string; credit: string; asset: Asset; amount: bigint };
export type PostStep = Purpose & { id: string; hold_id: string; amount: bigint };
export type ReleaseStep = Purpose & { id: string; hold_id: string };
export type Step =
  | ({ kind: 'transfer' } & MoveStep)
  | ({ kind: 'hold' } & MoveStep)
  | ({ kind: 'post' } & PostStep)
  | ({ kind: 'release' } & ReleaseStep);

/** What must be known to apply steps: the accounts they touch, and what became of their ids and holds before. */
export type Book = {
  accounts: ReadonlyMap<string, Account>;
  transfers: ReadonlyMap<string, Transfer>;
  /** By the id of the hold. */
  resolutions: ReadonlyMap<string, Transfer>;
};

/** Amounts and balances stay exact as JSON numbers (9). */
export const LARGEST = 2n ** 53n - 1n;

/** The book after one step, and the entry it makes; no entry when the same step was taken before (7). */
export function applyStep(book: Book, step: Step): { book: Book; entry: Transfer | undefined } {
  const drafted = draft(book, step);
  const before = book.transfers.get(step.id);
  if (before !== undefined) {
    assertSameContent(before, drafted);
    return { book, entry: undefined };
  }
  const hold = drafted.hold_id === null ? undefined : openHold(book, drafted);
  const debit = accountOf(book, drafted.debit_account_id);
  const credit = accountOf(book, drafted.credit_account_id);
  const [debitAfter, creditAfter] = balancesAfter(drafted, hold, debit, credit);
  assertBalances(drafted, debit, debitAfter, creditAfter);
  const entry = { ...drafted, debit_posted: debitAfter.posted, credit_posted: creditAfter.posted };
  return {
    entry,
    book: {
      accounts: new Map(book.accounts).set(debit.id, debitAfter).set(credit.id, creditAfter),
      transfers: new Map(book.transfers).set(entry.id, entry),
      resolutions: hold === undefined ? book.resolutions : new Map(book.resolutions).set(hold.id, entry),
    },
  };
}

export function available(account: Account): bigint {
  return account.posted - account.held;
}

/** The entry a step asks for. A post or a release is of its hold's lease and moves between its hold's accounts (4). */
function draft(book: Book, step: Step): Transfer {
  const common = {
    id: step.id,
    what: step.what,
    statement_hash: step.statement_hash ?? null,
    debit_posted: 0n,
    credit_posted: 0n,
  };
  if (step.kind === 'transfer' || step.kind === 'hold') {
    assertAmount(step.amount);
    if (step.debit === step.credit) throw new Error(`${step.id} moves from ${step.debit} to itself`);
    const { run_id = null, lease_id = null, asset, amount } = step;
    const accounts = { debit_account_id: step.debit, credit_account_id: step.credit };
    return { ...common, ...accounts, kind: step.kind, asset, amount, hold_id: null, run_id, lease_id };
  }
  const hold = book.transfers.get(step.hold_id);
  if (hold?.kind !== 'hold') throw new CoopError('not_found', `There is no hold ${step.hold_id}.`);
  const { debit_account_id, credit_account_id, asset, run_id, lease_id } = hold;
  if ((step.lease_id ?? lease_id) !== lease_id)
    throw new Error(`${step.id} resolves a hold of ${lease_id} for ${step.lease_id}`);
  const amount = step.kind === 'post' ? step.amount : hold.amount;
  assertAmount(amount);
  return {
    ...common,
    kind: step.kind,
    debit_account_id,
    credit_account_id,
    asset,
    amount,
    hold_id: hold.id,
    run_id,
    lease_id,
  };
}

/** The hold that an entry resolves, once and for no more than was held (4, 5). */
function openHold(book: Book, entry: Transfer): Transfer {
  const hold = book.transfers.get(entry.hold_id!)!;
  const resolution = book.resolutions.get(hold.id);
  if (resolution !== undefined) {
    throw new CoopError(
      'wrong_state',
      `The hold ${hold.id} was ${resolution.kind === 'post' ? 'posted' : 'released'} before.`,
      {
        details: { hold_id: hold.id, resolved_by: resolution.id },
      },
    );
  }
  if (entry.amount > hold.amount) throw new RangeError(`${entry.id} posts ${entry.amount} of a hold of ${hold.amount}`);
  return hold;
}

function accountOf(book: Book, id: string): Account {
  const account = book.accounts.get(id);
  if (account === undefined) throw new CoopError('not_found', `There is no account ${id}.`);
  return account;
}

/** What an entry does to the two accounts it names (1, 3, 4). */
function balancesAfter(
  entry: Transfer,
  hold: Transfer | undefined,
  debit: Account,
  credit: Account,
): [Account, Account] {
  const held = debit.held - (hold?.amount ?? 0n);
  switch (entry.kind) {
    case 'hold':
      return [{ ...debit, held: debit.held + entry.amount }, credit];
    case 'release':
      return [{ ...debit, held }, credit];
    case 'transfer':
    case 'post':
      return [
        { ...debit, held, posted: debit.posted - entry.amount },
        { ...credit, posted: credit.posted + entry.amount },
      ];
  }
}

function assertBalances(entry: Transfer, debit: Account, debitAfter: Account, creditAfter: Account): void {
  for (const { id, asset } of [debitAfter, creditAfter]) {
    if (asset !== entry.asset) throw new Error(`${entry.id} moves ${entry.asset}, and ${id} holds ${asset}`); // (2)
  }
  if (debit.kind !== 'credit' && available(debitAfter) < 0n) throw insufficientCredit(entry, debit); // (6)
  for (const { posted } of [debitAfter, creditAfter]) {
    if (posted > LARGEST || posted < -LARGEST) throw tooLarge(entry.amount);
  }
}

function assertAmount(amount: bigint): void {
  if (amount < 0n)
    throw new CoopError('invalid_request', 'An amount is not negative.', { details: { amount: String(amount) } });
  if (amount > LARGEST) throw tooLarge(amount);
}

function tooLarge(amount: bigint): CoopError {
  return new CoopError('invalid_request', `An amount of ${amount} leaves a balance that cannot be written exactly.`, {
    hint: `Amounts and balances are at most ${LARGEST} of the smallest unit.`,
  });
}

function insufficientCredit(entry: Transfer, debit: Account): CoopError {
  const print = (amount: bigint) => (entry.asset === 'usd' ? `$${decimalDollars(amount)}` : `${amount} ${entry.asset}`);
  const left = available(debit);
  return new CoopError('insufficient_credit', `This needs ${print(entry.amount)}, and ${print(left)} is available.`, {
    hint:
      debit.held > 0n
        ? `Add credit, or stop a run: ${print(debit.held)} is held for those that run.`
        : 'Add credit first.',
    details: {
      asset: entry.asset,
      needed_micros: Number(entry.amount),
      available_micros: Number(left),
      held_micros: Number(debit.held),
    },
  });
}

/** An id names one content for ever (7). Balances and time are not content: they belong to the instant. */
function assertSameContent(before: Transfer, again: Transfer): void {
  const content = ({ debit_posted: _debit, credit_posted: _credit, ...rest }: Transfer) => rest;
  const [old, now] = [content(before), content(again)];
  const differing = (Object.keys(now) as (keyof typeof now)[]).filter((key) => old[key] !== now[key]);
  if (differing.length === 0) return;
  throw new CoopError(
    'idempotency_key_reused',
    `The transfer ${before.id} exists with another ${differing.join(', ')}.`,
    {
      details: { id: before.id, differing },
    },
  );
}
