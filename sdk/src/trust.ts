import { connect } from 'node:tls';
import { createHash, type X509Certificate } from 'node:crypto';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/**
 * `ca`: PEM to trust for this server instead of the usual. `fingerprint`: what the server is, whatever its name: SHA-256 of its
 * certificate in hex, or of its public key as curl writes it (`sha256//` and base64), which a renewed certificate keeps.
 */
export type TrustOptions = { ca?: string; fingerprint?: string };

/** What `tls.connect` takes to trust this server and no other. */
export type TlsOptions = { ca?: string; checkServerIdentity?: () => undefined };

const PROBE_TIMEOUT_MS = 10_000;

/**
 * A pinned certificate is fetched once, compared, and then is the only one trusted: nothing is sent before, and the name in it
 * does not matter, so a server at home may change its address.
 */
export async function tlsOptionsFor(server: URL, trust: TrustOptions): Promise<TlsOptions> {
  if (trust.fingerprint === undefined) return trust.ca === undefined ? {} : { ca: trust.ca };
  const certificate = await presentedCertificate(server);
  if (!isPinned(certificate, trust.fingerprint)) {
    throw new CoopError(
      'invalid_signature',
      `The server at ${server.host} shows another certificate than the one pinned.`,
      {
        hint: 'If its operator made a new one, log in again with the new fingerprint; otherwise somebody is in between.',
        details: { pinned: trust.fingerprint, shown: plainHex(certificate.fingerprint256) },
      },
    );
  }
  return { ca: certificate.toString(), checkServerIdentity: () => undefined };
}

function presentedCertificate(server: URL): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: Number(server.port || 443),
      rejectUnauthorized: false,
      ...(isName(host) && { servername: host }),
    });
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error('no TLS answer in time')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate();
      socket.destroy();
      if (shown === undefined) reject(new Error('the server shows no certificate'));
      else resolve(shown);
    });
  });
}

function isPinned(certificate: X509Certificate, pin: string): boolean {
  if (!pin.startsWith('sha256//')) return plainHex(certificate.fingerprint256) === plainHex(pin);
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('base64') === pin.slice('sha256//'.length);
}

const isName = (host: string) => /[a-z]/i.test(host) && !host.includes(':');
const plainHex = (fingerprint: string) =>
  fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
