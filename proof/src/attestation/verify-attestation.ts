import { verify, X509Certificate } from 'node:crypto';
import { labelled } from '../keys.ts';
import { revocationOf } from './revocation.ts';
import { parseReport } from './spdm.ts';

/**
 * What a card says of itself, under a key that was burnt into it. It is a hint on top of the proof: a genuine card may stand elsewhere and
 * answer for another, unless its answer is bound to the session, which the nonce does. Whether the measured firmware is one that NVIDIA
 * published is not looked at. Whether a certificate was revoked is told by answers of NVIDIA's service, for who brings them.
 */
export type Evidence = { report: Uint8Array; /** PEM, the card's own certificate first. */ chain: string };

export type Attested = {
  /** Of the card's own certificate. */
  subject: string;
  serialNumber: string;
  measurements: ReadonlyMap<number, Uint8Array>;
  revocation: 'none' | 'not_asked';
};

export const attestationFaults = {
  malformed: 'the report or a certificate cannot be read',
  wrong_nonce: 'the report answers another question than was asked',
  broken_chain: 'a certificate was not issued by the next one of the chain',
  not_in_time: 'a certificate of the chain is not valid at this time',
  unknown_root: 'the chain does not end at a root that is trusted',
  revoked: 'a certificate of the chain was revoked',
  revocation_unknown: 'no answer for this time says that the certificates of the chain are good',
  bad_signature: 'the report was not signed by the card that the chain is for',
} as const;
export type AttestationFault = keyof typeof attestationFaults;

/** SHA-256 of the certificate "NVIDIA Device Identity CA", as NVIDIA publishes it: github.com/NVIDIA/nvtrust, verifier_device_root.pem. */
const NVIDIA_DEVICE_ROOT = '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48';

export type AttestationOptions = {
  nonce: Uint8Array;
  atMs: number;
  /** SHA-256 of roots, in hex. */
  roots?: readonly string[];
  /** OCSP responses in DER about the certificates of the chain. Where there are none, revocation is not asked. */
  ocspAnswers?: readonly Uint8Array[];
};

/** A card's answer to this nonce is nobody else's: it stands for one key of a machine and one challenge. */
export function attestationNonce(proverKey: Uint8Array, challengeId: Uint8Array): Uint8Array {
  return labelled('attestation', proverKey, challengeId);
}

export function verifyAttestation(
  evidence: Evidence,
  { nonce, atMs, roots = [NVIDIA_DEVICE_ROOT], ocspAnswers = [] }: AttestationOptions,
): Attested | { fault: AttestationFault } {
  const report = parseReport(new Uint8Array(evidence.report));
  const chain = certificatesIn(evidence.chain);
  if (report === undefined || chain === undefined) return { fault: 'malformed' };
  if (Buffer.compare(report.nonce, nonce) !== 0) return { fault: 'wrong_nonce' };
  const [own] = chain as [X509Certificate];
  for (const [n, certificate] of chain.entries()) {
    const issuer = chain[n + 1];
    if (issuer === undefined) break;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      return { fault: 'broken_chain' };
    }
  }
  const inTime = chain.every(({ validFrom, validTo }) => Date.parse(validFrom) <= atMs && atMs <= Date.parse(validTo));
  if (!inTime) return { fault: 'not_in_time' };
  const root = chain.at(-1)!.fingerprint256.replaceAll(':', '').toLowerCase();
  if (!roots.includes(root)) return { fault: 'unknown_root' };
  const revocation = ocspAnswers.length === 0 ? 'not_asked' : revocationIn(chain, ocspAnswers, atMs);
  if (typeof revocation === 'object') return revocation;
  const key = { key: own.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  if (own.publicKey.asymmetricKeyType !== 'ec' || !verify('sha384', report.signed, key, report.signature)) {
    return { fault: 'bad_signature' };
  }
  return { subject: own.subject, serialNumber: own.serialNumber, measurements: report.measurements, revocation };
}

/**
 * Every authority but the root must be good. The card's own certificate must only not be revoked: NVIDIA's verifier does not ask about it
 * (github.com/NVIDIA/nvtrust, `ocsp_certificate_chain_validation`), so there may be no answer.
 */
function revocationIn(
  chain: readonly X509Certificate[],
  answers: readonly Uint8Array[],
  atMs: number,
): 'none' | { fault: AttestationFault } {
  const statuses = chain.slice(0, -1).map((_, n) => revocationOf(chain.slice(n), answers, atMs));
  if (statuses.includes('revoked')) return { fault: 'revoked' };
  return statuses.slice(1).every((status) => status === 'good') ? 'none' : { fault: 'revocation_unknown' };
}

/** The driver hands out no more than five certificates in 5 KiB. */
const CERTIFICATES_MAX = 8;
const CHAIN_CHARS_MAX = 16_384;

function certificatesIn(pem: string): X509Certificate[] | undefined {
  if (pem.length > CHAIN_CHARS_MAX) return undefined;
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (texts.length === 0 || texts.length > CERTIFICATES_MAX) return undefined;
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch {
    return undefined;
  }
}
