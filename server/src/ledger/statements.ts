import { sql, type Kysely } from 'kysely';
import { toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Balance, Earnings, LedgerLine } from '@gpucoop/protocol/resources.ts';
import type { Row, Tables } from '../db/rows.ts';
import type { Page, PageQuery } from '../rooms.ts';
import { accountId } from './ledger.ts';

/** What a user has. All zero for one who never had anything. */
export async function balanceOf(db: Kysely<Tables>, userId: string): Promise<Balance> {
  const [spending, earnings] = [accountId('spending', userId), accountId('earnings', userId)];
  const accounts = await db
    .selectFrom('accounts')
    .select(['id', 'posted', 'held'])
    .where('id', 'in', [spending, earnings])
    .execute();
  const account = (id: string) => accounts.find((found) => found.id === id) ?? { posted: 0n, held: 0n };
  const { spent } = await db
    .selectFrom('transfers')
    .select(sql<string>`coalesce(sum(amount), 0)`.as('spent'))
    .where('debit_account_id', '=', spending)
    .where('kind', '=', 'post')
    .executeTakeFirstOrThrow();
  return {
    available: toMoney(account(spending).posted - account(spending).held),
    held: toMoney(account(spending).held),
    earned: toMoney(account(earnings).posted),
    spent: toMoney(BigInt(spent)),
  };
}

/** The user's ledger, newest first. A transfer between two accounts of the same user has a line for each. */
export async function ledgerOf(db: Kysely<Tables>, userId: string, query: PageQuery): Promise<Page<LedgerLine>> {
  const before = query.cursor === null ? undefined : parseCursor(query.cursor);
  const perAccount = await Promise.all(
    (['spending', 'earnings'] as const).map((account) =>
      linesOf(db, accountId(account, userId), account, before, query.limit + 1),
    ),
  );
  const lines = perAccount.flat().toSorted(newestFirst);
  const page = lines.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(printLine),
    next_cursor: lines.length > query.limit && last !== undefined ? `${last.n}-${last.account}` : null,
  };
}

/** What the leases of a machine brought, newest first; the total is of all of them. */
export async function earningsOf(db: Kysely<Tables>, machineId: string): Promise<Earnings> {
  const rows = await db
    .selectFrom('leases')
    .leftJoin('transfers', (join) =>
      join.onRef('transfers.lease_id', '=', 'leases.id').on('transfers.kind', 'in', ['post', 'transfer']),
    )
    .leftJoin('accounts as fees', 'fees.id', 'transfers.credit_account_id')
    .where('machine_id', '=', machineId)
    .groupBy('leases.id')
    .select(['leases.id', 'class', 'units', 'billed_ms', 'unbilled_ms', 'ended_at', 'leases.provider_id'])
    .select(sql<string>`coalesce(sum(amount) filter (where transfers.kind = 'post'), 0)`.as('gross'))
    .select(
      sql<string>`coalesce(sum(amount) filter (where transfers.kind = 'transfer' and fees.kind = 'fees'), 0)`.as('fee'),
    )
    .orderBy('leases.created_at', 'desc')
    .orderBy('leases.id')
    .execute();
  const leases = rows.map((row) => ({ ...row, gross: BigInt(row.gross), fee: BigInt(row.fee) }));
  return {
    machine_id: machineId,
    leases: leases.map(({ gross, fee, ...lease }) => ({
      lease_id: lease.id,
      class: lease.class,
      units: lease.units,
      billed_s: wholeSeconds(lease.billed_ms),
      unbilled_s: wholeSeconds(lease.unbilled_ms),
      gross: toMoney(gross),
      fee: toMoney(fee),
      net: toMoney(gross - fee),
      ended_at: lease.ended_at?.toISOString() ?? null,
      note: lease.unbilled_ms > 0n ? 'Not paid: the machine was silent longer than the policy allows' : null,
    })),
    total: toMoney(leases.reduce((total, { gross, fee }) => total + gross - fee, 0n)),
  };
}

type AccountName = LedgerLine['account'];
type Line = Pick<Row<'transfers'>, 'id' | 'n' | 'kind' | 'amount' | 'what' | 'run_id' | 'lease_id' | 'created_at'> & {
  account: AccountName;
  debit: boolean;
  balance: bigint;
};

/** A hold or its release concerns only the account it is held on. */
async function linesOf(
  db: Kysely<Tables>,
  id: string,
  account: AccountName,
  before: Cursor | undefined,
  limit: number,
): Promise<Line[]> {
  const side = (name: 'debit' | 'credit') => {
    let lines = db
      .selectFrom('transfers')
      .select(['id', 'n', 'kind', 'amount', 'what', 'run_id', 'lease_id', 'created_at'])
      .select([`${name}_posted as balance`])
      .where(`${name}_account_id`, '=', id)
      .orderBy('n', 'desc')
      .limit(limit);
    if (name === 'credit') lines = lines.where('kind', 'in', ['transfer', 'post']);
    if (before !== undefined) lines = lines.where('n', comesAfter(before, account) ? '<=' : '<', before.n);
    return lines.execute();
  };
  const [debits, credits] = await Promise.all([side('debit'), side('credit')]);
  return [
    ...debits.map((line) => ({ ...line, account, debit: true })),
    ...credits.map((line) => ({ ...line, account, debit: false })),
  ];
}

function printLine(line: Line): LedgerLine {
  const leaves = line.kind === 'release' ? false : line.debit;
  return {
    id: line.id,
    at: line.created_at.toISOString(),
    kind: line.kind,
    amount: toMoney(leaves ? -line.amount : line.amount),
    what: line.what,
    run_id: line.run_id,
    lease_id: line.lease_id,
    balance: toMoney(line.balance),
    account: line.account,
  };
}

/** The last line of a page. Two lines can have one number, so the account is part of the place. */
type Cursor = { n: bigint; account: AccountName };

function parseCursor(text: string): Cursor {
  const match = /^(\d{1,18})-(spending|earnings)$/.exec(text);
  if (!match)
    throw new CoopError('invalid_request', 'The cursor is not one that this list gave out.', { at: 'cursor' });
  return { n: BigInt(match[1]!), account: match[2] as AccountName };
}

function newestFirst(a: Line, b: Line): number {
  if (a.n !== b.n) return a.n > b.n ? -1 : 1;
  return a.account === 'spending' ? -1 : 1;
}

/** Of two lines with one number, earnings stand after spending. */
function comesAfter(before: Cursor, account: AccountName): boolean {
  return before.account === 'spending' && account === 'earnings';
}

function wholeSeconds(ms: bigint): number {
  return Number(ms / 1000n);
}
