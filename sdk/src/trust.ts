import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** `ca`: PEM to trust for this server instead of the usual. `fingerprint`: SHA-256 of the one certificate that is the server, whatever its name. */
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
  if (plainHex(certificate.fingerprint256) !== plainHex(trust.fingerprint)) {
    throw new CoopError('invalid_signature', `The server at ${server.host} shows another certificate than the one pinned.`, {
      hint: 'If its operator made a new one, log in again with the new fingerprint; otherwise somebody is in between.',
      details: { pinned: plainHex(trust.fingerprint), shown: plainHex(certificate.fingerprint256) },
    });
  }
  return { ca: certificate.toString(), checkServerIdentity: () => undefined };
}

function presentedCertificate(server: URL): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(server.port || 443), rejectUnauthorized: false, ...(isName(host) && { servername: host }) });
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

const isName = (host: string) => /[a-z]/i.test(host) && !host.includes(':');
const plainHex = (fingerprint: string) => fingerprint.replace(/^sha256:/i, '').replaceAll(':', '').toLowerCase();
