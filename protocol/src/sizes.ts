import type { Range } from './spec.ts';

/**
 * Sizes, durations and ranges as people write them. As in dstack, docker and every GPU's data sheet, GB means 2³⁰ bytes: `24GB` and
 * `24GiB` are the same. What is printed says GiB, so that nobody has to guess. Parsers give undefined for what they cannot read.
 */

const SECONDS = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 } as const;
const MIB = { M: 1, G: 1024, T: 1024 * 1024 } as const;
const MIB_MAX = 2 ** 40;
const SECONDS_MAX = 100 * 365 * 86_400;

/** `24GB`, `24GiB`, `512MB`, `1.5TB` → MiB. A number without a unit is no size. */
export function parseSizeMib(text: string): number | undefined {
  const match = /^(\d{1,13})(?:\.(\d{1,6}))? ?([MGT])i?B?$/i.exec(text.trim());
  if (!match) return undefined;
  const factor = MIB[match[3]!.toUpperCase() as keyof typeof MIB];
  const millionths = BigInt(match[1]!) * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0'));
  const mib = millionths * BigInt(factor);
  if (mib % 1_000_000n !== 0n) return undefined; // no rounding of what was asked for
  const value = Number(mib / 1_000_000n);
  return value <= MIB_MAX ? value : undefined;
}

/** The shortest exact way to write MiB so that it can be read back: `24GB`, `1TB`, `1500MB`. */
export function sizeText(mib: number): string {
  if (mib > 0 && mib % MIB.T === 0) return `${mib / MIB.T}TB`;
  return mib > 0 && mib % MIB.G === 0 ? `${mib / MIB.G}GB` : `${mib}MB`;
}

/** `90s`, `30m`, `6h`, `2d`, `1w`, `1h30m` → seconds; `off` → 'off'. A number without a unit is no duration. */
export function parseDuration(text: string): number | 'off' | undefined {
  const compact = text.trim().toLowerCase().replaceAll(' ', '');
  if (compact === 'off') return 'off';
  const match = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(compact);
  if (!match || compact === '') return undefined;
  const units = Object.values(SECONDS);
  const seconds = units.reduce((sum, unit, position) => sum + unit * Number(match[position + 1] ?? 0), 0);
  return seconds <= SECONDS_MAX ? seconds : undefined;
}

/** `4` → 4..4, `4..`, `..8`, `2..8`, with sizes, integers or whatever `parseOne` reads. Undefined when min is above max. */
export function parseRange(text: string, parseOne: (text: string) => number | undefined): Range | undefined {
  const parts = text.trim().split('..');
  if (parts.length === 1) {
    const value = parseOne(parts[0]!);
    return value === undefined ? undefined : { min: value, max: value };
  }
  const [low, high] = parts.map((part) => part.trim());
  if (parts.length > 2 || (low === '' && high === '')) return undefined;
  const min = low === '' ? 0 : parseOne(low!);
  const max = high === '' ? null : parseOne(high!);
  if (min === undefined || max === undefined || (max !== null && min > max)) return undefined;
  return { min, max };
}

export function parseSizeRange(text: string): Range | undefined {
  return parseRange(text, parseSizeMib);
}

export function parseIntegerRange(text: string): Range | undefined {
  return parseRange(text, parseInteger);
}

export function parseInteger(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Writes a range so that `parseRange` reads it back. */
export function rangeText(range: Range, printOne: (value: number) => string = String): string {
  if (range.max === null) return `${printOne(range.min)}..`;
  return range.min === range.max ? printOne(range.min) : `${printOne(range.min)}..${printOne(range.max)}`;
}

/** For people: `24 GiB`, `512 MiB`, `1.5 TiB`. */
export function formatMib(mib: number): string {
  return formatBytes(mib * 1024 * 1024);
}

/** For people: `0 B`, `1.4 MiB`, `132 MiB`, `2.1 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = Number.isInteger(value) || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`;
}

/** For people, the two largest units: `45s`, `1h 30m`, `2d 3h`. Fractions of a second are cut off. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [name, unit] of Object.entries(SECONDS)) {
    if (name === 'w') continue; // 10d says more than 1w 3d
    const count = Math.floor(rest / unit);
    if (count > 0 || (parts.length === 1 && rest > 0)) parts.push(`${count}${name}`);
    rest -= count * unit;
    if (parts.length === 2) break;
  }
  return parts.filter((part) => !/^0\D/.test(part)).join(' ') || '0s';
}

/** Exact, to be read back by `parseDuration`: `36h` stays `1d12h`. */
export function durationText(seconds: number): string {
  let rest = seconds;
  let text = '';
  for (const [name, unit] of Object.entries(SECONDS)) {
    const count = Math.floor(rest / unit);
    if (count > 0) text += `${count}${name}`;
    rest -= count * unit;
  }
  return text || '0s';
}
