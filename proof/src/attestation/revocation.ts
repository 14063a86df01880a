import { createHash, verify, X509Certificate } from 'node:crypto';
import { bodyOf, elementsIn, readDer, tags, within } from './der.ts';
import { parseOcspAnswer } from './ocsp.ts';
import type { CertificateStatus, OcspAnswer } from './ocsp.ts';

/**
 * What OCSP answers say of the first certificate of a chain that was verified. `revoked` when any answer of an authority says so, however
 * old: what is revoked stays revoked. `good` only by an answer for this time. Answers that nobody of the chain signed count for nothing.
 */
export function revocationOf(
  chain: readonly X509Certificate[],
  answers: readonly Uint8Array[],
  atMs: number,
): 'good' | 'revoked' | 'unknown' {
  const [certificate, issuer, ...above] = chain;
  if (certificate === undefined || issuer === undefined) return 'unknown';
  const statuses = answers
    .slice(0, ANSWERS_MAX)
    .map((bytes) => parseOcspAnswer(bytes))
    .filter((answer) => answer !== undefined)
    .filter((answer) => answer.statuses.some((status) => isAbout(status, certificate, issuer)))
    .filter((answer) => isSignedFor(answer, issuer, above, atMs))
    .flatMap((answer) => answer.statuses.filter((status) => isAbout(status, certificate, issuer)))
    .filter(({ fromMs }) => fromMs <= atMs + CLOCKS_APART_MS);
  if (statuses.some(({ status }) => status === 'revoked')) return 'revoked';
  const isGood = statuses.some(
    ({ status, untilMs }) => status === 'good' && untilMs !== undefined && atMs <= untilMs + CLOCKS_APART_MS,
  );
  return isGood ? 'good' : 'unknown';
}

const ANSWERS_MAX = 16;
const CERTIFICATES_MAX = 4;
/** Of the service and of who verifies. */
const CLOCKS_APART_MS = 300_000;

/** SHA-1 only names the issuer here; nothing is signed with it. */
const hashes: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha1',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
};

function isAbout(status: CertificateStatus, certificate: X509Certificate, issuer: X509Certificate): boolean {
  const hash = hashes[status.hash];
  if (hash === undefined || status.serialNumber !== certificate.serialNumber) return false;
  const identity = identityOf(issuer);
  if (identity === undefined) return false;
  const isHashOf = (claimed: Uint8Array, bytes: Uint8Array): boolean =>
    createHash(hash).update(bytes).digest().equals(claimed);
  return isHashOf(status.issuerName, identity.name) && isHashOf(status.issuerKey, identity.key);
}

/** The subject as it is encoded, and the bits of the public key (RFC 6960, section 4.1.1). */
function identityOf(issuer: X509Certificate): { name: Uint8Array; key: Uint8Array } | undefined {
  return readDer(() => {
    const [body] = within(elementsIn(issuer.raw)[0], tags.sequence);
    const [version, _serialNumber, _algorithm, _issuer, _validity, subject, key] = within(body, tags.sequence);
    bodyOf(version, tags.part(0));
    bodyOf(subject, tags.sequence);
    const [, bits] = within(key, tags.sequence);
    return { name: subject!.whole, key: bodyOf(bits, tags.bits).subarray(1) };
  });
}

const algorithms: Readonly<Record<string, string>> = {
  '2a8648ce3d040302': 'sha256', // ecdsa-with-SHA256, and so on
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256', // sha256WithRSAEncryption, and so on
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
};

/**
 * By the issuer, an authority above it, or whom one of them lets answer (RFC 6960, section 4.2.2.2, which names the issuer only: those above
 * may replace it altogether, so they may answer for it too). The certificate that is asked about may not.
 */
function isSignedFor(
  { signed, algorithm, signature, certificates }: OcspAnswer,
  issuer: X509Certificate,
  above: readonly X509Certificate[],
  atMs: number,
): boolean {
  const hash = algorithms[algorithm];
  if (hash === undefined) return false;
  const delegates = certificates
    .slice(0, CERTIFICATES_MAX)
    .map(readCertificate)
    .filter((one) => one !== undefined)
    .filter((one) => mayAnswer(one, atMs) && [issuer, ...above].some((authority) => isIssuedBy(one, authority)));
  return [issuer, ...above, ...delegates].some(({ publicKey }) => isSigned(hash, signed, publicKey, signature));
}

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

function mayAnswer({ keyUsage, validFrom, validTo }: X509Certificate, atMs: number): boolean {
  return (
    (keyUsage ?? []).includes(OCSP_SIGNING) &&
    Date.parse(validFrom) <= atMs + CLOCKS_APART_MS &&
    atMs - CLOCKS_APART_MS <= Date.parse(validTo)
  );
}

const isIssuedBy = (one: X509Certificate, authority: X509Certificate): boolean =>
  one.checkIssued(authority) && one.verify(authority.publicKey);

function isSigned(hash: string, signed: Uint8Array, key: X509Certificate['publicKey'], signature: Uint8Array): boolean {
  const isKnown = key.asymmetricKeyType === 'ec' || key.asymmetricKeyType === 'rsa';
  return isKnown && verify(hash, signed, key, signature);
}

function readCertificate(bytes: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}
