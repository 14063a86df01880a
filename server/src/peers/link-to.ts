import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Tables } from '../db/rows.ts';
import { agentRequests, type AgentRequests } from '../gateway/agent-requests.ts';
import { brokenOff } from '../gateway/http2-duplex.ts';
import { defaultLinkLimits } from '../gateway/limits.ts';
import type { Links } from '../gateway/links.ts';
import { StreamDuplex } from '../gateway/stream-duplex.ts';
import { MACHINE_HEADER, nameOf, NO_LINK_HEADER, peerOf } from './peer.ts';
import type { PeerSessions } from './sessions.ts';

/** Requests to a machine, over the link that this server has or another one. Throws `machine_unreachable`, with a hint that says why. */
export type LinkTo = (machineId: string) => Promise<AgentRequests>;

type LinkToDeps = {
  db: Kysely<Tables>;
  serverId: string;
  links: Links;
  /** Undefined: this server does not speak with others. */
  sessions: PeerSessions | undefined;
  log: Logger;
};

/** A link that is just moving is where the table says in a moment. */
const LOOK_AGAIN_MS = [50, 200, 500];

export function createLinkTo(deps: LinkToDeps): LinkTo {
  const { db, serverId, links, log } = deps;

  return async (machineId) => {
    const own = links.linkOf(machineId);
    if (own !== undefined) return own; // whatever the table says: a link that is there is there
    const other = await theOther(machineId);
    return {
      request: (method, path, options = {}) =>
        // An upload flows while the answer is awaited, so it cannot be begun again.
        options.body === undefined
          ? following(machineId, other, (there) => there.request(method, path, options))
          : other.request(method, path, options),
      openStream: (method, path, options) =>
        following(machineId, other, (there) => there.openStream(method, path, options)),
    };
  };

  /** A request that met a server without the link has reached no machine: it is made again where the link is now. */
  async function following<Result>(
    machineId: string,
    first: AgentRequests,
    ask: (there: AgentRequests) => Promise<Result>,
  ): Promise<Result> {
    let there = first;
    for (const pauseMs of LOOK_AGAIN_MS) {
      try {
        return await ask(there);
      } catch (error) {
        if (!(error instanceof NoLinkThere)) throw error;
      }
      await pause(pauseMs);
      there = links.linkOf(machineId) ?? (await theOther(machineId));
    }
    return ask(there);
  }

  async function theOther(machineId: string): Promise<AgentRequests> {
    const holder = await holderOf(db, machineId);
    if (holder === undefined || holder.id === serverId) throw unreachable('It has no link now.');
    const name = nameOf(holder.id);
    if (deps.sessions === undefined)
      throw unreachable(`Its link is at ${name}, and this server was started without --peer-listen.`);
    if (!holder.there) throw unreachable(`Its link was at ${name}, which is gone.`);
    const peer = peerOf(holder);
    if (peer === undefined) throw unreachable(`Its link is at ${name}, which was started without --peer-listen.`);
    const session = await deps.sessions.to(peer).catch((error: unknown) => {
      log.warn({ err: error, server_id: peer.id, url: peer.url.href }, 'another server cannot be reached');
      throw unreachable(`Its link is at ${name}, which cannot be reached from here: ${reasonOf(error)}.`, error);
    });
    return agentRequests((method, path, headers) => {
      if (session.closed || session.destroyed) throw lost(name);
      const stream = session.request(
        { ...headers, [MACHINE_HEADER]: machineId, ':method': method, ':path': path },
        { endStream: false },
      );
      return new StreamDuplex(stream, {
        broken: (cause) => (gone(session) && !(cause instanceof CoopError) ? lost(name, cause) : brokenOff(cause)),
        refused: (head) => (head[NO_LINK_HEADER] === undefined ? undefined : new NoLinkThere(name)),
      });
    }, defaultLinkLimits);
  }
}

async function holderOf(db: Kysely<Tables>, machineId: string) {
  const row = await db
    .selectFrom('machines')
    .leftJoin('servers', 'servers.id', 'machines.link_server')
    .select(['machines.link_server', 'servers.id', 'peer_url', 'peer_certificate'])
    .where('machines.id', '=', machineId)
    .executeTakeFirst();
  return row?.link_server == null ? undefined : { ...row, id: row.link_server, there: row.id !== null };
}

const gone = (session: ClientHttp2Session): boolean => session.closed || session.destroyed;

function unreachable(why: string, cause?: unknown): CoopError {
  return new CoopError('machine_unreachable', 'The machine of the run does not answer now.', {
    hint: `${why} Try again; the run itself may well go on.`,
    cause,
  });
}

function lost(name: string, cause?: unknown): CoopError {
  return new CoopError('machine_unreachable', 'The way to the machine broke before it had answered.', {
    hint: `The connection to ${name}, which had its link, was lost. Try again; the run itself may well go on.`,
    cause,
  });
}

/** The other server had no link to it, so nothing was done. */
class NoLinkThere extends CoopError {
  constructor(name: string) {
    super('machine_unreachable', 'The machine of the run does not answer now.', {
      hint: `Its link was at ${name} a moment ago and is not there now. Try again; the run itself may well go on.`,
    });
  }
}

/** What went wrong, without the addresses of our servers. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
