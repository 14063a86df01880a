import { decimalDollars } from '@gpucoop/protocol/money.ts';
import type { Money } from '@gpucoop/protocol/money.ts';

/** How amounts and times are written for people. Sizes and durations: protocol/sizes.ts. */

type Amount = Money | bigint;
const microsOf = (amount: Amount): bigint => (typeof amount === 'bigint' ? amount : BigInt(amount.micros));

/** `$0.40`, `$0.0123`, `$12.35`: the digits that matter. An amount that is not zero is never shown as zero. */
export function money(amount: Amount): string {
  const value = microsOf(amount);
  const absolute = value < 0n ? -value : value;
  const digits = absolute >= 1_000_000n ? 2 : absolute >= 10_000n ? 4 : 6;
  return `${value < 0n ? '-' : ''}$${decimalDollars(roundHalfUp(absolute, digits))}`;
}

/** Every digit there is, with two decimals at least: for the ledger, and for what is signed. */
export function exactMoney(amount: Amount): string {
  const value = microsOf(amount);
  return value < 0n ? `-$${decimalDollars(-value)}` : `$${decimalDollars(value)}`;
}

function roundHalfUp(absolute: bigint, digits: number): bigint {
  const step = 10n ** BigInt(6 - digits);
  return ((absolute + step / 2n) / step) * step;
}

/** Amounts under each other with their points aligned: `$10.00`, ` $0.000111`. */
export function alignPoints(amounts: readonly string[]): string[] {
  const decimals = Math.max(0, ...amounts.map((text) => text.length - text.indexOf('.')));
  return amounts.map((text) => text.padEnd(text.indexOf('.') + decimals));
}

/** `just now`, `12s ago`, `3h ago`, `in 2m`: one unit, which is as exact as a glance needs. */
export function relativeTime(time: string | null, nowMs: number): string {
  if (time === null) return '-';
  const seconds = Math.round((Date.parse(time) - nowMs) / 1000);
  if (Math.abs(seconds) < 2) return 'just now';
  const span = oneUnit(Math.abs(seconds));
  return seconds < 0 ? `${span} ago` : `in ${span}`;
}

function oneUnit(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `14:03:22`, in the reader's own time zone. */
export function clockTime(time: string): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `2026-11-23 14:03`, in the reader's own time zone. */
export function dayAndTime(time: string): string {
  const at = new Date(time);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return `${day} ${clockTime(time).slice(0, 5)}`;
}

/** `98.2%` of millionths. */
export const percent = (ppm: number): string => `${Math.round(ppm / 1000) / 10}%`;

/** Ids are cut to what is unique enough to type: prefix and eight digits. */
export function shortId(id: string): string {
  const underscore = id.indexOf('_');
  return underscore < 0 ? id : id.slice(0, underscore + 9);
}

/** `1 lease`, `2 leases`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
