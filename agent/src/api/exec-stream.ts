import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { encodeFrame, encodeJsonFrame, frameReader, FRAME_PAYLOAD_MAX, type Frame } from '@gpucoop/protocol/frames.ts';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { Engine, ExecSession } from '../engine/engine.ts';
import type { Call } from './api.ts';
import { asCoopError } from './bodies.ts';
import { within } from './limits.ts';

const START_MS = 15_000;
const AT_ONCE = 64;
const Size = z.object({ columns: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) });

let running = 0;

/** One command in a container, frames both ways, till it exits or the other end has gone: then it is killed. */
export async function runExec(
  engine: Engine,
  containerId: string,
  { stream, headers }: Call,
  log: Logger,
): Promise<void> {
  const request = parseRequest(headers['x-coop-exec']);
  if (running >= AT_ONCE) throw new CoopError('rate_limited', `${AT_ONCE} commands run on this machine already.`);
  running += 1;
  try {
    const session = await within(START_MS, 'starting the command', engine.exec(containerId, request), (late) =>
      late.kill(),
    );
    if (stream.destroyed) return session.kill();
    await converse(session, stream, log);
  } finally {
    running -= 1;
  }
}

async function converse(session: ExecSession, stream: ServerHttp2Stream, log: Logger): Promise<void> {
  const gone = new AbortController();
  stream.once('close', () => {
    gone.abort();
    session.kill(); // harmless when it has exited
  });
  stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
  session.stdin.on('error', () => {}); // a command that does not read its input any more
  takeInput(session, stream).catch((error: unknown) => sayError(stream, error, log));
  try {
    await Promise.all([
      send(session.stdout, 'stdout', stream, gone.signal),
      session.stderr === null ? undefined : send(session.stderr, 'stderr', stream, gone.signal),
    ]);
    const code = await session.exit;
    stream.end(encodeJsonFrame('exit', { code }));
  } catch (error) {
    session.kill();
    sayError(stream, error, log);
  }
}

async function takeInput(session: ExecSession, stream: ServerHttp2Stream): Promise<void> {
  const read = frameReader();
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const frame of read(chunk)) await takeFrame(session, frame);
  }
}

async function takeFrame(session: ExecSession, { channel, payload }: Frame): Promise<void> {
  if (channel === 'stdinEnd') return void session.stdin.end();
  if (channel === 'resize') {
    const size = Size.safeParse(parseJson(Buffer.from(payload).toString('utf8')));
    if (size.success) await session.resize(size.data.columns, size.data.rows).catch(() => undefined); // it may have exited
    return;
  }
  if (channel !== 'stdin') throw new CoopError('invalid_request', `A client does not send ${channel}.`);
  if (session.stdin.destroyed || session.stdin.writableEnded) return;
  // Copied: the chunk it lies in is used again. Waiting holds back whoever sends.
  if (!session.stdin.write(Buffer.from(payload))) {
    const over = new AbortController();
    const exited = session.exit.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([
      once(session.stdin, 'drain', { signal: over.signal }),
      once(session.stdin, 'close', { signal: over.signal }),
      exited,
    ]).catch(() => undefined);
    over.abort();
  }
}

async function send(
  output: Readable,
  channel: 'stdout' | 'stderr',
  stream: ServerHttp2Stream,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of output as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += FRAME_PAYLOAD_MAX) {
      if (signal.aborted) return;
      if (!stream.write(encodeFrame(channel, chunk.subarray(at, at + FRAME_PAYLOAD_MAX))))
        await once(stream, 'drain', { signal });
    }
  }
}

function sayError(stream: ServerHttp2Stream, error: unknown, log: Logger): void {
  if (stream.destroyed || stream.writableEnded) return;
  log.debug({ err: error }, 'a command was broken off');
  const problem = error instanceof RangeError ? new CoopError('invalid_request', error.message) : asCoopError(error);
  stream.end(encodeJsonFrame('error', toProblem(problem)));
}

function parseRequest(header: string | string[] | undefined): ExecRequest {
  const request = ExecRequest.safeParse(parseJson(typeof header === 'string' ? header : ''));
  if (request.success) return request.data;
  throw new CoopError('invalid_request', 'The header x-coop-exec must hold an ExecRequest.', {
    at: request.error.issues[0]?.path.join('.') ?? '',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
