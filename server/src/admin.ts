import type { Readable } from 'node:stream';
import { signStatement, type AdminBody, type Signer } from '@gpucoop/protocol/evidence.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Clock } from './clock.ts';
import type { Database } from './db/open.ts';
import { transaction } from './db/transaction.ts';
import { keepStatement } from './evidence/evidence.ts';
import { inspectLedger } from './ledger/inspect.ts';
import { grantCredit, wasGranted } from './ledger/ledger.ts';
import { balanceOf } from './ledger/statements.ts';
import { touchOffers } from './machines/offers.ts';
import type { Inspection, Rooms } from './rooms.ts';
import { inspectSlots } from './runs/inspect.ts';
import { listUsers, readUser, resumeUser, suspendUser } from './users/accounts.ts';

export type AdminDeps = {
  database: Database;
  clock: Clock;
  meterSigner: Signer;
  onSupplyChange(): Promise<void>;
  /** Ends what a suspended user or machine still runs. */
  stopRunsOf(userId: string): Promise<void>;
  wakeMachine(machineId: string): Promise<void>;
};

/** What an administrator may do. Every override is a signed statement with its reason, kept as evidence. */
export function createAdmin(deps: AdminDeps): Rooms['admin'] {
  const { db } = deps.database;

  const evidence = (adminId: string, body: Omit<AdminBody, 'reason'> & { reason: string }, at: Date) =>
    signStatement('admin', { ...body, reason: `${body.reason} (by ${adminId})` }, at.toISOString(), deps.meterSigner);

  async function suspension(adminId: string, subject: string, reason: string, on: boolean): Promise<void> {
    const at = deps.clock.now();
    if (isId('machine', subject)) {
      const values = on
        ? { suspended_at: at, suspended_reason: reason }
        : { suspended_at: null, suspended_reason: null };
      await transaction(db, async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('machines')
          .set(values)
          .where('id', '=', subject)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw new CoopError('not_found', `There is no machine ${subject}.`);
        await touchOffers(tx, subject);
      });
      await deps.onSupplyChange();
      await deps.wakeMachine(subject);
    } else {
      await (on ? suspendUser(db, subject, reason, at) : resumeUser(db, subject));
      if (on) await deps.stopRunsOf(subject);
    }
    await keepStatement(db, evidence(adminId, { action: on ? 'suspend' : 'resume', subject, reason }, at), subject, at);
  }

  return {
    async grant(adminId, grant) {
      if (grant.amount_micros <= 0)
        throw new CoopError('invalid_request', 'A grant is more than nothing.', { at: 'amount_micros' });
      const user = await readUser(db, grant.user_id);
      const at = deps.clock.now();
      const body = {
        action: 'grant' as const,
        subject: user.id,
        amount_micros: grant.amount_micros,
        reason: grant.reason,
      };
      await transaction(db, async (tx) => {
        // The same request again, whose answer was lost: the statement of then stands. Locked, so that two at once are one.
        await tx.selectFrom('users').select('id').where('id', '=', user.id).forUpdate().execute();
        if (await wasGranted(tx, { id: grant.id, user_id: user.id, amount: BigInt(grant.amount_micros) })) return;
        const { hash } = await keepStatement(tx, evidence(adminId, body, at), user.id, at);
        const amount = BigInt(grant.amount_micros);
        await grantCredit(tx, {
          id: grant.id,
          user_id: user.id,
          amount,
          what: `Credit: ${grant.reason}`,
          statement_hash: hash,
          at,
        });
      });
      return balanceOf(db, user.id);
    },
    suspend: (adminId, subject, reason) => suspension(adminId, subject, reason, true),
    resume: (adminId, subject, reason) => suspension(adminId, subject, reason, false),
    users: (query) => listUsers(db, query),
    inspect: () => inspectAll(deps.database),
    backup: (): Promise<Readable> => deps.database.backup(),
  };
}

export async function inspectAll(database: Pick<Database, 'db'>): Promise<Inspection> {
  const ledger = await inspectLedger(database.db);
  const slots = await inspectSlots(database.db);
  return { ...ledger, problems: [...ledger.problems, ...slots] };
}
