import { expect, test } from 'vitest';
import { hash } from './testing/plain-work.ts';
import { proverKeys, signerOf, verifierKeys } from './testing/both-sides.ts';
import { afterMessage, afterUnsigned, EMPTY_TRANSCRIPT, signed, verified } from './transcript.ts';

const text = hash('what was said');

test('whoever verifies a message has the transcript of who signed it', async () => {
  const { message, transcript } = await signed(text, EMPTY_TRANSCRIPT, signerOf(proverKeys));
  expect(verified(message, EMPTY_TRANSCRIPT, proverKeys.publicKey)).toEqual(transcript);
});

test('a signature is by one key, of one text, after one transcript', async () => {
  const { message } = await signed(text, EMPTY_TRANSCRIPT, signerOf(proverKeys));
  expect(verified(message, EMPTY_TRANSCRIPT, verifierKeys.publicKey)).toBeUndefined();
  expect(verified(message, hash('before'), proverKeys.publicKey)).toBeUndefined();
  for (const at of [0, 31, 32, 64, 95]) {
    const changed = message.map((byte, n) => (n === at ? byte ^ 1 : byte));
    expect(verified(changed, EMPTY_TRANSCRIPT, proverKeys.publicKey)).toBeUndefined();
  }
  expect(verified(message.subarray(0, 40), EMPTY_TRANSCRIPT, proverKeys.publicKey)).toBeUndefined();
});

test('a key of small order has signed nothing, though the equation holds for every message', () => {
  // The neutral point as key and as R, and S zero: ZIP 215 would take it.
  const neutral = new Uint8Array(32);
  neutral[0] = 1;
  const message = new Uint8Array([...text, ...neutral, ...new Uint8Array(32)]);
  expect(verified(message, EMPTY_TRANSCRIPT, neutral)).toBeUndefined();
});

test('a key that is no point has signed nothing, and is no exception', async () => {
  const { message } = await signed(text, EMPTY_TRANSCRIPT, signerOf(proverKeys));
  expect(verified(message, EMPTY_TRANSCRIPT, new Uint8Array(32).fill(0xff))).toBeUndefined();
  expect(verified(message, EMPTY_TRANSCRIPT, new Uint8Array(5))).toBeUndefined();
});

test('a transcript depends on what came before, what was said, and by which signature', () => {
  const digest = hash('digest');
  const all = [
    afterMessage(EMPTY_TRANSCRIPT, digest),
    afterMessage(EMPTY_TRANSCRIPT, digest, new Uint8Array(64)),
    afterMessage(EMPTY_TRANSCRIPT, digest, new Uint8Array(64).fill(1)),
    afterMessage(EMPTY_TRANSCRIPT, text),
    afterMessage(hash('before'), digest),
    afterUnsigned(EMPTY_TRANSCRIPT, text),
  ];
  expect(new Set(all.map((one) => Buffer.from(one).toString('hex'))).size).toBe(all.length);
});
