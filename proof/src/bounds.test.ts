import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf } from './bounds.ts';
import { supportedClasses, supportFor } from './classes.ts';
import { classTable } from './class-table.ts';
import type { ClassRow } from './class-table.ts';
import { usualSamples } from './parameters.ts';

const parameters = { n: 4096, slabs: 1024, ...usualSamples };
const micros = fc.bigInt({ min: 1n, max: 10n ** 12n });

test('a slower answer never gives a higher bound', () => {
  fc.assert(
    fc.property(
      micros,
      fc.array(micros, { minLength: 3, maxLength: 3 }),
      micros,
      (commitMicros, exchangeMicros, more) => {
        const times = { commitMicros, exchangeMicros, allowanceMicros: 0n };
        const fast = boundsOf(parameters, times);
        const slow = boundsOf(parameters, {
          ...times,
          commitMicros: commitMicros + more,
          exchangeMicros: exchangeMicros.map((one) => one + more),
        });
        return slow.operationsPerSecond <= fast.operationsPerSecond && slow.bytesPerSecond <= fast.bytesPerSecond;
      },
    ),
  );
});

test('bounds are what the work takes in the measured time, less what may be missing unseen', () => {
  const bounds = boundsOf(parameters, {
    commitMicros: 2_000_000n,
    exchangeMicros: [100_000n, 50_000n, 80_000n],
    allowanceMicros: 0n,
  });
  const bytes = (2n ** 34n * 61n) / 64n;
  expect(bounds).toEqual({
    operationsPerSecond: (2n * 4096n ** 3n * 1024n * 125n) / 128n / 2n,
    residentBytes: bytes,
    bytesPerSecond: (bytes * 4n * 1_000_000n) / 80_000n,
  });
});

test('what is taken off for the way is never more than half of the time', () => {
  const times = { commitMicros: 1000n, exchangeMicros: [1000n], allowanceMicros: 10_000n };
  expect(boundsOf(parameters, times)).toEqual(
    boundsOf(parameters, { ...times, commitMicros: 500n, exchangeMicros: [500n], allowanceMicros: 0n }),
  );
});

test('of an even number of exchanges the slower of the middle two counts', () => {
  const exchanged = (...exchangeMicros: bigint[]) =>
    boundsOf(parameters, { commitMicros: 1n, exchangeMicros, allowanceMicros: 0n }).bytesPerSecond;
  expect(exchanged(10n, 30n)).toBe(exchanged(30n));
  expect(exchanged(40n, 10n, 30n, 20n)).toBe(exchanged(30n));
});

test('no time at all is a microsecond: a bound is a number', () => {
  const times = { commitMicros: 1n, exchangeMicros: [1n], allowanceMicros: 0n };
  expect(boundsOf(parameters, { ...times, commitMicros: 0n, exchangeMicros: [0n] })).toEqual(
    boundsOf(parameters, times),
  );
});

test.each([1, 2, 3])('%i samples prove nothing with 95 %%', (samples) => {
  const bounds = boundsOf(
    { ...parameters, rows: samples, residencySamples: samples },
    { commitMicros: 1n, exchangeMicros: [1n], allowanceMicros: 0n },
  );
  expect(bounds).toEqual({ operationsPerSecond: 0n, residentBytes: 0n, bytesPerSecond: 0n });
});

const atPeak = ({ memoryGib, gigabytesPerSecond, int8Tops }: ClassRow) => ({
  residentBytes: BigInt(memoryGib) << 30n,
  bytesPerSecond: BigInt(gigabytesPerSecond) * 10n ** 9n,
  operationsPerSecond: BigInt(int8Tops) * 10n ** 12n,
});

test('every card at its peak supports its own class', () => {
  for (const row of classTable) expect(supportedClasses(atPeak(row)), row.slug).toContain(row.slug);
});

test('a card that is lesser in one axis passes, at its peak, only as what is cheaper than itself or hardly different', () => {
  const confused = classTable.flatMap((row) =>
    supportedClasses(atPeak(row)).flatMap((slug) => {
      const claimed = classTable.find((one) => one.slug === slug)!;
      const lesser = (axis: keyof Omit<ClassRow, 'slug'>): boolean => row[axis] < claimed[axis];
      const isLesser = lesser('memoryGib') || lesser('gigabytesPerSecond') || lesser('int8Tops');
      return isLesser ? [`${row.slug} as ${slug}`] : [];
    }),
  );
  expect(confused).toEqual([
    'l4 as t4',
    'l40s as rtx-3090',
    'l40s as rtx-4090',
    'a100-sxm-80gb as rtx-4090',
    'a100-sxm-80gb as rtx-5090',
    'a100-sxm-80gb as l40s',
    'a100-pcie-80gb as rtx-4090',
    'a100-pcie-80gb as rtx-5090',
    'a100-pcie-80gb as l40s',
    'a100-pcie-80gb as a100-sxm-80gb',
    'h100-pcie-80gb as a100-sxm-80gb',
    'b200-sxm-180gb as mi300x',
  ]);
});

test('a class that the table does not know is neither supported nor refused', () => {
  expect(supportFor('rtx-9999', atPeak(classTable[0]!))).toBeUndefined();
});
