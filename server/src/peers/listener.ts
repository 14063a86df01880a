import http2, { type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { Logger } from 'pino';
import type { AgentLink } from '../gateway/agent-link.ts';
import { brokenOff, Http2Duplex } from '../gateway/http2-duplex.ts';
import type { PeerCertificate } from './certificate.ts';
import { CONNECTION_WINDOW_BYTES, MACHINE_HEADER, NO_LINK_HEADER, SESSION_MIB, STREAM_WINDOW_BYTES } from './peer.ts';

export type PeerListener = { port: number; close(): Promise<void> };

type ListenerOptions = PeerCertificate & {
  host: string;
  port: number;
  /** Whether a server of this network shows this certificate. */
  isPeer(fingerprint256: string): Promise<boolean>;
  linkOf(machineId: string): AgentLink | undefined;
  log: Logger;
};

const HANDSHAKE_MS = 5000;
const CONNECTIONS_MAX = 1024;

/** What a server asks of a machine for another one. The events of a machine are only ever read by the server that has its link. */
const PASSED_ON = /^\/v1\/(?:leases\/|doctor$|terms$)/;
const TO_AGENT = ['content-type', 'x-coop-exec'];
const FROM_AGENT = ['content-type'];

/**
 * Where other servers ask for the machines whose links are here. Whoever connects must show the certificate of a server that stands in
 * the table, and have its key; nobody else gets as far as a request. Only links of this very server are used, so no request goes round.
 */
export async function listenForPeers(options: ListenerOptions): Promise<PeerListener> {
  const { log } = options;
  const admitted = new WeakMap<Http2Session, Promise<boolean>>();
  const sessions = new Set<Http2Session>();
  const server = http2.createSecureServer({
    cert: options.cert,
    key: options.key,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // No authority signs these: which certificates are good stands in the table.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: 128 * 1024 },
    maxSessionMemory: SESSION_MIB,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('unknownProtocol', (socket) => socket.destroy());
  server.on('tlsClientError', (error) => log.debug({ err: error }, 'a connection of no server was refused'));
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.once('close', () => sessions.delete(session));
    session.on('error', (error) => log.debug({ err: error }, 'a connection of another server failed'));
    const admission = admit(session);
    admitted.set(session, admission);
    void admission.then((good) => {
      if (!good) session.destroy();
    });
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}); // also before anybody listens
    void (stream.session === undefined ? undefined : admitted.get(stream.session))?.then((good) => {
      if (good && !stream.destroyed) passOn(stream, headers);
    });
  });

  async function admit(session: Http2Session): Promise<boolean> {
    const { remoteAddress } = session.socket;
    const shown = (session.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256;
    const good = shown !== undefined && (await options.isPeer(shown).catch(() => false));
    if (!good) log.warn({ address: remoteAddress }, 'a stranger knocked where only servers of this network may');
    return good;
  }

  function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const incoming = new Http2Duplex(stream);
    const [machineId, path] = [headers[MACHINE_HEADER], headers[':path'] ?? ''];
    try {
      if (typeof machineId !== 'string' || !PASSED_ON.test(path))
        throw new CoopError('forbidden', `${path} of a machine is not asked for by other servers.`);
      const link = options.linkOf(machineId);
      if (link === undefined) return noLink(incoming, stream);
      join(incoming, stream, link.open(headers[':method'] ?? 'GET', path, only(TO_AGENT, headers)));
    } catch (error) {
      refuse(incoming, stream, brokenOff(error));
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** Bytes pass both ways, no faster than they are taken. What is cut off on one side is cut off on the other, never ended in order. */
function join(incoming: Http2Duplex, stream: ServerHttp2Stream, upstream: ReturnType<AgentLink['open']>): void {
  incoming.once('close', () => {
    if (incoming.errored !== null) upstream.destroy(incoming.errored);
  });
  incoming.pipe(upstream);
  upstream.head.then(
    ({ status, headers }) => {
      if (stream.destroyed) return;
      stream.respond({ ...only(FROM_AGENT, headers), ':status': status });
      upstream.once('close', () => {
        if (upstream.errored !== null) incoming.destroy(upstream.errored);
      });
      upstream.pipe(incoming);
    },
    (error: unknown) => refuse(incoming, stream, brokenOff(error)),
  );
}

function refuse(incoming: Http2Duplex, stream: ServerHttp2Stream, error: CoopError): void {
  if (stream.destroyed) return;
  const problem = toProblem(error);
  stream.respond({ ':status': problem.status, 'content-type': 'application/problem+json' });
  incoming.end(JSON.stringify(problem));
}

function noLink(incoming: Http2Duplex, stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 421, [NO_LINK_HEADER]: '1' });
  incoming.end();
}

function only(names: string[], headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}
