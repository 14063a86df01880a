import { z } from 'zod';
import { curveFault } from '../emission.ts';
import { Duration, Name, Ray, Seconds, Tokens } from './amounts.ts';

/** Everything that a pool may ever have released, as a function of the seconds since the start: a ceiling, not a payment. */
export const Curve = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('decay'),
      genesis: Tokens.describe('Released at the start'),
      first: Tokens.describe('Released over the first epoch'),
      decay_ray: Ray.describe('By which an epoch is less than the one before'),
      epoch_s: Duration.describe('An epoch is released when it is over'),
      cap: Tokens.describe('Most that is ever released, genesis included'),
    }),
    z.strictObject({
      kind: z.literal('points'),
      points: z
        .array(z.strictObject({ at_s: Seconds, total: Tokens }))
        .min(1)
        .max(400)
        .readonly()
        .describe('Released in all at each instant, linear between'),
    }),
  ])
  .superRefine((curve, context) => {
    const fault = curveFault(curve);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

export const Token = z.strictObject({
  symbol: z
    .string()
    .regex(/^[A-Za-z0-9]{2,11}$/)
    .describe('Two to eleven letters and digits'),
  name: z.string().min(2).max(40).describe('Of the token, as wallets show it'),
  decimals: z.int().min(0).max(36).describe('Of its smallest unit'),
  cap: Tokens.describe('Everything ever minted'),
});

/** What a pool does not need is deferred: it stays below the ceiling and may be released later. */
export const Emission = z.strictObject({
  pools: z.record(Name, Curve).describe('By name; rules of reward say which they pay out of'),
});
