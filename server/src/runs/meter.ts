import type { ReceiptBody, Statement } from '@gpucoop/protocol/evidence.ts';
import { statementHash } from '@gpucoop/protocol/evidence.ts';

/**
 * What of a machine's signed clock is billed (DESIGN 6, "clock" and "gaps"), as pure functions. Billing happens at *receipts*:
 * one a minute, one at each gap, one at each settlement and one at the end. Between them heartbeats only move the last acknowledged line. A receipt names
 * everything its sum was made of, so that anybody can make it again from the evidence.
 */
export type Meter = {
  container_id: string | null;
  /** At the last receipt. */
  served_ms: number;
  billed_ms: number;
  unbilled_ms: number;
  receipt_at: Date;
  /** The last heartbeat that was acknowledged since, with its line once the lease is ready. */
  acked_at: Date;
  acked_line: Statement<'meter'> | null;
};

export type Receipt = { line: Statement<'meter'>; body: ReceiptBody };
export type MeterRules = {
  gap_ms: number;
  /** Since when this server has run: an older gap is ours. */
  server_since: Date;
};

export const RECEIPT_EVERY_MS = 60_000;

/** A lease that the agent has taken but that is not ready yet has served nothing: only the acknowledgement moves. */
export function acknowledgeUnready(meter: Meter, now: Date): Meter {
  return { ...meter, receipt_at: now, acked_at: now };
}

/** Takes a signed line that has just come. `mustReceipt`: the lease ends or is settled now. */
export function acknowledge(
  meter: Meter,
  line: Statement<'meter'>,
  now: Date,
  rules: MeterRules,
  mustReceipt: boolean,
): { meter: Meter; receipts: Receipt[] } {
  const gapMs = now.getTime() - meter.acked_at.getTime();
  const other = meter.container_id !== null && meter.container_id !== line.body.container_id;
  if (other || gapMs > rules.gap_ms) {
    const before = receiptNow(meter);
    const rule = other ? 'other_container' : meter.acked_at < rules.server_since ? 'server_down' : 'gap_too_long';
    const after = skip(before.meter, line, now, rule);
    return { meter: after.meter, receipts: [...before.receipts, after.receipt] };
  }
  const acked: Meter = { ...meter, container_id: line.body.container_id, acked_at: now, acked_line: line };
  const due = now.getTime() - meter.receipt_at.getTime() >= RECEIPT_EVERY_MS;
  return mustReceipt || due ? receiptNow(acked) : { meter: acked, receipts: [] };
}

/** Bills up to the last acknowledged line: before a gap, a settlement or the end. No line since the last receipt: nothing to do. */
export function receiptNow(meter: Meter): { meter: Meter; receipts: Receipt[] } {
  const line = meter.acked_line;
  if (line === null) return { meter, receipts: [] };
  const served = Math.max(0, line.body.served_ms - meter.served_ms);
  const elapsed = Math.max(0, Math.floor(meter.acked_at.getTime() - meter.receipt_at.getTime()));
  const billed = Math.min(served, elapsed);
  const next: Meter = {
    ...meter,
    served_ms: Math.max(meter.served_ms, line.body.served_ms),
    billed_ms: meter.billed_ms + billed,
    unbilled_ms: meter.unbilled_ms + (served - billed),
    receipt_at: meter.acked_at,
    acked_line: null,
  };
  return {
    meter: next,
    receipts: [receipt(next, line, elapsed, billed < served ? 'bounded_by_server_clock' : 'served')],
  };
}

/** The seconds up to `line` are not paid. */
function skip(meter: Meter, line: Statement<'meter'>, now: Date, rule: ReceiptBody['rule']) {
  const served = Math.max(0, line.body.served_ms - meter.served_ms);
  const next: Meter = {
    ...meter,
    served_ms: Math.max(meter.served_ms, line.body.served_ms),
    unbilled_ms: meter.unbilled_ms + served,
    receipt_at: now,
    acked_at: now,
    acked_line: null,
  };
  const elapsed = Math.max(0, Math.floor(now.getTime() - meter.receipt_at.getTime()));
  return { meter: next, receipt: receipt(next, line, elapsed, rule) };
}

function receipt(after: Meter, line: Statement<'meter'>, elapsedMs: number, rule: ReceiptBody['rule']): Receipt {
  return {
    line,
    body: {
      lease_id: line.body.lease_id,
      meter_hash: statementHash(line),
      served_ms: after.served_ms,
      elapsed_ms: elapsedMs,
      billed_ms: after.billed_ms,
      unbilled_ms: after.unbilled_ms,
      rule,
    },
  };
}

/** What would be billed if the receipt were written now: for showing the cost so far, and for seeing the budget's end coming. */
export function billedSoFarMs(meter: Meter): number {
  return receiptNow(meter).meter.billed_ms;
}

export const wholeSeconds = (ms: number): bigint => BigInt(Math.floor(ms / 1000));
