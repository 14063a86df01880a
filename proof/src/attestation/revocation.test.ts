import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cardWithChain } from '../testing/attestation-evidence.ts';
import { ocspAnswer, responderOf } from '../testing/ocsp-answers.ts';
import { parseOcspAnswer } from './ocsp.ts';
import { attestationNonce, verifyAttestation } from './verify-attestation.ts';

const atMs = Date.UTC(2026, 10, 26);
const dayMs = 86_400_000;
const nonce = attestationNonce(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));
const maker = cardWithChain();
const [card, middle, root] = maker.certificates as [Issued, Issued, Issued];
type Issued = (typeof maker.certificates)[number];

const judged = (...ocspAnswers: Uint8Array[]) => {
  const evidence = { report: maker.report(nonce), chain: maker.chain };
  const result = verifyAttestation(evidence, { nonce, atMs, roots: [maker.root], ocspAnswers });
  return 'fault' in result ? result.fault : result.revocation;
};

test('a chain whose authorities are good now is genuine; without answers nothing is asked', () => {
  expect(judged()).toBe('not_asked');
  expect(judged(ocspAnswer(middle, root))).toBe('none');
  expect(judged(ocspAnswer(card, middle), ocspAnswer(middle, root))).toBe('none');
});

test('what any authority says is revoked is revoked, also the card’s own certificate, and also long ago', () => {
  const good = ocspAnswer(middle, root);
  expect(judged(good, ocspAnswer(middle, root, { status: 'revoked' }))).toBe('revoked');
  expect(judged(good, ocspAnswer(card, middle, { status: 'revoked' }))).toBe('revoked');
  const longAgo = { status: 'revoked', fromMs: atMs - 900 * dayMs, untilMs: atMs - 800 * dayMs } as const;
  expect(judged(ocspAnswer(middle, root, longAgo), good)).toBe('revoked');
});

test('an answer that is about another certificate or time, or says nothing, leaves it unknown', () => {
  expect(judged(ocspAnswer(card, middle))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { status: 'unknown' }))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { fromMs: atMs + dayMs }))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { untilMs: atMs - dayMs }))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { untilMs: undefined }))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { responseStatus: 3 }))).toBe('revocation_unknown');
  const [, otherMiddle, otherRoot] = cardWithChain().certificates as [Issued, Issued, Issued];
  expect(judged(ocspAnswer(otherMiddle, otherRoot))).toBe('revocation_unknown');
});

test('whom an authority lets answer counts while its certificate is valid; nobody else does', () => {
  const from = (responder: Issued) =>
    judged(ocspAnswer(middle, root, { by: responder.keys, certificates: [responder.der] }));
  expect(from(responderOf(root))).toBe('none');
  expect(from(responderOf(root, { answers: false }))).toBe('revocation_unknown');
  expect(from(responderOf(root, { years: [2021, 2025] }))).toBe('revocation_unknown');
  expect(from(responderOf(middle))).toBe('revocation_unknown');
  expect(from(responderOf(cardWithChain().certificates[2]!))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { by: middle.keys }))).toBe('revocation_unknown');
  expect(judged(ocspAnswer(middle, root, { by: responderOf(root).keys }))).toBe('revocation_unknown');
  // An authority above the issuer may answer for it.
  const above = responderOf(root);
  const revoked = ocspAnswer(card, middle, { status: 'revoked', by: above.keys, certificates: [above.der] });
  expect(judged(revoked)).toBe('revoked');
});

test('whatever is changed, cut off or added never makes an answer good, and is never an exception', () => {
  const answer = ocspAnswer(middle, root);
  fc.assert(
    fc.property(fc.nat(answer.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(answer);
      changed[at]! ^= flip;
      expect(judged(changed)).toBe('revocation_unknown');
      expect(parseOcspAnswer(answer.subarray(0, at))).toBeUndefined();
      expect(parseOcspAnswer(Buffer.concat([answer, answer.subarray(0, at + 1)]))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  expect(parseOcspAnswer(new Uint8Array(2 ** 20))).toBeUndefined();
});
