import { sql } from 'kysely';
import { signStatement, type Signer, type Statement } from '@gpucoop/protocol/evidence.ts';
import { transaction } from '../db/transaction.ts';
import { keepStatement } from '../evidence/evidence.ts';
import { acknowledge, acknowledgeUnready, receiptNow, type Meter, type MeterRules, type Receipt } from './meter.ts';
import { meterOf, type Db, type LeaseRow } from './store.ts';

/**
 * The meters of live leases. Heartbeats move them in memory; receipts are written at once; what lies between is written for all
 * leases together every ten seconds, so that a server killed in between forgets at most that much, and bills it from signed lines.
 */
export type Meters = {
  of(leaseId: string): Meter | undefined;
  /** Starts or resumes a meter from its row. */
  adopt(row: LeaseRow): void;
  drop(leaseId: string): void;
  /** What is heard after `until` is not billed: a machine that was asked to stop may not serve on for as long as it likes. */
  limit(leaseId: string, until: Date): void;
  /** A heartbeat told of the lease; `line` is verified. Receipts that fall due are kept. */
  heard(leaseId: string, line: Statement<'meter'> | null, now: Date): Promise<void>;
  /**
   * Bills up to the last acknowledged line, within a transaction of the caller's: the meter stands still until it has ended, so that
   * no receipt comes between the one that is settled and the settlement.
   */
  settling<Result>(
    leaseId: string,
    work: (receipt: (tx: Db, now: Date) => Promise<Metered>) => Promise<Result>,
  ): Promise<Result>;
  flush(): Promise<void>;
};

export type Metered = { meter: Meter; hash: string | null };

const OTHER_CONTAINER_EVERY_MS = 60_000;

export function createMeters(db: Db, signer: Signer, rules: MeterRules): Meters {
  const meters = new Map<string, Meter>();
  const dirty = new Set<string>();
  /** What is being written of a lease: its meter stands still until that is kept, so that no receipt is lost or made twice. */
  const writing = new Map<string, Promise<unknown>>();
  const othersToldAt = new Map<string, number>();
  const limits = new Map<string, Date>();

  async function keep(tx: Db, leaseId: string, receipts: Receipt[], now: Date): Promise<string | null> {
    let last: string | null = null;
    for (const { line, body } of receipts) {
      await keepStatement(tx, line, leaseId, now);
      const statement = signStatement('receipt', body, now.toISOString(), signer);
      last = (await keepStatement(tx, statement, leaseId, now)).hash;
    }
    return last;
  }

  async function alone<Result>(leaseId: string, work: () => Promise<Result>): Promise<Result> {
    for (let before = writing.get(leaseId); before !== undefined; before = writing.get(leaseId))
      await before.catch(() => undefined);
    const turn = work().finally(() => writing.delete(leaseId));
    writing.set(leaseId, turn);
    return turn;
  }

  /** A container that is not the lease's own is told once a minute: a machine that invents them fills nothing. */
  function isRepeatedOther(leaseId: string, meter: Meter, line: Statement<'meter'>, now: Date): boolean {
    if (meter.container_id === null || meter.container_id === line.body.container_id) return false;
    const toldAt = othersToldAt.get(leaseId);
    if (toldAt !== undefined && now.getTime() - toldAt < OTHER_CONTAINER_EVERY_MS) return true;
    othersToldAt.set(leaseId, now.getTime());
    return false;
  }

  return {
    of: (leaseId) => meters.get(leaseId),
    adopt(row) {
      const meter = meterOf(row);
      const mine = meters.get(row.id);
      // A row that is ahead was written by another server, which had the link meanwhile.
      const ahead =
        meter !== undefined &&
        mine !== undefined &&
        (meter.receipt_at > mine.receipt_at || meter.billed_ms > mine.billed_ms);
      if (meter !== undefined && (mine === undefined || (ahead && !writing.has(row.id)))) meters.set(row.id, meter);
    },
    drop(leaseId) {
      meters.delete(leaseId);
      dirty.delete(leaseId);
      othersToldAt.delete(leaseId);
      limits.delete(leaseId);
    },
    limit: (leaseId, until) => void limits.set(leaseId, until),
    async heard(leaseId, line, now) {
      const limit = limits.get(leaseId);
      if (limit !== undefined && now > limit) return;
      const before = meters.get(leaseId);
      if (before === undefined || writing.has(leaseId)) return; // the next heartbeat says it again
      if (line === null) {
        if (before.acked_line === null && before.served_ms === 0) meters.set(leaseId, acknowledgeUnready(before, now));
        dirty.add(leaseId);
        return;
      }
      if (isRepeatedOther(leaseId, before, line, now)) return;
      const { meter, receipts } = acknowledge(before, line, now, rules, false);
      dirty.add(leaseId);
      if (receipts.length === 0) return void meters.set(leaseId, meter);
      // Kept first, then believed: a receipt that could not be written is made by the next heartbeat.
      await alone(leaseId, async () => {
        await transaction(db, async (tx) => {
          await keep(tx, leaseId, receipts, now);
          await write(tx, leaseId, meter);
        });
        meters.set(leaseId, meter);
      });
    },
    settling: (leaseId, work) =>
      alone(leaseId, async () => {
        let metered: Metered | undefined;
        const result = await work(async (tx, now) => {
          const before = meters.get(leaseId);
          if (before === undefined) throw new Error(`no meter runs for ${leaseId}`);
          const { meter, receipts } = receiptNow(before);
          const hash = await keep(tx, leaseId, receipts, now);
          await write(tx, leaseId, meter);
          metered = { meter, hash };
          return metered;
        });
        if (metered !== undefined) meters.set(leaseId, metered.meter);
        return result;
      }),
    async flush() {
      const changed = [...dirty].flatMap((id) => {
        const meter = meters.get(id);
        return meter === undefined ? [] : [{ id, meter }];
      });
      dirty.clear();
      if (changed.length === 0) return;
      try {
        await writeAcknowledged(db, changed);
      } catch (error) {
        for (const { id } of changed) dirty.add(id);
        throw error;
      }
    },
  };
}

async function write(tx: Db, leaseId: string, meter: Meter): Promise<void> {
  await tx
    .updateTable('leases')
    .set({
      served_ms: BigInt(meter.served_ms),
      billed_ms: BigInt(meter.billed_ms),
      unbilled_ms: BigInt(meter.unbilled_ms),
      receipt_at: meter.receipt_at,
      acked_at: meter.acked_at,
      acked_line: meter.acked_line === null ? null : JSON.stringify(meter.acked_line),
    })
    .where('id', '=', leaseId)
    .where('state', '<>', 'ended')
    .execute();
}

/** One statement for all. A receipt written meanwhile wins: it is guarded by the receipt that each line came after. */
async function writeAcknowledged(db: Db, changed: { id: string; meter: Meter }[]): Promise<void> {
  const rows = changed.map(({ id, meter }) => ({
    id,
    receipt_at: meter.receipt_at.toISOString(),
    acked_at: meter.acked_at.toISOString(),
    acked_line: meter.acked_line,
    ready: meter.served_ms > 0 || meter.acked_line !== null,
  }));
  await sql`
    update leases set acked_at = heard.acked_at, acked_line = heard.acked_line,
      receipt_at = case when heard.ready then leases.receipt_at else heard.receipt_at end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as heard(id text, receipt_at timestamptz, acked_at timestamptz, acked_line jsonb, ready boolean)
    where leases.id = heard.id and leases.state <> 'ended'
      and (not heard.ready or leases.receipt_at = heard.receipt_at)
  `.execute(db);
}
