import type { Place, PlaceRole } from './schema/place.ts';

/** Whether one may take part from a region, as `us` or `ua-43`; a country that is named includes its parts. Null: from everywhere. */
export function mayTakePart(place: Place | null, role: PlaceRole, region: string): boolean {
  if (place === null) return true;
  const { only, refused } = place[role];
  const names = [region, region.slice(0, 2)];
  return !names.some((name) => refused.includes(name)) && (only === null || names.some((name) => only.includes(name)));
}
