import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { WebSocket } from 'ws';
import type { Api } from '../api.ts';
import type { HttpDeps, HttpEnv } from '../deps.ts';
import { serveExec, servePort } from '../socket-relay.ts';
import { callerOf, idParam, nothing } from './shape.ts';

const tags = ['Runs'];
const portParams = z.object({
  id: z.string().min(1).max(128).describe('Run'),
  port: z.coerce.number<number>().int().min(1).max(65_535).describe('Of the container; it need not be published'),
});

export function runSocketRoutes({ route }: Api, { rooms: { runs } }: HttpDeps): void {
  route(
    {
      operationId: 'runs.exec',
      method: 'get',
      path: '/v1/runs/{id}/exec',
      summary: 'Run a command in the container (WebSocket)',
      description:
        'The first message is the ExecRequest as JSON text. After it both sides send frames: a byte of channel (stdin 0, stdout 1, stderr 2, ' +
        'resize 3, exit 4, end of stdin 5, error 6), four bytes of length (big-endian), the payload. `exit` carries `{"code": n}`, `error` a Problem.',
      tags,
      request: { params: idParam('Run') },
      responses: { 101: nothing('Frames follow') },
    },
    async (c) => {
      const { userId } = callerOf(c);
      const run = await runs.get(userId, c.req.valid('param').id);
      return accepted(c, (socket) => serveExec(socket, (request) => runs.exec(userId, run.id, request), c.var));
    },
  );

  route(
    {
      operationId: 'runs.connect',
      method: 'get',
      path: '/v1/runs/{id}/ports/{port}',
      summary: 'TCP to a port of the container (WebSocket)',
      description: 'Binary messages are raw bytes, both ways; an empty message ends its direction, as FIN does.',
      tags,
      request: { params: portParams },
      responses: { 101: nothing('Bytes follow') },
    },
    async (c) => {
      const { id, port } = c.req.valid('param');
      const { userId } = callerOf(c);
      needsUpgrade(c);
      const connection = await runs.connect(userId, id, port);
      connection.on('error', () => {}); // until somebody listens, it may fail without taking the server down
      return accepted(
        c,
        (socket) => servePort(socket, connection, c.var),
        () => connection.destroy(),
      );
    },
  );
}

function needsUpgrade(c: Context<HttpEnv>): void {
  if (c.env?.accept !== undefined) return;
  throw new CoopError('invalid_request', 'This address is a WebSocket.', {
    hint: 'Connect with ws:// or wss://; the SDK and `coop` do.',
  });
}

function accepted(c: Context<HttpEnv>, serve: (socket: WebSocket) => void, otherwise?: () => void): Response {
  needsUpgrade(c);
  c.env.accept!(serve, otherwise);
  return new Response(null, { status: 200 }); // the socket is upgraded by whoever called; this is never sent
}
