import http2, { type ClientHttp2Session } from 'node:http2';
import tls, { type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { fingerprintOf, type PeerCertificate } from './certificate.ts';
import { CONNECTION_WINDOW_BYTES, SESSION_MIB, STREAM_WINDOW_BYTES, type Peer } from './peer.ts';

/** Connections to other servers: one each, made when first needed, and given up as soon as the other end answers no more. */
export type PeerSessions = {
  /** Throws an Error that says why there is none. */
  to(peer: Peer): Promise<ClientHttp2Session>;
  close(): void;
};

const CONNECT_MS = 3000;
/** A server whose computer lost its power says no goodbye: it is missed after two of these at most. */
const PING_MS = 3000;
const FRAME_BYTES = 64 * 1024;

export function createPeerSessions(own: PeerCertificate, log: Logger): PeerSessions {
  const sessions = new Map<string, Promise<ClientHttp2Session>>();
  let closed = false;

  async function open(peer: Peer): Promise<ClientHttp2Session> {
    const socket = await connect(peer, own);
    const session = http2.connect(peer.url.origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: FRAME_BYTES, enablePush: false },
      maxSessionMemory: SESSION_MIB,
    });
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    });
    session.on('error', (error) => log.debug({ err: error, server_id: peer.id }, 'a connection to a server failed'));
    session.once('close', () => sessions.delete(peer.id));
    keepAlive(session);
    if (closed) session.destroy();
    return session;
  }

  return {
    async to(peer) {
      const known = sessions.get(peer.id) ?? open(peer);
      sessions.set(peer.id, known);
      try {
        return await known;
      } catch (error) {
        if (sessions.get(peer.id) === known) sessions.delete(peer.id);
        throw error;
      }
    },
    close() {
      closed = true;
      for (const session of sessions.values()) session.then((open) => open.destroy()).catch(() => undefined);
    },
  };
}

/** Connected, and seen to be that very server: nothing is said before. */
function connect(peer: Peer, own: PeerCertificate): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = tls.connect({
    host: peer.url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(peer.url.port === '' ? 443 : peer.url.port),
    ...own,
    // No authority signs these: the certificate must be the very one of the table.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  });
  const deadline = setTimeout(() => socket.destroy(new Error(`no answer in ${CONNECT_MS / 1000} s`)), CONNECT_MS);
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('it closed the connection')));
  socket.once('secureConnect', () => {
    if (socket.getPeerX509Certificate()?.fingerprint256 === fingerprintOf(peer.certificate)) return resolve(socket);
    socket.destroy(new Error('another one answers at its address'));
  });
  return promise.finally(() => clearTimeout(deadline));
}

function keepAlive(session: ClientHttp2Session): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return session.destroy(new Error('it answers no more'));
    answered = false;
    session.ping((error) => {
      answered = error === null;
    });
  }, PING_MS);
  session.once('close', () => clearInterval(timer));
}
