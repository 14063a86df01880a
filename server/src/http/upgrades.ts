import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Hono } from 'hono';
import { WebSocketServer, type WebSocket } from 'ws';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { refuseUpgrade } from '../gateway/refuse-upgrade.ts';
import type { HttpDeps, HttpEnv } from './deps.ts';

const MAX_MESSAGE_BYTES = 2 * 1024 * 1024; // a frame of a mebibyte, its header, and room

/**
 * WebSockets. `/v1/link` goes to the gateway. Every other path is answered by the very route that plain HTTP has, so the same
 * guard stands before it; the route then accepts, or its answer is the refusal.
 */
export function attachUpgrades(server: Server, app: Hono<HttpEnv>, { links, log, closing }: HttpDeps): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  closing?.addEventListener('abort', () => sockets.clients.forEach((socket) => socket.close(1001, 'the server stops')));

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] === '/v1/link') return links.handleUpgrade(request, socket, head);
    answer(request, socket, head).catch((error: unknown) => {
      log.error({ err: error }, 'an upgrade failed');
      refuseUpgrade(socket, error);
    });
  });

  async function answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let serve: ((ws: WebSocket) => void) | undefined;
    let otherwise = () => {};
    const response = await app.fetch(toRequest(request), {
      incoming: request,
      outgoing: new ServerResponse(request), // nothing is written to it: routes answer with a Response
      accept: (onOpen, onGone = () => {}) => {
        serve = onOpen;
        otherwise = onGone;
      },
    });
    if (serve === undefined) return await refuse(socket, response);
    if (socket.destroyed) return otherwise();
    socket.once('close', otherwise);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      socket.off('close', otherwise);
      serve!(ws);
    });
  }
}

function toRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headersDistinct)) headers.set(name, (value ?? []).join(', '));
  return new Request(`http://${request.headers.host ?? 'localhost'}${request.url}`, { headers });
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  if (response.ok) {
    return refuseUpgrade(
      socket,
      new CoopError('invalid_request', 'This address is no WebSocket.', { hint: 'Ask it with plain HTTP.' }),
    );
  }
  const body = Buffer.from(await response.arrayBuffer());
  const headers = [...response.headers]
    .filter(([name]) => name !== 'content-length')
    .map(([name, value]) => `${name}: ${value}`);
  const head = [
    `HTTP/1.1 ${response.status} Refused`,
    ...headers,
    `content-length: ${body.length}`,
    'connection: close',
  ].join('\r\n');
  const giveUp = setTimeout(() => socket.destroy(), 2000); // one that does not read its refusal
  socket.once('close', () => clearTimeout(giveUp));
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]));
}
