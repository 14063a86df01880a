import { z } from 'zod';

/**
 * The numbers of a policy. None is a float: what JSON cannot hold exactly is a string of decimal digits there and a bigint in code.
 */

const DIGITS_MAX = 78; // of 2²⁵⁶

const integerText = (what: string) =>
  z.codec(
    z
      .string()
      .max(DIGITS_MAX)
      .regex(/^(?:0|[1-9]\d*)$/, `must be ${what} as a text of decimal digits, like "1000"`),
    z.bigint().min(0n),
    { decode: (text) => BigInt(text), encode: (value) => value.toString() },
  );

/** Smallest units of the network's token, or of the licences' currency. */
export const Tokens = integerText('an amount of the smallest unit');

/** A rate with 27 decimals. */
export const Ray = integerText('a rate in 10⁻²⁷');

/** Millionths of a dollar; a JSON number is exact to nine billion dollars. */
export const Micros = z.codec(z.int().min(0), z.bigint().min(0n), {
  decode: (value) => BigInt(value),
  encode: (value) => Number(value),
});

export const PPM = 1_000_000n;
/** A share of a whole, in millionths. */
export const Ppm = z.int().min(0).max(Number(PPM));
/** A factor, in millionths: 1000000 is 1. */
export const Factor = z.int().min(0).max(1_000_000_000);

export const Seconds = z.int().min(0);
export const Duration = z.int().min(1);

/** A key of the policy's own making: a pool, a rule, a phase. */
export const Name = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9_]*$/, 'must be a name of small letters, digits and _');

/** A device class as offers write it: `rtx-4090`, `h100-sxm-80gb`. */
export const DeviceClass = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be a device class like rtx-4090');

/** Named shares that are the whole together. */
export const Split = z
  .record(Name, Ppm)
  .refine((shares) => sum(Object.values(shares)) === Number(PPM), 'shares must sum to 1000000');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
