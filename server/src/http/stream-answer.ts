import { CoopError, toProblem, type Problem } from '@gpucoop/protocol/problem.ts';
import type { Logger } from 'pino';
import { asCoopError } from './problems.ts';

export type StreamOptions<Item> = {
  items: (signal: AbortSignal) => AsyncIterable<Item>;
  /** `id:` of the event: what Last-Event-ID resumes after. */
  id: (item: Item) => number;
  /** The server stops: told as a problem that passes, so the client comes back. */
  closing: AbortSignal | undefined;
  heartbeatMs: number;
  log: Logger;
  requestId: string;
};

/** A client that has not taken a chunk for this long is let go; it resumes when it comes back. */
const STALLED_MS = 60_000;
const RETRY_MS = 1000;
const stopping = new CoopError('unavailable', 'The server stops or restarts.', {
  hint: 'Resume at once: nothing is lost.',
});

/**
 * Server-sent events: the items as they come, a comment as heartbeat, and `event: end` when there will be no more. An error on
 * the way is `event: error` with the problem. Nothing is read ahead of a slow client: the source waits with it.
 */
export function eventStream<Item>(options: StreamOptions<Item>): Response {
  const chunks = {
    first: `retry: ${RETRY_MS}\n\n`,
    item: (item: Item) => `id: ${options.id(item)}\ndata: ${JSON.stringify(item)}\n\n`,
    heartbeat: ': heartbeat\n\n',
    error: (problem: Problem) => `event: error\ndata: ${JSON.stringify(problem)}\n\n`,
    end: 'event: end\ndata: {}\n\n',
  };
  return streamed(options, chunks, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
}

/** The same as one JSON object a line; an error is the last line, `{"problem": …}`, and an empty line is the heartbeat. */
export function ndjson<Item>(options: StreamOptions<Item>): Response {
  const chunks = {
    first: '',
    item: (item: Item) => `${JSON.stringify(item)}\n`,
    heartbeat: '\n',
    error: (problem: Problem) => `${JSON.stringify({ problem })}\n`,
    end: '',
  };
  return streamed(options, chunks, { 'content-type': 'application/x-ndjson' });
}

type Chunks<Item> = {
  first: string;
  item: (item: Item) => string;
  heartbeat: string;
  error: (problem: Problem) => string;
  end: string;
};

function streamed<Item>(options: StreamOptions<Item>, chunks: Chunks<Item>, headers: Record<string, string>): Response {
  const { closing, heartbeatMs, log, requestId } = options;
  const gone = new AbortController();
  const signal = closing === undefined ? gone.signal : AbortSignal.any([gone.signal, closing]);
  const encoder = new TextEncoder();
  const iterator = options.items(signal)[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Item>> | undefined;
  let stalled: NodeJS.Timeout | undefined;

  const leave = () => {
    clearTimeout(stalled);
    closing?.removeEventListener('abort', onClosing);
    gone.abort();
    // The iterator may be waiting for its next item, which the signal ends; it owes nothing more.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  };
  let onClosing = () => {};

  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        onClosing = () => {
          leave();
          controller.enqueue(encoder.encode(chunks.error(toProblem(stopping, requestId))));
          controller.close();
        };
        closing?.addEventListener('abort', onClosing, { once: true });
        if (chunks.first !== '') controller.enqueue(encoder.encode(chunks.first));
      },
      pull: async (controller) => {
        clearTimeout(stalled);
        const give = (text: string) => {
          controller.enqueue(encoder.encode(text));
          stalled = setTimeout(() => {
            leave();
            controller.error(new Error('the client does not read'));
          }, STALLED_MS);
        };
        const finish = (last: string) => {
          if (last !== '') controller.enqueue(encoder.encode(last));
          leave();
          controller.close();
        };
        next ??= iterator.next();
        try {
          const result = await orHeartbeat(next, heartbeatMs);
          if (signal.aborted) return;
          if (result === 'heartbeat') return give(chunks.heartbeat);
          next = undefined;
          if (result.done === true) finish(chunks.end);
          else give(chunks.item(result.value));
        } catch (error) {
          if (signal.aborted) return;
          const known = asCoopError(error);
          if (known.code === 'internal') log.error({ err: error }, 'a stream failed');
          finish(chunks.error(toProblem(known, requestId)));
        }
      },
      cancel: leave,
    },
    // One chunk under way at most: what the client does not take is not asked for.
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { ...headers, 'cache-control': 'no-store' } });
}

async function orHeartbeat<Value>(next: Promise<Value>, ms: number): Promise<Value | 'heartbeat'> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'heartbeat'>((resolve) => {
    timer = setTimeout(() => resolve('heartbeat'), ms);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}
