import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalHash, canonicalJson } from './canonical.ts';

test('keys stand in the order of their UTF-16 units, at every depth, with no white space', () => {
  expect(canonicalJson({ b: [{ z: 1, a: 2 }, null], a: true, A: 'x y', 10: 0, 9: 0 })).toBe(
    '{"10":0,"9":0,"A":"x y","a":true,"b":[{"a":2,"z":1},null]}',
  );
  // The example of RFC 8785, 3.2.3: by code units a surrogate stands before U+FB33.
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
  expect(Object.values(JSON.parse(canonicalJson(keys)) as object)).toEqual([4, 2, 6, 7, 1, 5, 3]);
});

test('texts are escaped as little as JSON allows', () => {
  expect(canonicalJson('\u20ac$\u000f\nA\'B"\\/')).toBe(`"\u20ac$\\u000f\\nA'B\\"\\\\/"`);
});

test('whatever order its keys came in, a value has one text and one hash, which reads back as the value', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      fc.string(),
      fc.maxSafeInteger(),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('any'), { maxKeys: 6 }),
    ),
  })).any;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (object) => {
      const turned = Object.fromEntries(Object.entries(object).toReversed());
      expect(canonicalJson(turned)).toBe(canonicalJson(object));
      expect(canonicalHash(turned)).toBe(canonicalHash(object));
      const read = JSON.parse(canonicalJson(object)) as unknown;
      expect(canonicalJson(read)).toBe(canonicalJson(object));
    }),
  );
});

test('zero has one text', () => {
  expect(canonicalJson(-0)).toBe('0');
});

test('a key without a value is left out, as if it were not there', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test.each([
  ['a float', 0.5],
  ['an integer that is not exact', 2 ** 53],
  ['no number', Number.NaN],
  ['no end', Number.POSITIVE_INFINITY],
  ['a bigint', 1n],
  ['nothing', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('x')],
  ['a date', new Date(0)],
  ['a map', new Map([['a', 1]])],
  ['bytes', new Uint8Array([1])],
])('%s is not signed, wherever it stands', (_, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
  expect(() => canonicalJson([value])).toThrow(TypeError);
  if (value !== undefined) expect(() => canonicalJson({ a: value })).toThrow(TypeError);
});

test('the hash is the SHA-256 of the text', () => {
  // printf '{}' | sha256sum
  expect(canonicalHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
