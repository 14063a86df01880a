import { expect, test } from 'vitest';
import { lendableRoundedDown, standardUnitsPpm } from './partner-units.ts';
import { standby } from './presets/standby.ts';

const partner = standby.policy.partner!;

test('an hour of an H100 is the unit, eight of them for a day are 192, a class without a weight is not traded', () => {
  expect(standardUnitsPpm(partner, 'h100-sxm-80gb', 1, 1)).toBe(1_000_000n);
  expect(standardUnitsPpm(partner, 'h100-sxm-80gb', 8, 24)).toBe(192_000_000n);
  expect(standardUnitsPpm(partner, 'of-nobody', 1, 1)).toBeUndefined();
});

test('half of what is idle or lent may be lent, and never more than is idle', () => {
  expect(lendableRoundedDown(partner, { idle: 10, lent: 0 })).toBe(5);
  expect(lendableRoundedDown(partner, { idle: 5, lent: 5 })).toBe(0);
  expect(lendableRoundedDown(partner, { idle: 3, lent: 0 })).toBe(1);
  expect(lendableRoundedDown(partner, { idle: 0, lent: 9 })).toBe(0);
  expect(lendableRoundedDown({ lent_most_ppm: 1_000_000 }, { idle: 4, lent: 2 })).toBe(4);
});
