import { connect } from 'node:tls';
import { CoopError } from '@gpucoop/protocol/problem.ts';

export type Presented = {
  /** SHA-256 of the certificate, lower-case hex. */
  fingerprint: string;
  /** A public authority vouches for it, under this name. */
  trusted: boolean;
};

const TIMEOUT_MS = 10_000;

/** The certificate that a server shows. Nothing is sent to it. Undefined for plain HTTP. */
export async function presentedCertificate(server: string): Promise<Presented | undefined> {
  const url = new URL(server);
  if (url.protocol !== 'https:') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const isName = /[a-z]/i.test(host) && !host.includes(':');
    const socket = connect({
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: false,
      ...(isName && { servername: host }),
    });
    const fail = (cause: Error): void => {
      socket.destroy();
      reject(
        new CoopError('unavailable', `${server} does not answer.`, {
          hint: 'Check the address and that the network is up.',
          cause,
        }),
      );
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error('no TLS answer in time')));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) return fail(new Error('the server shows no certificate'));
      resolve({
        fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        trusted: socket.authorized,
      });
    });
  });
}
