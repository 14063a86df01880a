import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Logger } from 'pino';
import type { AgentEvent, EventAck, LinkChallenge } from '@gpucoop/protocol/agent-api.ts';
import { linkMessage, verifySignature } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Clock } from '../clock.ts';
import { openAgentLink, type AgentLink, type LinkEnd, type OpenLink } from './agent-link.ts';
import { defaultLinkLimits, type LinkLimits } from './limits.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { socketDuplex } from './socket-duplex.ts';

/**
 * The server's end of all links. Exact behaviour:
 *
 * - `challenge(id)` asks `authenticate` first, so a removed machine learns it here (410), then stores a nonce that serves once.
 * - `handleUpgrade` checks the signature over the nonce, takes the nonce, raises the epoch, and only then upgrades. A refusal is a
 *   Problem body. A machine whose link was closed for flooding or nonsense is refused (429, Retry-After) for `penaltyMs`.
 * - A newer link of a machine replaces the older one: `onDown(old)` has returned before `onUp(new)` is called, `onUp` before the
 *   first event, and events of one link come one at a time, in order. After `onDown(epoch)` no event of that epoch comes, but one
 *   that is being handled may still finish: fence writes by the epoch.
 * - An event is acknowledged when `onEvent` has resolved. When it throws it is tried again (see limits), then the link is closed;
 *   the agent dials again and repeats what was not acknowledged. So `onEvent` must be idempotent.
 * - `linkOf(id)` is the link of *this* server, from `onUp` on; undefined when there is none.
 * - What the agent sends is untrusted: shape is checked here; whose leases they are and signatures are the caller's to check.
 */
export type LinksOptions = {
  /** The machine's key. Throws `unauthenticated` (unknown), `machine_removed` or `suspended`; the refusal is told to the agent. */
  authenticate(machineId: string): Promise<{ publicKey: string }>;
  /** Raises the machine's link epoch in the database and returns it: the fence between an older link and a newer one. */
  raiseEpoch(machineId: string): Promise<number>;
  challenges: ChallengeStore;
  onUp(machineId: string, epoch: number): Promise<void>;
  onEvent(machineId: string, epoch: number, event: AgentEvent): Promise<EventAck>;
  onDown(machineId: string, epoch: number, end: LinkEnd): Promise<void>;
  /** Bound into what the agent signs, so that a signature for one network serves no other. */
  serverName: string;
  heartbeatMs: number;
  log: Logger;
  clock: Clock;
  limits?: Partial<LinkLimits>;
};

export type ChallengeStore = {
  put(challenge: { nonce: string; subject: string; expires_at: Date }): Promise<void>;
  /** Deletes it and gives what it was; undefined when there is none (any more). */
  take(nonce: string): Promise<{ subject: string; expires_at: Date } | undefined>;
};

export type Links = {
  challenge(machineId: string): Promise<LinkChallenge>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  linkOf(machineId: string): AgentLink | undefined;
  count(): number;
  /** All links of this server. */
  held(): { machineId: string; epoch: number }[];
  /** A link with this epoch came up at another server: what is older here is no link any more, though it may not know yet. */
  supersede(machineId: string, epoch: number): void;
  /** `removed` tells the agent that it need not come back. */
  closeMachine(machineId: string, end?: LinkEnd): Promise<void>;
  /** Closes all links, says that the server restarts, and returns when every `onDown` has. */
  close(): Promise<void>;
};

export function createLinks(options: LinksOptions): Links {
  const { authenticate, raiseEpoch, challenges, onUp, onEvent, onDown, serverName, clock } = options;
  const limits = { ...defaultLinkLimits, ...options.limits };
  const log = options.log.child({ room: 'gateway' });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: limits.messageBytes });
  const links = new Map<string, OpenLink>();
  const turns = new Map<string, Promise<void>>();
  const penalties = new Map<string, number>();
  let closing = false;

  return {
    challenge: async (machineId) => {
      await authenticate(machineId);
      const nonce = randomBytes(24).toString('hex');
      const expiresAt = new Date(clock.now().getTime() + limits.challengeMs);
      await challenges.put({ nonce, subject: machineId, expires_at: expiresAt });
      return { nonce, expires_at: expiresAt.toISOString() };
    },
    handleUpgrade: (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      admit(request).then(
        ({ machineId, epoch }) =>
          sockets.handleUpgrade(request, socket, head, (ws) => {
            // At once: what the agent sends while this machine's turn is awaited would otherwise be lost.
            const duplex = socketDuplex(ws);
            void takeTurn(machineId, () => install(machineId, epoch, ws, duplex));
          }),
        (error: unknown) => {
          if (!(error instanceof CoopError)) log.error({ err: error }, 'a link could not be authenticated');
          refuseUpgrade(socket, error);
        },
      );
    },
    linkOf: (machineId) => links.get(machineId),
    count: () => links.size,
    held: () => [...links.values()].map(({ machineId, epoch }) => ({ machineId, epoch })),
    supersede: (machineId, epoch) => {
      const link = links.get(machineId);
      if (link === undefined || link.epoch >= epoch) return;
      link.end({ code: 'replaced', detail: 'A newer link of the same machine came up at another server' });
    },
    closeMachine: async (machineId, end = { code: 'closed', detail: 'The server closed the link' }) => {
      links.get(machineId)?.end(end);
      await turns.get(machineId);
    },
    close: async () => {
      closing = true;
      for (const link of links.values()) link.end({ code: 'server_stopping', detail: 'The server stops or restarts' });
      while (turns.size > 0) await Promise.all(turns.values());
      sockets.close();
    },
  };

  async function admit(request: IncomingMessage): Promise<{ machineId: string; epoch: number }> {
    if (closing) throw new CoopError('unavailable', 'The server stops or restarts.');
    const { machineId, nonce, signature } = readProof(request);
    checkPenalty(machineId);
    const { publicKey } = await authenticate(machineId);
    if (!verifySignature(publicKey, linkMessage({ machine_id: machineId, nonce, server: serverName }), signature)) {
      throw new CoopError(
        'invalid_signature',
        'The signature is not by the key of this machine, or not for this server.',
      );
    }
    const challenge = await challenges.take(nonce);
    if (challenge === undefined || challenge.subject !== machineId || challenge.expires_at <= clock.now()) {
      throw new CoopError('token_expired', 'The challenge has expired or was used.', {
        hint: 'Ask for a new one and dial again.',
      });
    }
    return { machineId, epoch: await raiseEpoch(machineId) };
  }

  function checkPenalty(machineId: string): void {
    const until = penalties.get(machineId);
    if (until === undefined) return;
    const restMs = until - clock.now().getTime();
    if (restMs <= 0) return void penalties.delete(machineId);
    throw new CoopError(
      'rate_limited',
      'The last link of this machine was closed because it broke the rules of the link.',
      {
        details: { retry_after_s: Math.ceil(restMs / 1000) },
      },
    );
  }

  /** What happens to one machine's links happens one after the other. */
  function takeTurn(machineId: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(machineId) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => log.error({ err: error, machine_id: machineId }, 'a link could not be handled'))
      .finally(() => {
        if (turns.get(machineId) === turn) turns.delete(machineId);
      });
    turns.set(machineId, turn);
    return turn;
  }

  async function install(machineId: string, epoch: number, ws: WebSocket, duplex: Duplex): Promise<void> {
    const older = links.get(machineId);
    if (closing || (older !== undefined && older.epoch > epoch)) return ws.terminate();
    if (older !== undefined) {
      older.end({ code: 'replaced', detail: 'A newer link of the same machine came up' });
      await remove(older);
    }
    const link: OpenLink = openAgentLink({
      machineId,
      epoch,
      ws,
      duplex,
      limits,
      clock,
      heartbeatMs: options.heartbeatMs,
      log: log.child({ machine_id: machineId, epoch }),
      onEvent: (event) => onEvent(machineId, epoch, event),
      // Waits its turn behind `onUp`; does nothing when a newer link has removed this one already.
      onEnd: () => void takeTurn(machineId, () => remove(link)),
    });
    links.set(machineId, link);
    log.info({ machine_id: machineId, epoch }, 'link up');
    await onUp(machineId, epoch).then(link.readEvents, (error: unknown) => {
      log.error({ err: error, machine_id: machineId }, 'a link was refused after it came up');
      link.end({ code: 'server_error', detail: 'The server could not take the link' });
    });
  }

  async function remove(link: OpenLink): Promise<void> {
    if (links.get(link.machineId) !== link) return;
    links.delete(link.machineId);
    const end = link.ended() ?? { code: 'closed', detail: 'The link was closed' };
    if (end.code === 'flood' || end.code === 'invalid') punish(link.machineId);
    log.info({ machine_id: link.machineId, epoch: link.epoch, end }, 'link down');
    await onDown(link.machineId, link.epoch, end);
  }

  function punish(machineId: string): void {
    const now = clock.now().getTime();
    for (const [id, until] of penalties) if (until <= now) penalties.delete(id);
    penalties.set(machineId, now + limits.penaltyMs);
  }
}

const NONCE = /^[0-9a-f]{48}$/;
const SIGNATURE = /^[0-9a-f]{128}$/;

function readProof(request: IncomingMessage): { machineId: string; nonce: string; signature: string } {
  const machineId = request.headers['x-coop-machine'];
  const nonce = request.headers['x-coop-nonce'];
  const signature = request.headers['x-coop-signature'];
  if (typeof machineId !== 'string' || typeof nonce !== 'string' || typeof signature !== 'string') {
    throw new CoopError(
      'unauthenticated',
      'A link needs the headers x-coop-machine, x-coop-nonce and x-coop-signature.',
    );
  }
  if (machineId.length > 64 || !NONCE.test(nonce) || !SIGNATURE.test(signature)) {
    throw new CoopError('invalid_request', 'The headers of the link are malformed.');
  }
  return { machineId, nonce, signature };
}
