import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import type { StreamOptions } from './client.ts';
import { errorFromProblem, isRetryable, unreachable } from './errors.ts';
import type { Call, Transport } from './transport.ts';

/** The server sends a heartbeat every 15 s; three missed ones are a dead connection. */
const SILENCE_MAX_MS = 45_000;
/** Long enough for a server to be restarted or moved. */
const GIVE_UP_AFTER_MS = 10 * 60_000;

type Resumable<Item> = {
  call: Call;
  /** What to ask for after this item. */
  position: (item: Item) => number;
  options: StreamOptions;
};

/**
 * Items of a server-sent stream, each once and in order, until the server says `end`. A cut connection is opened again behind
 * the last item; only an error that would be the same again reaches the caller.
 */
export async function* resumableStream<Item>(transport: Transport, stream: Resumable<Item>): AsyncGenerator<Item> {
  const { signal, onReconnect } = stream.options;
  let after = stream.options.after;
  let failures = 0;
  let failingSince: number | undefined;
  for (;;) {
    try {
      for await (const message of messages(transport, callAfter(stream.call, after), signal)) {
        failures = 0;
        failingSince = undefined;
        if (message.event === 'end') return;
        if (message.event === 'error') throw errorFromProblem(Problem.parse(JSON.parse(message.data)));
        const item = JSON.parse(message.data) as Item;
        after = stream.position(item);
        yield item;
      }
      throw unreachable(transport.server, new Error('the stream was cut'));
    } catch (error) {
      failingSince ??= performance.now();
      const giveUp = performance.now() - failingSince > GIVE_UP_AFTER_MS;
      if (signal?.aborted || giveUp || !isRetryable(error)) throw error;
      onReconnect?.(error);
      await transport.pause(failures, 0, signal);
      failures = Math.min(failures + 1, 6);
    }
  }
}

/** Once something was received, `tail` has done its work: from then on only what is newer counts. */
function callAfter(call: Call, after: number | undefined): Call {
  if (after === undefined) return call;
  const { tail: _, ...query } = call.query ?? {};
  return { ...call, query: { ...query, after } };
}

async function* messages(transport: Transport, call: Call, signal?: AbortSignal): AsyncGenerator<EventSourceMessage> {
  const silence = new AbortController();
  const watch = setTimeout(
    () => silence.abort(new Error(`nothing was heard for ${SILENCE_MAX_MS / 1000} s`)),
    SILENCE_MAX_MS,
  );
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void ready.push(event) });
  try {
    const response = await transport.send({ ...call, accept: 'text/event-stream', signal: either });
    const text = new TextDecoder();
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      watch.refresh?.();
      parser.feed(text.decode(chunk, { stream: true }));
      yield* ready.splice(0);
    }
  } catch (error) {
    if (signal?.aborted || error instanceof CoopError) throw error;
    throw unreachable(transport.server, error);
  } finally {
    clearTimeout(watch);
    silence.abort();
  }
}
