import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationText,
  formatBytes,
  formatDuration,
  formatMib,
  parseDuration,
  parseIntegerRange,
  parseSizeMib,
  parseSizeRange,
  rangeText,
  sizeText,
} from './sizes.ts';

describe('sizes', () => {
  test.each([
    ['24GB', 24_576],
    ['24GiB', 24_576],
    ['24 gb', 24_576],
    ['512MB', 512],
    ['1TB', 1_048_576],
    ['1.5GB', 1536],
    ['0.5G', 512],
  ])('%s is %i MiB', (text, mib) => {
    expect(parseSizeMib(text)).toBe(mib);
  });

  test.each(['24', '', 'GB', '-1GB', '1e3GB', '0.3MB', '24XB', '99999999999999GB', '1KB'])('%j is no size', (text) => {
    expect(parseSizeMib(text)).toBeUndefined();
  });

  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (mib) => {
        expect(parseSizeMib(sizeText(mib))).toBe(mib);
      }),
    );
  });
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['30m', 1800],
    ['6h', 21_600],
    ['2d', 172_800],
    ['1w', 604_800],
    ['1h30m', 5400],
    ['1h 30m', 5400],
    ['off', 'off'],
  ])('%s is %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '6', 'h', '30m1h', '-1h', '1.5h', '1y', '999999999w'])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), (seconds) => {
        expect(parseDuration(durationText(seconds))).toBe(seconds);
      }),
    );
  });
});

describe('ranges', () => {
  test.each([
    ['4', { min: 4, max: 4 }],
    ['4..', { min: 4, max: null }],
    ['..8', { min: 0, max: 8 }],
    ['2..8', { min: 2, max: 8 }],
    [' 2 .. 8 ', { min: 2, max: 8 }],
  ])('%j', (text, range) => {
    expect(parseIntegerRange(text)).toEqual(range);
  });

  test.each(['', '..', '8..2', '1..2..3', 'a..', '1.5'])('%j is no range', (text) => {
    expect(parseIntegerRange(text)).toBeUndefined();
  });

  test('what is printed is read back', () => {
    const size = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(size, fc.option(size), (a, b) => {
        const range = b === null ? { min: a, max: null } : { min: Math.min(a, b), max: Math.max(a, b) };
        expect(parseSizeRange(rangeText(range, sizeText))).toEqual(range);
      }),
    );
  });
});

test('sizes and times for people', () => {
  expect([0, 1023, 1536, 132 * 2 ** 20, 2.1 * 2 ** 30].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '132 MiB',
    '2.1 GiB',
  ]);
  expect([512, 24_576, 23_034, 1_572_864].map(formatMib)).toEqual(['512 MiB', '24 GiB', '22.5 GiB', '1.5 TiB']);
  expect([0, 45.9, 60, 61, 5400, 183_600, 864_000].map(formatDuration)).toEqual([
    '0s',
    '45s',
    '1m',
    '1m 1s',
    '1h 30m',
    '2d 3h',
    '10d',
  ]);
});
