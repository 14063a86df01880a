import { Readable, Transform } from 'node:stream';
import { z } from '@hono/zod-openapi';
import { EventQuery, LogRequest } from '@gpucoop/protocol/api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { LogLine, RunEvent } from '@gpucoop/protocol/resources.ts';
import type { Context } from 'hono';
import type { Api } from '../api.ts';
import type { HttpDeps, HttpEnv } from '../deps.ts';
import { eventStream, ndjson } from '../stream-answer.ts';
import { callerOf, idParam, nothing } from './shape.ts';

const tags = ['Runs'];
const params = idParam('Run');
const HEARTBEAT_MS = 15_000;
export const MAX_TAR_BYTES = 16 * 1024 ** 3;
const FileQuery = z.object({ path: z.string().min(1).max(4096).describe('In the container') });
const LastEvent = z.object({ 'last-event-id': z.string().max(64).optional() });

export function runStreamRoutes({ route }: Api, { rooms: { runs }, config, closing }: HttpDeps): void {
  const heartbeatMs = config.heartbeatMs ?? HEARTBEAT_MS;
  const common = (c: Context<HttpEnv>) => ({ closing, heartbeatMs, log: c.var.log, requestId: c.var.requestId });

  route(
    {
      operationId: 'runs.events',
      method: 'get',
      path: '/v1/runs/{id}/events',
      summary: 'Events of a run, from the first to the end',
      description:
        'Server-sent events. `id:` is the id of the event: `Last-Event-ID` or `after` resumes behind it, and nothing is lost or told twice. ' +
        '`event: end` says that the run has ended and all was given; a stream that stops without it was cut.',
      tags,
      request: { params, query: EventQuery, headers: LastEvent },
      responses: {
        200: { description: 'Each `data:` is a RunEvent', content: { 'text/event-stream': { schema: RunEvent } } },
      },
    },
    async (c) => {
      const { userId } = callerOf(c);
      const after = resumeAfter(c.req.valid('header')['last-event-id']) ?? c.req.valid('query').after ?? 0;
      const run = await runs.get(userId, c.req.valid('param').id); // not found is an answer, not an event
      return eventStream({
        ...common(c),
        items: (signal) => runs.events(userId, run.id, after, signal),
        id: (event) => event.id,
      });
    },
  );

  route(
    {
      operationId: 'runs.logs',
      method: 'get',
      path: '/v1/runs/{id}/logs',
      summary: 'What the container wrote',
      description:
        'Server-sent events, resumed by `Last-Event-ID` or `after`; or, asked for with `Accept: application/x-ndjson`, one line each.',
      tags,
      request: { params, query: LogRequest, headers: LastEvent },
      responses: {
        200: {
          description: 'Each `data:` or line is a LogLine',
          content: { 'text/event-stream': { schema: LogLine }, 'application/x-ndjson': { schema: LogLine } },
        },
      },
    },
    async (c) => {
      const { userId } = callerOf(c);
      const { after, tail, follow, lease_id } = c.req.valid('query');
      const resumed = resumeAfter(c.req.valid('header')['last-event-id']);
      // Whoever resumes has had the tail; asked for again it would leave a gap, or tell lines twice.
      const query = {
        after: resumed ?? after ?? null,
        tail: resumed === undefined ? (tail ?? null) : null,
        follow,
        lease_id: lease_id ?? null,
      };
      const run = await runs.get(userId, c.req.valid('param').id);
      const answer = c.req.header('accept')?.includes('application/x-ndjson') === true ? ndjson : eventStream;
      return answer({
        ...common(c),
        items: (signal) => runs.logs(userId, run.id, query, signal),
        id: (line) => line.seq,
      });
    },
  );

  route(
    {
      operationId: 'runs.readFiles',
      method: 'get',
      path: '/v1/runs/{id}/files',
      summary: 'A file or directory of the container, as tar',
      description: 'Also of a stopped container, for as long as it is kept.',
      tags,
      request: { params, query: FileQuery },
      responses: { 200: { description: 'A tar stream', content: { 'application/x-tar': { schema: z.string() } } } },
    },
    async (c) => {
      const tar = await runs.readFiles(callerOf(c).userId, c.req.valid('param').id, c.req.valid('query').path);
      return new Response(Readable.toWeb(tar) as ReadableStream, {
        headers: { 'content-type': 'application/x-tar', 'cache-control': 'no-store' },
      });
    },
  );

  route(
    {
      operationId: 'runs.writeFiles',
      method: 'put',
      path: '/v1/runs/{id}/files',
      summary: 'Unpack a tar into a directory of the container',
      description: `At most ${MAX_TAR_BYTES / 1024 ** 3} GiB, and never more than the disk that is rented.`,
      tags,
      request: {
        params,
        query: FileQuery,
        body: { required: true, content: { 'application/x-tar': { schema: z.string() } } },
      },
      responses: { 204: nothing('Unpacked') },
    },
    async (c) => {
      const maxBytes = config.maxTarBytes ?? MAX_TAR_BYTES;
      if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
      const body = c.req.raw.body;
      if (body === null) throw new CoopError('invalid_request', 'body: is missing; send a tar', { at: 'body' });
      const tar = Readable.fromWeb(body as never).on('error', () => {});
      const limited = limitedTo(maxBytes);
      tar.on('error', (error) => limited.destroy(error));
      limited.on('close', () => tar.destroy());
      await runs.writeFiles(callerOf(c).userId, c.req.valid('param').id, c.req.valid('query').path, tar.pipe(limited));
      return c.body(null, 204);
    },
  );
}

/** A browser sends back whatever it got; what is none of ours means from the start. */
function resumeAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function limitedTo(maxBytes: number): Transform {
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  return limited.on('error', () => {}); // whoever reads it gets the error; nobody else needs to
}

function tooLarge(maxBytes: number): CoopError {
  return new CoopError('payload_too_large', `A tar may hold at most ${maxBytes} bytes.`, {
    hint: 'Copy it in parts, or let the container fetch it.',
    details: { max_bytes: maxBytes },
  });
}
