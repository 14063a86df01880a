import http from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerState, LogRange } from '../engine.ts';
import { LogSequence, parseNanoseconds } from '../log-sequence.ts';
import { readFrames } from './frames.ts';
import { LOOK_AGAIN_MS } from './wait-for-end.ts';

export type LogSource = {
  socketPath: string;
  containerId: string;
  /** Of the container, as the engine wrote it. */
  createdAt: string;
  /** The log driver `local` (seen in 20.10) forgets the line end of lines that it cut at 16 KiB; it is put back. */
  losesLineEnds: boolean;
  /** As it was when the reading was asked for. */
  first: ContainerState;
  state(): Promise<ContainerState | undefined>;
};

const LINE_END = Buffer.from('\n');
const POLL_MS = 200;
const ENGINE_AWAY_MS = 1000;
const BEING_STARTED_MS = 25;

/** Ends quietly when the signal aborts; a follower outlives restarts of the engine and ends with the container. */
export async function* readLogs(source: LogSource, range: LogRange, signal: AbortSignal): AsyncGenerator<LogLine> {
  let last = range.after ?? 0;
  if (range.tail !== null) {
    for (const line of await newest(source, last, range.tail, signal)) {
      last = line.seq;
      yield line;
    }
  }
  if (!range.follow) {
    if (range.tail === null) yield* readOnce(source, last, false, signal);
    return;
  }
  let state: ContainerState | 'away' | undefined = source.first;
  while (!signal.aborted) {
    const lookedAt = performance.now();
    if (state === undefined) return;
    const ended = state !== 'away' && state.state === 'ended';
    if (state !== 'away') {
      // Asked while it is being started, the engine answers the moment it runs; asked sooner it has nothing, later a
      // short one may be in the middle of its end.
      if (state.state === 'created') await sleep(BEING_STARTED_MS, undefined, { signal }).catch(() => undefined);
      try {
        for await (const line of ended ? readOnce(source, last, false, signal) : followOnce(source, last, signal)) {
          last = line.seq;
          yield line;
        }
        // What was written between the follower's end and the container's is read once more, above.
        if (ended) return;
      } catch (error) {
        if (ended && !signal.aborted) throw error;
      }
    }
    // Whoever followed for longer than that looks again at once.
    const restMs: number = (state === 'away' ? ENGINE_AWAY_MS : POLL_MS) - (performance.now() - lookedAt);
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
    state = await source.state().catch(() => 'away' as const);
  }
}

/** Given up once the container is found ended: an engine that was restarted meanwhile may leave its followers waiting for ever. */
async function* followOnce(source: LogSource, after: number, signal: AbortSignal): AsyncGenerator<LogLine> {
  const over = new AbortController();
  const watch = setInterval(() => {
    source.state().then(
      (state) => (state === undefined || state.state === 'ended') && over.abort(),
      () => undefined,
    );
  }, LOOK_AGAIN_MS);
  try {
    yield* readOnce(source, after, true, AbortSignal.any([signal, over.signal]));
  } finally {
    clearInterval(watch);
  }
}

async function newest(source: LogSource, after: number, count: number, signal: AbortSignal): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readOnce(source, after, false, signal)) {
    lines.push(line);
    // Not at every line: shifting a long array each time would cost its length.
    if (lines.length >= 2 * count + 1024) lines.splice(0, lines.length - count);
  }
  return count === 0 ? [] : lines.slice(-count);
}

/** From the oldest line kept, because only so do numbers come out the same; the log is at most 20 MB long. */
async function* readOnce(
  source: LogSource,
  after: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const sequence = new LogSequence(parseNanoseconds(source.createdAt));
  // A character may be cut in two where the engine cuts long lines.
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const open: Record<'stdout' | 'stderr', string | null> = { stdout: null, stderr: null };
  const query = `follow=${follow ? 1 : 0}&stdout=1&stderr=1&timestamps=1`;
  let body: http.IncomingMessage;
  try {
    body = await get(source.socketPath, `/containers/${source.containerId}/logs?${query}`, signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  try {
    for await (const { stream, payload } of readFrames(body)) {
      const space = payload.indexOf(0x20);
      const at = payload.toString('latin1', 0, space);
      const seq = sequence.next(parseNanoseconds(at));
      const piece = payload.subarray(space + 1);
      // The pieces of one line share one time, so a piece of another time begins another line.
      const lostEnd = source.losesLineEnds && open[stream] !== null && open[stream] !== at;
      open[stream] = piece.at(-1) === 0x0a ? null : at;
      const text = decoders[stream].write(lostEnd ? Buffer.concat([LINE_END, piece]) : piece);
      if (seq > after && text !== '') yield { seq, at: new Date(at).toISOString(), stream, text };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    body.destroy();
  }
}

/** By hand, because the client library collects what it does not follow in memory. */
function get(socketPath: string, path: string, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path, signal, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      const gone = response.statusCode === 404;
      reject(
        gone
          ? new EngineError('container_vanished', 'The container is not there any more.')
          : new EngineError('engine_unavailable', `The engine gave no logs (HTTP ${response.statusCode}).`),
      );
    });
  });
}
