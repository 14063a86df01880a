import { z } from 'zod';
import { Duration, Name, Ray, RAY, Seconds, Tokens } from './amounts.ts';

/** Everything that a pool may ever have released, as a function of the seconds since the start: a ceiling, not a payment. */
export const Curve = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decay'),
    genesis: Tokens.describe('Released at the start'),
    first: Tokens.describe('Released over the first epoch'),
    decay_ray: Ray.refine((value) => value < RAY, 'must be below 1').describe(
      'By which an epoch is less than the one before',
    ),
    epoch_s: Duration,
    cap: Tokens.describe('Most that is ever released, genesis included'),
  }),
  z.strictObject({
    kind: z.literal('points'),
    points: z
      .array(z.strictObject({ at_s: Seconds, total: Tokens }))
      .min(1)
      .max(400)
      .refine((points) => points[0]!.at_s === 0, 'the first point is the genesis, at_s 0')
      .refine(
        (points) =>
          points.every(
            (point, n) => n === 0 || (point.at_s > points[n - 1]!.at_s && point.total >= points[n - 1]!.total),
          ),
        'points must go forward in time and never down',
      )
      .describe('Released in all at each instant, linear between'),
  }),
]);
export type Curve = z.output<typeof Curve>;

export const Token = z.strictObject({
  symbol: z.string().regex(/^[A-Za-z0-9]{2,11}$/),
  name: z.string().min(2).max(40),
  decimals: z.int().min(0).max(36),
  cap: Tokens.describe('Everything ever minted'),
});

/** What a pool does not need is deferred: it stays below the ceiling and may be released later. */
export const Emission = z.strictObject({ pools: z.record(Name, Curve) });
