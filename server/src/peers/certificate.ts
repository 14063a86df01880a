import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

/** By what a server is known to the others: a key made at its start, which never leaves the process, and the certificate of it. */
export type PeerCertificate = { cert: string; key: string };

/** No authority and no dates count: the very certificate stands in the table of servers, and whoever shows it must have its key. */
export async function makePeerCertificate(serverId: string): Promise<PeerCertificate> {
  const made = await generate([{ name: 'commonName', value: serverId }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
  });
  return { cert: made.cert, key: made.private };
}

export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}
