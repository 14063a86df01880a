import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/open.ts';
import type { Links } from '../gateway/links.ts';
import { fingerprintOf, makePeerCertificate } from './certificate.ts';
import { createLinkTo, type LinkTo } from './link-to.ts';
import { listenForPeers } from './listener.ts';
import { joinServers, type Servers } from './servers.ts';
import { createPeerSessions } from './sessions.ts';
import { createWakes, type Word } from './wakes.ts';

/** This server among those that share its database. */
export type Peers = {
  linkTo: LinkTo;
  say(word: Word): void;
  stop(): Promise<void>;
};

/** `url`: where the others reach it, when not at `host` and the port it got. */
export type PeerListen = { host: string; port: number; url?: string };

export type PeersDeps = {
  database: Database;
  clock: Clock;
  serverId: string;
  links: Links;
  log: Logger;
  listen: PeerListen | undefined;
  /** What another one says; null when anything may have been missed. */
  onWord(word: Word | null): void;
};

export async function createPeers(deps: PeersDeps): Promise<Peers> {
  const { database, serverId, links } = deps;
  const { db } = database;
  const log = deps.log.child({ room: 'peers', server_id: serverId });
  // The embedded database has one server.
  if (database.engine === 'pglite') {
    const linkTo = createLinkTo({ db, serverId, links, sessions: undefined, log });
    return { linkTo, say: () => {}, stop: async () => {} };
  }
  const joined = Promise.withResolvers<Servers>();
  const peer = deps.listen && (await openPeer(deps, deps.listen, log, joined.promise));
  const servers = await joinServers({
    db,
    clock: deps.clock,
    log,
    self: { id: serverId, peer_url: peer?.url ?? null, peer_certificate: peer?.cert ?? null },
    fingerprintOf,
    held: links.held,
  });
  joined.resolve(servers);
  const wakes = await createWakes({
    database,
    serverId,
    log,
    others: servers.others,
    onWord(word) {
      if (word === null || 'servers' in word)
        servers.look().catch((error: unknown) => log.warn({ err: error }, 'the other servers could not be read'));
      deps.onWord(word);
    },
  });
  wakes.say({ servers: 'changed' });
  return {
    linkTo: createLinkTo({ db, serverId, links, sessions: peer?.sessions, log }),
    say: wakes.say,
    async stop() {
      await servers.leave();
      wakes.say({ servers: 'changed' });
      await wakes.stop();
      peer?.sessions.close();
      await peer?.listener.close();
    },
  };
}

async function openPeer(
  { serverId, links }: PeersDeps,
  { host, port, url }: PeerListen,
  log: Logger,
  servers: Promise<Servers>,
) {
  const certificate = await makePeerCertificate(serverId);
  const isPeer = async (fingerprint: string) => (await (await servers).withCertificate(fingerprint)) !== undefined;
  const listener = await listenForPeers({ ...certificate, host, port, isPeer, linkOf: links.linkOf, log });
  const at = url ?? `https://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
  log.info({ url: at }, 'listening for other servers');
  return { cert: certificate.cert, url: at, listener, sessions: createPeerSessions(certificate, log) };
}
