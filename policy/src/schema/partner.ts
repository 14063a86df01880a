import { z } from 'zod';
import { DeviceClass, Factor, Ppm } from './amounts.ts';

/** Trade of standard GPU units with other networks. */
export const Partner = z.strictObject({
  unit: DeviceClass.describe('One hour of it is the standard unit'),
  weights: z.record(DeviceClass, Factor).describe('Units that an hour of the class is worth, in millionths'),
  lent_most_ppm: Ppm.describe('Of a class’s idle machines, to all partners together'),
  fee_ppm: Ppm.describe('Of what a partner pays'),
});
export type Partner = z.output<typeof Partner>;
