import type { ServerHttp2Stream } from 'node:http2';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { CoopError, toProblem, type ProblemCode } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { EngineError } from '../engine/engine-error.ts';
import { printable } from '../lease-rules.ts';

const BODY_BYTES = 32 * 1024 * 1024; // a spec's longest command and environment
const BODY_MS = 30_000;

export async function readJson<Body>(stream: ServerHttp2Stream, schema: z.ZodType<Body>): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => stream.destroy(new Error('the body did not come')), BODY_MS);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES) throw new CoopError('payload_too_large', `The body is larger than ${BODY_BYTES} bytes.`);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new CoopError('invalid_request', 'The body is not JSON.', { cause: error });
  }
  const body = schema.safeParse(json);
  if (body.success) return body.data;
  const issue = body.error.issues[0];
  throw new CoopError('invalid_request', issue?.message ?? 'The body has another shape.', {
    at: issue?.path.join('.') ?? '',
  });
}

export function answerJson(stream: ServerHttp2Stream, body: unknown): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
}

export function answerProblem(stream: ServerHttp2Stream, error: unknown, log: Logger): void {
  if (!(error instanceof CoopError) && !(error instanceof EngineError) && !stream.destroyed)
    log.error({ err: error }, 'a call of the server failed');
  if (stream.destroyed) return;
  if (stream.headersSent) return void stream.destroy(new Error('broken off')); // too late for words; closed it would seem whole
  const problem = toProblem(asCoopError(error));
  stream.resume();
  stream.respond({ ':status': problem.status, 'content-type': 'application/problem+json' });
  stream.end(JSON.stringify(problem));
}

/** The engine speaks in end reasons; to a call they mean these. */
const codes: Partial<Record<EndReason, ProblemCode>> = {
  container_vanished: 'not_found',
  engine_unavailable: 'unavailable',
  command_not_found: 'invalid_request',
  start_timeout: 'timeout',
};

export function asCoopError(error: unknown): CoopError {
  if (error instanceof CoopError) return error;
  if (error instanceof EngineError)
    return new CoopError(codes[error.reason] ?? 'wrong_state', printable(error.message), { cause: error });
  return new CoopError('internal', 'The agent failed; its log says more.', { cause: error });
}
