import http2, { type ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Logger } from 'pino';
import { LinkChallenge, linkCloseCodes } from '@gpucoop/protocol/agent-api.ts';
import { linkMessage, type Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import {
  parseServerAnswer,
  pinnedTls,
  postJson,
  readBody,
  assertProtected,
  type ServerAddress,
} from './server-connection.ts';
import { socketDuplex } from './socket-duplex.ts';

export type LinkOptions = {
  address: ServerAddress & { server_name: string; machine_id: string };
  signer: Signer;
  /** Serves the requests that come through the link. */
  onStream(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void;
  onState(state: LinkState): void;
  /** In [0, 1): the jitter. */
  random(): number;
  log: Logger;
  timing?: Partial<LinkTiming>;
};

export type LinkState = { state: 'connecting' | 'up' | 'waiting' | 'removed' | 'closed'; detail: string | null };

export type LinkTiming = {
  firstDelayMs: number;
  longestDelayMs: number;
  dialMs: number;
  pingMs: number;
  silentMs: number;
  /** A link that held this long was a good one: the next try comes at once. */
  stableMs: number;
};

const defaultTiming: LinkTiming = {
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  dialMs: 15_000,
  pingMs: 10_000,
  silentMs: 25_000,
  stableMs: 10_000,
};

export type Link = {
  /** Says goodbye and stays down. */
  close(): Promise<void>;
};

// As the server's end has them.
const STREAM_WINDOW_BYTES = 8 * 1024 * 1024;
const LINK_WINDOW_BYTES = 32 * 1024 * 1024;
const FRAME_BYTES = 64 * 1024;
const MESSAGE_BYTES = 16 * 1024 * 1024;
const STREAMS = 1024;
/** An unknown machine may be a database that is being restored: ask a few times more before giving up. */
const UNKNOWN_TRIES = 5;

/**
 * Keeps a link to the server for as long as it lives: dials, serves, and dials again with exponential backoff and full jitter. Only a
 * clear refusal ends it: the machine was removed. Leases are none of its business and run on.
 */
export function keepLink(options: LinkOptions): Link {
  const { onState, log } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const stop = new AbortController();
  const done = run();

  return {
    close: async () => {
      stop.abort();
      await done;
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    let unknown = 0;
    while (!stop.signal.aborted) {
      onState({ state: 'connecting', detail: null });
      let leastMs = 0;
      let detail: string;
      try {
        const connection = await dial(options, timing, stop.signal);
        unknown = 0;
        const upAt = performance.now();
        onState({ state: 'up', detail: null });
        const end = await serve(connection, options, timing, stop.signal);
        if (end.code === linkCloseCodes.removed) return onState({ state: 'removed', detail: end.detail });
        detail = end.detail;
        failures = performance.now() - upAt > timing.stableMs ? 0 : failures + 1;
      } catch (error) {
        if (stop.signal.aborted) break;
        detail = error instanceof Error ? error.message : String(error);
        const code = error instanceof CoopError ? error.code : undefined;
        if (code === 'unauthenticated') unknown += 1;
        if (code === 'machine_removed' || unknown >= UNKNOWN_TRIES) {
          log.warn({ detail }, 'the server says that this machine was removed; no further try');
          return onState({ state: 'removed', detail });
        }
        if (error instanceof CoopError) leastMs = Number(error.details?.['retry_after_s'] ?? 0) * 1000;
        failures += 1;
      }
      if (stop.signal.aborted) break;
      const delayMs =
        leastMs +
        options.random() *
          (failures === 0 ? 0 : Math.min(timing.longestDelayMs, timing.firstDelayMs * 2 ** Math.min(failures, 20)));
      log.info({ detail, delay_ms: Math.round(delayMs) }, 'no link, will dial again');
      onState({ state: 'waiting', detail });
      await pause(delayMs, undefined, { signal: stop.signal }).catch(() => undefined); // aborted: the loop's condition sees it
    }
    onState({ state: 'closed', detail: null });
  }
}

type Connection = { ws: WebSocket; duplex: Duplex };

async function dial({ address, signer }: LinkOptions, timing: LinkTiming, signal: AbortSignal): Promise<Connection> {
  assertProtected(address);
  const { machine_id, server_name } = address;
  const { nonce } = LinkChallenge.parse(await postJson(address, '/v1/link/challenge', { machine_id }, timing.dialMs));
  signal.throwIfAborted();
  const signature = Buffer.from(signer.sign(linkMessage({ machine_id, nonce, server: server_name }))).toString('hex');
  const url = new URL('/v1/link', address.server);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const ws = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES,
    handshakeTimeout: timing.dialMs,
    headers: { 'x-coop-machine': machine_id, 'x-coop-nonce': nonce, 'x-coop-signature': signature },
    ...pinnedTls(address),
  });
  // At once: the server's first words may come with the upgrade, before anybody who awaits it goes on.
  const duplex = socketDuplex(ws);
  const giveUp = () => ws.terminate();
  signal.addEventListener('abort', giveUp);
  try {
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.on('error', reject); // stays: an error that comes later is seen by the stream over it
      ws.once('unexpected-response', (request, response) => {
        const cut = setTimeout(() => request.destroy(new Error('the refusal did not come to an end')), timing.dialMs);
        readBody(response)
          .then((body) => parseServerAnswer(response.statusCode ?? 0, body))
          .then(
            () => reject(new Error(`the server answered with status ${response.statusCode} instead of a link`)),
            reject,
          )
          .finally(() => {
            clearTimeout(cut);
            request.destroy();
          });
      });
    });
    return { ws, duplex };
  } catch (error) {
    ws.terminate();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** HTTP/2 inside, this side serving. Resolves when the link has ended, for whatever reason. */
function serve(
  { ws, duplex }: Connection,
  options: LinkOptions,
  timing: LinkTiming,
  signal: AbortSignal,
): Promise<{ code: number; detail: string }> {
  return new Promise((resolve) => {
    let silent = false;
    let session: ServerHttp2Session | undefined;
    const server = http2.createServer({
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxFrameSize: FRAME_BYTES,
        maxConcurrentStreams: STREAMS,
        maxHeaderListSize: 128 * 1024,
      },
      maxSessionMemory: 64,
    });
    server.on('session', (opened) => {
      session = opened;
      opened.setLocalWindowSize(LINK_WINDOW_BYTES);
      opened.on('close', () => ws.close());
    });
    server.on('sessionError', (error) => options.log.debug({ err: error }, 'HTTP/2 on the link failed'));
    server.on('stream', options.onStream);
    duplex.on('error', (error) => options.log.debug({ err: error }, 'the link broke'));

    let heardAt = performance.now();
    const hear = () => (heardAt = performance.now());
    ws.on('message', hear).on('ping', hear).on('pong', hear);
    const pings = setInterval(() => {
      if (performance.now() - heardAt > timing.silentMs) {
        silent = true;
        ws.terminate();
      } else if (ws.readyState === WebSocket.OPEN) {
        ws.ping();
      }
    }, timing.pingMs);
    let cut: NodeJS.Timeout | undefined;
    const leave = () => {
      ws.close(linkCloseCodes.closed, 'The agent stops');
      cut = setTimeout(() => ws.terminate(), 1000);
    };
    signal.addEventListener('abort', leave);
    ws.once('close', (code, reason) => {
      clearInterval(pings);
      clearTimeout(cut);
      signal.removeEventListener('abort', leave);
      session?.destroy();
      duplex.destroy();
      resolve({
        code,
        detail: silent ? 'The server fell silent' : reason.toString() || `The connection was closed (${code})`,
      });
    });
    if (signal.aborted) leave();
    server.emit('connection', duplex);
  });
}
