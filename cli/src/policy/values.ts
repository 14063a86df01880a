import { formatUnits } from '@gpucoop/policy/decimal.ts';
import { formatDuration } from '@gpucoop/protocol/sizes.ts';
import { exactMoney } from '../look/units.ts';

/** The numbers of a policy as people write them: every digit that there is, and the unit. */

/** `0.25 %` of millionths. */
export const share = (ppm: number): string => `${formatUnits(BigInt(ppm), 4)} %`;

/** `× 1.25` of millionths. */
export const factor = (ppm: number): string => `× ${formatUnits(BigInt(ppm), 6)}`;

const YEAR = 31_557_600;
const MONTH = YEAR / 12;

/** Years and months where it is a whole number of them, else days, hours, minutes. */
export function span(seconds: number): string {
  if (seconds === 0) return 'none';
  if (seconds % (YEAR / 4) === 0 && seconds >= YEAR) return count(seconds / YEAR, 'year');
  if (seconds % MONTH === 0) return count(seconds / MONTH, 'month');
  return formatDuration(seconds);
}

/** `at the start`, `after 3 months`, `7 months before the start`. */
export function when(seconds: number): string {
  if (seconds === 0) return 'the start';
  return seconds < 0 ? `${span(-seconds)} before the start` : `${span(seconds)} after the start`;
}

/** `42,000 M ATH`, `2,874,743.32 ATH`, `1334.22 ATH`: exact where that is short, else six digits. */
export function tokens(amount: bigint, token: { symbol: string; decimals: number } | null): string {
  const unit = 10n ** BigInt(token?.decimals ?? 18);
  const symbol = token?.symbol ?? '';
  if (amount >= 1_000_000n * unit && amount % (10_000n * unit) === 0n)
    return `${grouped(formatUnits(amount / 10_000n, (token?.decimals ?? 18) + 2))} M ${symbol}`;
  return `${grouped(shortened(formatUnits(amount, token?.decimals ?? 18)))} ${symbol}`.trimEnd();
}

export const dollars = (micros: bigint): string => `$${grouped(exactMoney(micros).slice(1))}`;

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${String(Math.round(n * 100) / 100)} ${n === 1 ? one : many}`;

/** `1234567.5` → `1,234,567.5`. */
export function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** Six digits that matter, and no digit before the point dropped. */
function shortened(text: string): string {
  const [whole = '', fraction] = text.split('.');
  if (fraction === undefined) return whole;
  const leadingZeros = whole === '0' ? /^0*/.exec(fraction)![0].length : 0;
  const kept = fraction.slice(0, Math.max(2, leadingZeros + 6 - (whole === '0' ? 0 : whole.length))).replace(/0+$/, '');
  return kept === '' ? whole : `${whole}.${kept}`;
}
