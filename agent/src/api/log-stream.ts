import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Engine } from '../engine/engine.ts';

/** NDJSON of log lines. Ends with the log, or when nobody listens any more. */
export async function streamLogs(
  engine: Engine,
  containerId: string,
  stream: ServerHttp2Stream,
  query: URLSearchParams,
): Promise<void> {
  const range = {
    after: wholeNumber(query, 'after'),
    tail: wholeNumber(query, 'tail'),
    follow: query.get('follow') === '1',
  };
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  try {
    for await (const line of engine.logs(containerId, range, gone.signal)) {
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
