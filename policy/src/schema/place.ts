import { z } from 'zod';

/** ISO 3166 codes: `us`, or with the part of a country, `ua-43`. */
const Region = z
  .string()
  .regex(/^[a-z]{2}(?:-[a-z0-9]{1,3})?$/, 'must be a country like us, or a part of it like ua-43');

const Rule = z.strictObject({
  only: z.array(Region).nullable().describe('null: everywhere but the refused'),
  refused: z.array(Region),
});

/** From where one may take part. A refused country includes its parts. */
export const Place = z.strictObject({ providers: Rule, renters: Rule, claims: Rule });
export type Place = z.output<typeof Place>;
export type PlaceRole = keyof Place;
