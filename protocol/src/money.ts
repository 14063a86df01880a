import { z } from 'zod';

/** A millionth of a US dollar. Money is never a float. */
export type Micros = bigint & { readonly __brand: 'micros' };

export const micros = (value: bigint | number): Micros => BigInt(value) as Micros;

const MICROS_PER_DOLLAR = 1_000_000n;

/** Money on the wire: an exact integer for machines, a decimal string for people. Safe to 9 billion dollars. */
export const Money = z
  .object({
    micros: z.number().int().describe('Millionths of a US dollar'),
    usd: z.string().describe('The same amount in dollars, for people'),
  })
  .meta({ id: 'Money' });
export type Money = z.infer<typeof Money>;

export function toMoney(amount: bigint): Money {
  const value = Number(amount);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${amount} micros cannot be written as a JSON integer`);
  return { micros: value, usd: decimalDollars(amount) };
}

/** `400000n` → `0.40`, `12n` → `0.000012`: at least two decimals, and never a digit dropped. */
export function decimalDollars(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % MICROS_PER_DOLLAR)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${sign}${absolute / MICROS_PER_DOLLAR}.${fraction}`;
}

/** `0.40`, `$0.4` or `12` → micros. Undefined when it is no amount of at most six decimals. */
export function parseDollars(text: string): Micros | undefined {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) return undefined;
  return micros(BigInt(match[1]!) * MICROS_PER_DOLLAR + BigInt((match[2] ?? '').padEnd(6, '0')));
}
