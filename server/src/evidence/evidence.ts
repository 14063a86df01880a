import type { Kysely } from 'kysely';
import { statementHash, type Statement } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Tables } from '../db/rows.ts';
import type { Page, PageQuery } from '../rooms.ts';

/** Keeps a signed statement for good. `subject` is what it is about: a run, a lease or a user. The same again changes nothing. */
export async function keepStatement(
  db: Kysely<Tables>,
  statement: Statement,
  subject: string,
  at: Date,
): Promise<{ hash: string }> {
  const hash = statementHash(statement);
  await db
    .insertInto('evidence')
    .values({
      hash,
      kind: statement.kind,
      author: statement.author,
      subject,
      statement: JSON.stringify(statement),
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute();
  return { hash };
}

/** Statements about some subjects, in the order in which they were kept. */
export async function statementsAbout(
  db: Kysely<Tables>,
  subjects: string[],
  { cursor, limit }: PageQuery,
): Promise<Page<Statement>> {
  const rows = await db
    .selectFrom('evidence')
    .select(['n', 'statement'])
    .where('subject', 'in', subjects)
    .where('n', '>', cursor === null ? 0n : parseCursor(cursor))
    .orderBy('n')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  return {
    items: page.map((row) => row.statement as Statement), // written by keepStatement alone
    next_cursor: rows.length > limit ? String(page.at(-1)?.n) : null,
  };
}

function parseCursor(cursor: string): bigint {
  // As many digits as fit the column.
  if (/^\d{1,18}$/.test(cursor)) return BigInt(cursor);
  throw new CoopError('invalid_request', 'The cursor is not one that this list gave out.', { at: 'cursor' });
}
