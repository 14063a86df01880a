import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cardWithChain } from '../testing/attestation-evidence.ts';
import { attestationNonce, verifyAttestation } from './verify-attestation.ts';

const atMs = Date.UTC(2026, 10, 26);
const nonce = attestationNonce(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));

test('a report of a card whose chain ends at a trusted root is genuine, with what was measured', () => {
  const card = cardWithChain();
  const evidence = { report: card.report(nonce), chain: card.chain };
  const attested = verifyAttestation(evidence, { nonce, atMs, roots: [card.root] });
  expect(attested).toMatchObject({ subject: 'CN=GH100 A01 GSP BROM' });
  expect('measurements' in attested && [...attested.measurements]).toEqual([
    [1, new Uint8Array(48).fill(1)],
    [2, new Uint8Array(48).fill(2)],
  ]);
});

test('each thing that is wrong has its name', () => {
  const card = cardWithChain();
  const judged = (maker = card, asked = nonce, roots = [maker.root]) =>
    verifyAttestation({ report: maker.report(nonce), chain: maker.chain }, { nonce: asked, atMs, roots });
  expect(judged(card, attestationNonce(new Uint8Array(32).fill(1), new Uint8Array(16).fill(3)))).toEqual({
    fault: 'wrong_nonce',
  });
  expect(judged(cardWithChain({ forged: true }))).toEqual({ fault: 'broken_chain' });
  expect(judged(cardWithChain({ misnamed: true }))).toEqual({ fault: 'broken_chain' });
  expect(judged(cardWithChain({ authority: false }))).toEqual({ fault: 'broken_chain' });
  expect(judged(cardWithChain({ years: [2021, 2025] }))).toEqual({ fault: 'not_in_time' });
  expect(judged(cardWithChain({ years: [2027, 2030] }))).toEqual({ fault: 'not_in_time' });
  expect(judged(card, nonce, [cardWithChain().root])).toEqual({ fault: 'unknown_root' });
  expect(judged(cardWithChain({ otherKey: true }))).toEqual({ fault: 'bad_signature' });
});

test('without a root of one’s own only NVIDIA’s counts', () => {
  const card = cardWithChain();
  expect(verifyAttestation({ report: card.report(nonce), chain: card.chain }, { nonce, atMs })).toEqual({
    fault: 'unknown_root',
  });
});

test('a card’s own certificate alone proves nothing', () => {
  const card = cardWithChain();
  const [own] = card.chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const evidence = { report: card.report(nonce), chain: own! };
  expect(verifyAttestation(evidence, { nonce, atMs, roots: [card.root] })).toEqual({ fault: 'unknown_root' });
});

test('whatever is changed, cut off or added is never genuine, and never an exception', () => {
  const card = cardWithChain();
  const report = card.report(nonce);
  const judged = (bytes: Uint8Array) =>
    verifyAttestation({ report: bytes, chain: card.chain }, { nonce, atMs, roots: [card.root] });
  fc.assert(
    fc.property(fc.nat(report.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(report);
      changed[at]! ^= flip;
      expect(judged(changed)).toHaveProperty('fault');
      expect(judged(report.subarray(0, at))).toEqual({ fault: 'malformed' });
      expect(judged(Buffer.concat([report, report.subarray(0, at + 1)]))).toEqual({ fault: 'malformed' });
    }),
    { numRuns: 300 },
  );
});

test('a chain that is no chain, or too long, is malformed', () => {
  const card = cardWithChain();
  for (const chain of ['', 'x', card.chain.repeat(3), card.chain.replaceAll('M', '!'), 'A'.repeat(20_000)]) {
    expect(verifyAttestation({ report: card.report(nonce), chain }, { nonce, atMs, roots: [card.root] })).toEqual({
      fault: 'malformed',
    });
  }
});
