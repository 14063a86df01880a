import { expect, test } from 'vitest';
import { mayTakePart } from './place.ts';
import { aethir } from './presets/aethir.ts';

const { place } = aethir.policy;

test('a refused country is refused for its role, with its parts; a refused part alone does not refuse the country', () => {
  expect(mayTakePart(place, 'claims', 'us')).toBe(false);
  expect(mayTakePart(place, 'claims', 'us-ca')).toBe(false);
  expect(mayTakePart(place, 'providers', 'us')).toBe(true);
  expect(mayTakePart(place, 'claims', 'ua-43')).toBe(false);
  expect(mayTakePart(place, 'claims', 'ua')).toBe(true);
});

test('a list of the allowed leaves out all others, and no rule leaves out nobody', () => {
  const only = { ...place!, renters: { only: ['de', 'fr-cor'], refused: ['de-by'] } };
  expect(
    ['de', 'de-be', 'de-by', 'fr', 'fr-cor', 'us'].filter((region) => mayTakePart(only, 'renters', region)),
  ).toEqual(['de', 'de-be', 'fr-cor']);
  expect(mayTakePart(null, 'renters', 'kp')).toBe(true);
});
