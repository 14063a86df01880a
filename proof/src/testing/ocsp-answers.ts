import { createHash, sign, X509Certificate } from 'node:crypto';
import type { Issued } from './attestation-evidence.ts';
import { certificate, der, keys, name, sequence } from './certificates.ts';
import type { Keys } from './certificates.ts';

export type AnswerOptions = {
  status?: 'good' | 'revoked' | 'unknown';
  /** Since when and until when it is true. */
  fromMs?: number;
  untilMs?: number | undefined;
  /** Who signs: the issuer where nothing is said. */
  by?: Keys;
  /** Certificates that go with it. */
  certificates?: readonly Buffer[];
  responseStatus?: number;
};

/** What an authority's service answers about a certificate (RFC 6960). */
export function ocspAnswer(about: Issued, issuer: Issued, options: AnswerOptions = {}): Uint8Array {
  const { status = 'good', by = issuer.keys, certificates = [], responseStatus = 0 } = options;
  const { fromMs = Date.UTC(2026, 10, 25), untilMs = Date.UTC(2026, 10, 28) } = options;
  const { subject } = new X509Certificate(issuer.der);
  const { serialNumber: serial } = new X509Certificate(about.der);
  const hashed = (bytes: Uint8Array): Buffer => der(0x04, createHash('sha384').update(bytes).digest());
  const key = issuer.keys.publicKey.export({ type: 'spki', format: 'der' });
  const single = sequence(
    sequence(
      sequence(Buffer.from('0609608648016503040202', 'hex')), // SHA-384
      hashed(name(subject.replace('CN=', ''))),
      hashed(key.subarray(-97)), // the point of a key on P-384
      der(0x02, Buffer.from(serial, 'hex')),
    ),
    { good: der(0x80), revoked: der(0xa1, time(fromMs)), unknown: der(0x82) }[status],
    time(fromMs),
    ...('untilMs' in options && options.untilMs === undefined ? [] : [der(0xa0, time(untilMs))]),
  );
  const data = sequence(der(0xa1, name('Example OCSP')), time(fromMs), sequence(single));
  const basic = sequence(
    data,
    sequence(Buffer.from('06082a8648ce3d040303', 'hex')), // ecdsa-with-SHA384
    der(0x03, Buffer.from([0]), sign('sha384', data, by.privateKey)),
    ...(certificates.length === 0 ? [] : [der(0xa0, sequence(...certificates))]),
  );
  const response = sequence(Buffer.from('06092b0601050507300101', 'hex'), der(0x04, basic));
  return new Uint8Array(sequence(der(0x0a, Buffer.from([responseStatus])), der(0xa0, response)));
}

/** A certificate under which somebody may answer for `issuer`, unless it lacks the usage that says so. */
export function responderOf(issuer: Issued, { answers = true, years = [2021, 9999] as [number, number] } = {}): Issued {
  const own = keys();
  const { subject } = new X509Certificate(issuer.der);
  const signed = { subject: 'Example OCSP', issuer: subject.replace('CN=', ''), key: own, by: issuer.keys };
  return { der: certificate({ ...signed, years, authority: false, answers }), keys: own };
}

const time = (ms: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`));
