import { describe, expect, test } from 'vitest';
import {
  enrolMessage,
  hasValidSignature,
  linkMessage,
  loginMessage,
  parseStatement,
  signerFromSecret,
  signStatement,
  statementHash,
  verifySignature,
  type Statement,
} from './evidence.ts';

const signer = signerFromSecret(new Uint8Array(32).fill(1));
const other = signerFromSecret(new Uint8Array(32).fill(2));
const body = { lease_id: 'lse_1', container_id: 'c1', served_ms: 1000, final: false };
const statement = signStatement('meter', body, '2026-01-02T03:04:05Z', signer);

describe('a statement', () => {
  test('that came over a wire is read as what was signed', () => {
    expect(parseStatement('meter', JSON.parse(JSON.stringify(statement)))).toEqual(statement);
    expect(hasValidSignature(statement)).toBe(true);
  });

  test.each([
    ['its version', { v: 2 }],
    ['its kind', { kind: 'receipt' }],
    ['its author', { author: other.publicKey }],
    ['its time', { at: '2026-01-02T03:04:06Z' }],
    ['its body', { body: { ...body, served_ms: 1001 } }],
    ['its signature', { signature: signStatement('meter', body, statement.at, other).signature }],
  ])('is not valid with %s changed', (_, change) => {
    const changed = { ...statement, ...change } as Statement<'meter'>;
    expect(hasValidSignature(changed)).toBe(false);
    expect(parseStatement('meter', changed)).toBeUndefined();
  });

  test('of another kind than is due is not read, however well it is signed', () => {
    expect(parseStatement('receipt', statement)).toBeUndefined();
  });

  test.each([
    ['nothing', null],
    ['a text', 'x'],
    ['no signature', { ...statement, signature: undefined }],
    ['a signature that is no hex', { ...statement, signature: 'z'.repeat(128) }],
    ['a signature cut short', { ...statement, signature: statement.signature.slice(2) }],
    ['an author that is no key', { ...statement, author: 'ada' }],
    ['a time that is none', { ...statement, at: 'now' }],
  ])('is nothing that is %s', (_, input) => {
    expect(parseStatement('meter', input)).toBeUndefined();
  });

  test('is not read with a body that its kind does not allow, though its author signed that', () => {
    const wrong = signStatement('meter', { ...body, served_ms: -1 }, statement.at, signer);
    expect(hasValidSignature(wrong)).toBe(true);
    expect(parseStatement('meter', wrong)).toBeUndefined();
    const more = signStatement('meter', { ...body, more: 1 } as typeof body, statement.at, signer);
    expect(parseStatement('meter', more)).toBeUndefined();
  });

  test('has a hash of everything but its signature', () => {
    const { signature: _, ...unsigned } = statement;
    expect(statementHash(unsigned)).toBe(statementHash(statement));
    const changes = [{ kind: 'receipt' }, { author: other.publicKey }, { at: 'x' }, { body: {} }, { v: 2 }];
    const hashes = changes.map((change) => statementHash({ ...statement, ...change } as Statement));
    expect(new Set([...hashes, statementHash(statement)]).size).toBe(6);
  });
});

test('a signature is of one message by one key; what is malformed is none', () => {
  const message = new TextEncoder().encode('hello');
  const signature = Buffer.from(signer.sign(message)).toString('hex');
  expect(verifySignature(signer.publicKey, message, signature)).toBe(true);
  expect(verifySignature(other.publicKey, message, signature)).toBe(false);
  expect(verifySignature(signer.publicKey, new Uint8Array(), signature)).toBe(false);
  expect(verifySignature('not hex', message, signature)).toBe(false);
  expect(verifySignature(signer.publicKey, message, signature.slice(2))).toBe(false);
});

test('a key of small order signs nothing, though the equation would hold for it', () => {
  // The neutral point as the key and as R, and S zero: valid for every message by ZIP 215.
  const neutral = `01${'00'.repeat(31)}`;
  expect(verifySignature(neutral, new Uint8Array([1, 2, 3]), `${neutral}${'00'.repeat(32)}`)).toBe(false);
});

test('what is signed to log in, to enrol and to dial in says which of them it is, and all of it', () => {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  expect(text(loginMessage({ nonce: 'n', server: 's', expires_at: 'e' }))).toBe(
    'coop/login/1\n{"expires_at":"e","nonce":"n","server":"s"}',
  );
  expect(text(enrolMessage({ token: 't', public_key: 'k' }))).toBe('coop/enrol/1\n{"public_key":"k","token":"t"}');
  expect(text(linkMessage({ machine_id: 'm', nonce: 'n', server: 's' }))).toBe(
    'coop/link/1\n{"machine_id":"m","nonce":"n","server":"s"}',
  );
});
