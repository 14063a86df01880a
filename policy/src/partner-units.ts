import { PPM } from './schema/amounts.ts';
import type { Partner } from './schema/partner.ts';

/** Standard units of so many hours of a class, in millionths of a unit; undefined for a class that is not traded. */
export function standardUnitsPpm(
  partner: Pick<Partner, 'weights'>,
  slug: string,
  devices: number,
  hours: number,
): bigint | undefined {
  const weight = partner.weights[slug];
  return weight === undefined ? undefined : BigInt(weight) * BigInt(devices) * BigInt(hours);
}

/** How many idle devices of a class may be lent to partners more, beside those that are. */
export function lendableRoundedDown(
  partner: Pick<Partner, 'lent_most_ppm'>,
  now: { idle: number; lent: number },
): number {
  const most = Number((BigInt(now.idle + now.lent) * BigInt(partner.lent_most_ppm)) / PPM);
  return Math.max(0, Math.min(now.idle, most - now.lent));
}
