import http2, { type OutgoingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Logger } from 'pino';
import { linkCloseCodes, type AgentEvent, type EventAck, type LinkEndCode } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Clock } from '../clock.ts';
import { agentRequests, type AgentRequests } from './agent-requests.ts';
import { readEventFeed } from './event-feed.ts';
import type { LinkLimits } from './limits.ts';
import { LinkFault } from './link-fault.ts';
import { rateLimit } from './rate.ts';
import { StreamDuplex } from './stream-duplex.ts';

/** One agent, over the link it dialled. */
export type AgentLink = AgentRequests & {
  readonly machineId: string;
  readonly epoch: number;
  /** The bare stream, for whoever passes it on: its head may come while its body is still being sent. */
  open(method: string, path: string, headers: OutgoingHttpHeaders): StreamDuplex;
  close(): void;
};

/** Why a link ended. `flood` and `invalid` are the agent's misbehaviour. */
export type LinkEnd = { code: LinkEndCode; detail: string };

export type OpenLink = AgentLink & {
  readEvents(): void;
  end(end: LinkEnd): void;
  ended(): LinkEnd | undefined;
};

type OpenLinkOptions = {
  machineId: string;
  epoch: number;
  ws: WebSocket;
  /** The stream over it. */
  duplex: Duplex;
  limits: LinkLimits;
  clock: Clock;
  heartbeatMs: number;
  log: Logger;
  onEvent(event: AgentEvent): Promise<EventAck>;
  /** Called once. */
  onEnd(): void;
};

// Measured with these windows: over 100 MB/s on one stream, and a stalled stream does not stop the others.
const STREAM_WINDOW_BYTES = 8 * 1024 * 1024;
const LINK_WINDOW_BYTES = 32 * 1024 * 1024;
const FRAME_BYTES = 64 * 1024;

export function openAgentLink(options: OpenLinkOptions): OpenLink {
  const { machineId, epoch, ws, duplex, limits, log } = options;
  const session = http2.connect('http://agent', {
    createConnection: () => duplex,
    settings: {
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxFrameSize: FRAME_BYTES,
      enablePush: false,
      maxHeaderListSize: 64 * 1024,
    },
    maxSessionMemory: 64,
  });
  session.once('connect', () => {
    if (!session.destroyed) session.setLocalWindowSize(LINK_WINDOW_BYTES);
  });
  let ended: LinkEnd | undefined;
  let streams = 0;

  const stopKeepalive = keepAlive();
  // Whatever breaks first says why; the rest are consequences.
  ws.on('error', (error) => end({ code: 'closed', detail: `The connection failed: ${error.message}` }));
  session.on('error', (error: Error) => {
    // What is sent into a connection that is just breaking fails as well, and that is nobody's misbehaviour.
    const code = ws.readyState === ws.OPEN ? 'invalid' : 'closed';
    end({ code, detail: `HTTP/2 failed: ${error.message}` });
  });
  session.on('close', () => end({ code: 'closed', detail: 'The agent closed the link' }));
  ws.on('close', () => end({ code: 'closed', detail: 'The agent closed the link' }));

  const link: OpenLink = {
    machineId,
    epoch,
    open,
    ...agentRequests(open, limits),
    close: () => end({ code: 'closed', detail: 'The server closed the link' }),
    end,
    ended: () => ended,
    readEvents: () => {
      readEventFeed({ ...options, link, isOpen: () => ended === undefined }).then(
        () => end({ code: 'closed', detail: 'The agent ended its events' }),
        (error: unknown) => end(endFor(error)),
      );
    },
  };
  return link;

  function open(method: string, path: string, headers: OutgoingHttpHeaders): StreamDuplex {
    if (ended !== undefined || session.closed || session.destroyed) {
      throw new CoopError('machine_unreachable', 'The link to the machine is down.');
    }
    if (streams >= limits.openStreams)
      throw new CoopError('rate_limited', 'Too many requests to this machine are open.');
    const stream = session.request({ ...headers, ':method': method, ':path': path }, { endStream: false });
    streams += 1;
    stream.once('close', () => (streams -= 1));
    return new StreamDuplex(stream);
  }

  function keepAlive(): () => void {
    let heardAt = performance.now();
    const controls = rateLimit(limits.controlsPerSecond, limits.controlsBurst, () => performance.now());
    const hear = () => (heardAt = performance.now());
    const hearControl = () => {
      hear();
      if (!controls.take(1)) end({ code: 'flood', detail: 'Too many WebSocket pings or pongs' });
    };
    ws.on('message', hear).on('ping', hearControl).on('pong', hearControl);
    const timer = setInterval(() => {
      if (performance.now() - heardAt > limits.silentMs)
        return end({ code: 'silent', detail: 'The machine fell silent' });
      if (ws.readyState === ws.OPEN) ws.ping();
    }, limits.pingMs);
    return () => clearInterval(timer);
  }

  function end(reason: LinkEnd): void {
    if (ended !== undefined) return;
    ended = reason;
    stopKeepalive();
    log.debug({ end: reason }, 'link ends');
    session.destroy();
    // The close frame tells an honest agent why; one that does not answer it is cut off.
    ws.close(linkCloseCodes[reason.code], reason.detail.slice(0, 100));
    const cut = setTimeout(() => ws.terminate(), 1000);
    ws.once('close', () => clearTimeout(cut));
    options.onEnd();
  }

  function endFor(error: unknown): LinkEnd {
    if (error instanceof LinkFault) return { code: error.code, detail: error.message };
    if (error instanceof CoopError) return { code: 'closed', detail: error.message };
    log.error({ err: error }, 'an event could not be handled');
    return { code: 'server_error', detail: 'The server could not handle an event' };
  }
}
