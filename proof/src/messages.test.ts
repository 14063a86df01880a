import { describe, expect, test } from 'vitest';
import { bodyOf, decodeChallenge, encodeChallenge, equalBytes, kinds, lengths, message } from './messages.ts';
import type { Kind } from './messages.ts';
import { challengeOf, smallParameters } from './testing/both-sides.ts';
import { hash } from './testing/plain-work.ts';

const HEADER_BYTES = 20;
const id = hash('id').slice(0, 16);
const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));

describe('a challenge', () => {
  const challenge = challengeOf({
    id,
    verifierKey: hash('verifier'),
    proverKey: hash('prover'),
    slot: hash('slot').slice(16),
    seed: hash('seed'),
    expiryMs: 2n ** 63n + 5n,
    parameters: { n: 512, slabs: 2 ** 20, exchanges: 3, passes: 4, rows: 5, columns: 6, residencySamples: 7 },
  });
  const signature = new Uint8Array(64).fill(9);
  const bytes = new Uint8Array([...encodeChallenge(challenge), ...signature]);

  test('is read as what was written, field by field', () => {
    expect(decodeChallenge(bytes)).toEqual(challenge);
    // Also from the middle of a buffer, as it comes off a link.
    const padded = new Uint8Array([1, 2, 3, ...bytes, 4]);
    expect(decodeChallenge(padded.subarray(3, 3 + bytes.length))).toEqual(challenge);
  });

  test('of another length is none, longer or shorter', () => {
    expect(decodeChallenge(bytes.subarray(0, -1))).toBeUndefined();
    expect(decodeChallenge(new Uint8Array([...bytes, 0]))).toBeUndefined();
    expect(decodeChallenge(new Uint8Array())).toBeUndefined();
  });

  test.each([0, 1, 2, 3])('with another byte %i is none', (at) => {
    expect(decodeChallenge(changed(bytes, at))).toBeUndefined();
  });

  test('with parameters out of range is none', () => {
    const wide = encodeChallenge({ ...challenge, parameters: { ...smallParameters, columns: 17 } });
    expect(decodeChallenge(new Uint8Array([...wide, ...signature]))).toBeUndefined();
  });
});

describe('a message', () => {
  const body = hash('body');
  const nonce = message('nonce', id, new Uint8Array([1, 0, 0, 0]), body);

  test('gives its body to who waits for it', () => {
    expect(nonce).toHaveLength(lengths.nonce());
    expect(bodyOf(nonce, 'nonce', id, lengths.nonce())).toEqual(new Uint8Array([1, 0, 0, 0, ...body]));
  });

  test.each(Array.from({ length: HEADER_BYTES }, (_, at) => at))(
    'with another byte %i of its head gives none',
    (at) => {
      expect(bodyOf(changed(nonce, at), 'nonce', id, lengths.nonce())).toBeUndefined();
    },
  );

  test('of another kind or length gives none', () => {
    for (const kind of Object.keys(kinds) as Kind[]) {
      if (kind !== 'nonce') expect(bodyOf(nonce, kind, id, nonce.length)).toBeUndefined();
    }
    expect(bodyOf(nonce, 'nonce', id, nonce.length + 1)).toBeUndefined();
    expect(bodyOf(nonce, 'nonce', id, nonce.length - 1)).toBeUndefined();
  });
});

test('bytes are equal when all are, and as many', () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(equalBytes(bytes, new Uint8Array([1, 2, 3]))).toBe(true);
  expect(equalBytes(bytes, new Uint8Array([1, 2, 4]))).toBe(false);
  expect(equalBytes(bytes, new Uint8Array([1, 2]))).toBe(false);
  expect(equalBytes(bytes.subarray(0, 2), bytes)).toBe(false);
});
