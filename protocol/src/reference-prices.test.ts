import { expect, test } from 'vitest';
import { gpuClasses } from './gpu-class-table.ts';
import { referenceFor } from './reference-prices.ts';
import { ReferencePrice } from './resources.ts';

test('a reference is for as many units as are rented, rounded down', () => {
  expect(referenceFor('h100-sxm-80gb', 1)?.per_hour.usd).toBe('6.88');
  expect(referenceFor('h100-sxm-80gb', 8)?.per_hour.usd).toBe('55.04');
  expect(referenceFor('cpu', 1)?.per_hour.usd).toBe('0.0408');
});

test('a class without a sourced figure has no reference', () => {
  expect(referenceFor('rtx-4090', 1)).toBeNull();
  expect(referenceFor('no-such-card', 1)).toBeNull();
});

test('every reference says where and when it was read', () => {
  const references = gpuClasses.map((row) => referenceFor(row.slug, 1)).filter((reference) => reference !== null);
  expect(references.length).toBeGreaterThanOrEqual(5);
  for (const reference of references) {
    expect(ReferencePrice.parse(reference)).toEqual(reference);
    expect(reference.as_of).toMatch(/^20\d\d(-\d\d){0,2}$/);
    expect(reference.source).not.toBe('');
    expect(reference.per_hour.micros).toBeGreaterThan(0);
  }
});
