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
type Issued = (typeof maker.certificates)[number];
type Chain = [card: Issued, middle: Issued, upper: Issued, root: Issued];
const [card, middle, upper, root] = maker.certificates as Chain;

const judged = (...ocspAnswers: Uint8Array[]) => {
  const evidence = { report: maker.report(nonce), chain: maker.chain };
  const result = verifyAttestation(evidence, { nonce, atMs, roots: [maker.root], ocspAnswers });
  return 'fault' in result ? result.fault : result.revocation;
};
const upperIsGood = ocspAnswer(upper, root);
const good = [upperIsGood, ocspAnswer(middle, upper)];

test('a chain whose authorities are good now is genuine; without answers nothing is asked', () => {
  expect(judged()).toBe('not_asked');
  expect(judged(...good)).toBe('none');
  expect(judged(...good, ocspAnswer(card, middle))).toBe('none');
});

test('what any authority says is revoked is revoked, also the card’s own certificate, and also long ago', () => {
  expect(judged(...good, ocspAnswer(middle, upper, { status: 'revoked' }))).toBe('revoked');
  expect(judged(...good, ocspAnswer(upper, root, { status: 'revoked' }))).toBe('revoked');
  expect(judged(...good, ocspAnswer(card, middle, { status: 'revoked' }))).toBe('revoked');
  const longAgo = { status: 'revoked', fromMs: atMs - 900 * dayMs, untilMs: atMs - 800 * dayMs } as const;
  expect(judged(ocspAnswer(middle, upper, longAgo), ...good)).toBe('revoked');
});

test('an answer that is about another certificate or time, or says nothing, leaves it unknown', () => {
  const besides = (answer: Uint8Array) => judged(upperIsGood, answer);
  expect(judged(upperIsGood)).toBe('revocation_unknown');
  expect(besides(ocspAnswer(card, middle))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(responderOf(upper), upper))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(middle, upper, { status: 'unknown' }))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(middle, upper, { fromMs: atMs + dayMs }))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(middle, upper, { untilMs: atMs - dayMs }))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(middle, upper, { untilMs: undefined }))).toBe('revocation_unknown');
  expect(besides(ocspAnswer(middle, upper, { responseStatus: 3 }))).toBe('revocation_unknown');
  const [, otherMiddle, otherUpper] = cardWithChain().certificates as Chain;
  expect(besides(ocspAnswer(otherMiddle, otherUpper))).toBe('revocation_unknown');
  // Of the same name, but with another key.
  expect(besides(ocspAnswer(middle, otherUpper, { by: upper.keys }))).toBe('revocation_unknown');
});

test('whom an authority lets answer counts while its certificate is valid; nobody else does', () => {
  const from = (responder: Issued) =>
    judged(upperIsGood, ocspAnswer(middle, upper, { by: responder.keys, certificates: [responder.der] }));
  expect(from(responderOf(upper))).toBe('none');
  expect(from(responderOf(upper, { answers: false }))).toBe('revocation_unknown');
  expect(from(responderOf(upper, { years: [2021, 2025] }))).toBe('revocation_unknown');
  expect(from(responderOf(middle))).toBe('revocation_unknown');
  expect(from(responderOf((cardWithChain().certificates as Chain)[2]))).toBe('revocation_unknown');
  expect(judged(upperIsGood, ocspAnswer(middle, upper, { by: middle.keys }))).toBe('revocation_unknown');
  expect(judged(upperIsGood, ocspAnswer(middle, upper, { by: responderOf(upper).keys }))).toBe('revocation_unknown');
  // An authority above the issuer may answer for it, and let somebody do so.
  expect(judged(upperIsGood, ocspAnswer(middle, upper, { by: root.keys }))).toBe('none');
  expect(from(responderOf(root))).toBe('none');
});

test('whatever is changed, cut off or added never makes an answer good, and is never an exception', () => {
  const answer = ocspAnswer(middle, upper);
  fc.assert(
    fc.property(fc.nat(answer.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(answer);
      changed[at]! ^= flip;
      expect(judged(upperIsGood, changed)).toBe('revocation_unknown');
      expect(parseOcspAnswer(answer.subarray(0, at))).toBeUndefined();
      expect(parseOcspAnswer(Buffer.concat([answer, answer.subarray(0, at + 1)]))).toBeUndefined();
    }),
    { numRuns: 100 },
  );
  expect(parseOcspAnswer(new Uint8Array(2 ** 20))).toBeUndefined();
});
