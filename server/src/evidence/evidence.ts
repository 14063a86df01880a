import type { Kysely } from 'kysely';
import { statementHash, type Statement } from '@gpucoop/protocol/evidence.ts';
import type { Tables } from '../db/rows.ts';

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

/** All statements about some subjects, in the order in which they were kept. */
export async function statementsAbout(db: Kysely<Tables>, subjects: string[]): Promise<Statement[]> {
  if (subjects.length === 0) return [];
  const rows = await db
    .selectFrom('evidence')
    .select('statement')
    .where('subject', 'in', subjects)
    .orderBy('n')
    .execute();
  return rows.map((row) => row.statement as Statement); // written by keepStatement alone
}
