import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { abortable } from '../abortable.ts';
import type { Engine } from '../engine/engine.ts';
import type { Lease } from '../lease.ts';

/** NDJSON of log lines. One who follows waits for the container. Ends with the log, or when nobody listens any more. */
export async function streamLogs(
  engine: Engine,
  lease: Lease,
  stream: ServerHttp2Stream,
  query: URLSearchParams,
): Promise<void> {
  const range = {
    after: wholeNumber(query, 'after'),
    tail: wholeNumber(query, 'tail'),
    follow: query.get('follow') === '1',
  };
  if (lease.record.container_id === null && (lease.ended || !range.follow)) {
    const why = lease.ended ? 'The lease ended before it had a container.' : 'The container is not made yet.';
    throw new CoopError('wrong_state', why);
  }
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  try {
    if (range.follow) await abortable(lease.begun, gone.signal);
    const containerId = lease.record.container_id;
    if (containerId === null) return void stream.end(); // it ended before it had one
    // An engine lets a follower of what it could not start wait for ever (seen in docker 20.10).
    const over = new AbortController();
    void lease.run().then(() => !lease.record.started && over.abort());
    for await (const line of engine.logs(containerId, range, AbortSignal.any([gone.signal, over.signal]))) {
      if (gone.signal.aborted) return;
      if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, 'drain', { signal: gone.signal });
    }
    stream.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

function wholeNumber(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new CoopError('invalid_request', `${name} must be a whole number.`, { at: name });
  return value;
}
