import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Row, Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { rateLimit } from '../gateway/rate.ts';

export type ServerRow = Row<'servers'>;

/** Which servers share the database with this one, kept fresh. */
export type Servers = {
  /** Is anybody else there? Then it is worth telling. */
  others(): boolean;
  /** The server that shows this certificate; read anew when none of those known does. */
  withCertificate(fingerprint256: string): Promise<ServerRow | undefined>;
  /** Reads who is there, now. */
  look(): Promise<void>;
  /** Says that this one is there no more. */
  leave(): Promise<void>;
};

export type ServersDeps = {
  db: Kysely<Tables>;
  clock: Clock;
  log: Logger;
  self: Pick<ServerRow, 'id' | 'peer_url' | 'peer_certificate'>;
  fingerprintOf(certificate: string): string;
  /** The links that this server has, to say so again after others took it for gone. */
  held(): { machineId: string; epoch: number }[];
  beatMs?: number;
};

const BEAT_MS = 3000;
/** Own beats in a row at which another's stood still. Beats, not seconds: while the database is away nobody beats. */
const STILL_MAX = 5;
/** Strangers may knock as often as they like; the table is read for them this often a second, after some at once. */
const READS_FOR_STRANGERS = 1;
const READS_AT_ONCE = 10;

export async function joinServers(deps: ServersDeps): Promise<Servers> {
  const { db, clock, self, log } = deps;
  const seen = new Map<string, { row: ServerRow; fingerprint: string | null; still: number }>();
  const strangers = rateLimit(READS_FOR_STRANGERS, READS_AT_ONCE, () => performance.now());
  let left = false;

  await enter();
  await look();
  let beating = Promise.resolve();
  const timer = setInterval(() => {
    beating = beat().catch((error: unknown) => log.warn({ err: error }, 'the other servers could not be looked at'));
  }, deps.beatMs ?? BEAT_MS);

  async function enter(): Promise<void> {
    await db
      .insertInto('servers')
      .values({ ...self, started_at: clock.now() })
      .execute();
  }

  async function beat(): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable('servers')
      .set((eb) => ({ beat: eb('beat', '+', 1n) }))
      .where('id', '=', self.id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) await comeBack();
    await look(true);
    for (const [id, other] of seen) if (other.still >= STILL_MAX) await forget(id, other.row.beat);
  }

  /** The others took it for gone, as when it was stopped and let go on: what it still has, it says again. */
  async function comeBack(): Promise<void> {
    if (left) return;
    await enter();
    for (const { machineId, epoch } of deps.held()) {
      await db
        .updateTable('machines')
        .set({ link_server: self.id })
        .where('id', '=', machineId)
        .where('link_epoch', '=', BigInt(epoch))
        .execute();
    }
  }

  async function look(counting = false): Promise<void> {
    const rows = await db.selectFrom('servers').selectAll().where('id', '<>', self.id).execute();
    const before = new Map(seen);
    seen.clear();
    for (const row of rows) {
      const last = before.get(row.id);
      const still = last === undefined || last.row.beat !== row.beat ? 0 : last.still + (counting ? 1 : 0);
      const fingerprint = row.peer_certificate === null ? null : deps.fingerprintOf(row.peer_certificate);
      seen.set(row.id, { row, fingerprint, still });
    }
  }

  /** It beats no more: its links are nobody's until the machines dial again. Guarded by the beat, should it have come back. */
  async function forget(id: string, lastBeat: bigint): Promise<void> {
    const gone = await transaction(db, async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('servers')
        .where('id', '=', id)
        .where('beat', '=', lastBeat)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await tx.updateTable('machines').set({ link_server: null }).where('link_server', '=', id).execute();
      return true;
    });
    seen.delete(id);
    if (gone) log.warn({ server_id: id }, 'another server is gone');
  }

  const showing = (fingerprint256: string): ServerRow | undefined =>
    [...seen.values()].find(({ fingerprint }) => fingerprint === fingerprint256)?.row;

  return {
    others: () => seen.size > 0,
    async withCertificate(fingerprint256) {
      const known = showing(fingerprint256);
      if (known !== undefined || !strangers.take(1)) return known;
      await look();
      return showing(fingerprint256);
    },
    look: () => look(),
    async leave() {
      left = true;
      clearInterval(timer);
      await beating;
      await db.deleteFrom('servers').where('id', '=', self.id).execute();
    },
  };
}
