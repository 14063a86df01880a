import { WebSocket } from 'ws';
import { errorFromAnswer, unreachable } from './errors.ts';
import type { Transport } from './transport.ts';

/** An open WebSocket, paused until the caller has its listeners and resumes it, or the problem with which the server refused it. */
export async function openSocket(transport: Transport, path: string, signal?: AbortSignal): Promise<WebSocket> {
  const tls = await transport.tls();
  signal?.throwIfAborted();
  const bearer = transport.bearer();
  const socket = new WebSocket(`${transport.server.replace(/^http/, 'ws')}${path}`, {
    ...tls,
    perMessageDeflate: false,
    handshakeTimeout: 30_000,
    headers: { 'user-agent': transport.userAgent, ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) },
  });
  const stop = () => socket.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', stop));
  return await new Promise((resolve, reject) => {
    socket.once('open', () => {
      // Who awaits this has no listener yet, and the first message may lie in the same packet as the answer to the upgrade.
      socket.pause();
      resolve(socket);
    });
    socket.once('error', (error) => reject(signal?.aborted ? signal.reason : unreachable(transport.server, error)));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => {
        reject(errorFromAnswer(response.statusCode ?? 500, body, transport.server));
        socket.terminate();
      });
    });
  });
}
