import type { Logger } from 'pino';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentEvent, type EventAck } from '@gpucoop/protocol/agent-api.ts';
import type { Clock } from '../clock.ts';
import type { AgentLink } from './agent-link.ts';
import type { LinkLimits } from './limits.ts';
import { LinkFault } from './link-fault.ts';
import { rateLimit } from './rate.ts';

type FeedOptions = {
  link: AgentLink;
  limits: LinkLimits;
  clock: Clock;
  heartbeatMs: number;
  log: Logger;
  isOpen(): boolean;
  onEvent(event: AgentEvent): Promise<EventAck>;
};

/**
 * Reads the agent's events, one after the other, till the stream ends. Each is checked, handled, acknowledged. Reading waits for
 * handling, so HTTP/2 holds back an agent that is faster than we are. Throws LinkFault when the agent breaks the rules.
 */
export async function readEventFeed(options: FeedOptions): Promise<void> {
  const { link, limits, clock, isOpen } = options;
  const events = rateLimit(limits.eventsPerSecond, limits.eventsBurst, () => clock.now().getTime());
  const acknowledge = acknowledger(link, options.log);
  const { stream } = await link.openStream('GET', '/v1/events', {
    headers: { 'x-coop-heartbeat-ms': String(options.heartbeatMs) },
  });
  stream.end();
  let handledAt = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - handledAt > limits.eventSilenceMs)
      stream.destroy(new LinkFault('silent', 'No event came for too long'));
  }, limits.pingMs);
  try {
    for await (const line of readLines(stream as AsyncIterable<Buffer>, limits, clock)) {
      if (!events.take(1)) throw new LinkFault('flood', `More than ${limits.eventsPerSecond} events a second`);
      const event = parseEvent(line, limits);
      const ack = await handle(options, event);
      handledAt = performance.now();
      if (!isOpen()) return;
      acknowledge(ack);
    }
  } finally {
    clearInterval(watch);
    stream.destroy();
  }
}

async function* readLines(chunks: AsyncIterable<Buffer>, limits: LinkLimits, clock: Clock): AsyncGenerator<string> {
  const rate = rateLimit(limits.bytesPerSecond, limits.bytesBurst, () => clock.now().getTime());
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    if (!rate.take(chunk.length))
      throw new LinkFault('flood', `More than ${limits.bytesPerSecond} bytes of events a second`);
    let rest = chunk;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      checkLength(pendingBytes + at);
      yield Buffer.concat([...pending, rest.subarray(0, at)]).toString('utf8');
      pending = [];
      pendingBytes = 0;
      rest = rest.subarray(at + 1);
    }
    pending.push(rest);
    pendingBytes += rest.length;
    checkLength(pendingBytes);
  }

  function checkLength(bytes: number): void {
    if (bytes > limits.lineBytes) throw new LinkFault('invalid', `An event is longer than ${limits.lineBytes} bytes`);
  }
}

// What PostgreSQL cannot store as text, escaped: NUL and half of a surrogate pair. JSON.stringify writes a whole pair unescaped.
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;

function parseEvent(line: string, limits: LinkLimits): AgentEvent {
  if (UNSTORABLE.test(line)) throw new LinkFault('invalid', 'An event holds a character that cannot be stored');
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new LinkFault('invalid', 'An event is not JSON');
  }
  const event = AgentEvent.safeParse(json);
  if (event.success) {
    if (event.data.type === 'heartbeat' && JSON.stringify(event.data.facts).length > limits.factsBytes) {
      throw new LinkFault('invalid', `The facts of the machine are longer than ${limits.factsBytes} bytes`);
    }
    return event.data;
  }
  const issue = event.error.issues[0];
  throw new LinkFault('invalid', `An event is malformed at ${issue?.path.join('.')}: ${issue?.message}`.slice(0, 300));
}

async function handle({ onEvent, limits, isOpen, log }: FeedOptions, event: AgentEvent): Promise<EventAck> {
  for (const retryMs of limits.retryMs) {
    try {
      return await onEvent(event);
    } catch (error) {
      if (!isOpen()) throw error;
      log.warn({ err: error, event_type: event.type }, 'an event could not be handled, will try again');
      await pause(retryMs);
    }
  }
  return onEvent(event);
}

/** One acknowledgement is under way at a time; those that come meanwhile become one. */
function acknowledger(link: AgentLink, log: Logger): (ack: EventAck) => void {
  let next: EventAck | undefined;
  let sending = false;
  return (ack) => {
    next = {
      seq: Math.max(ack.seq, next?.seq ?? 0),
      heartbeat_seq: Math.max(ack.heartbeat_seq, next?.heartbeat_seq ?? 0),
    };
    if (!sending) void send();
  };

  async function send(): Promise<void> {
    sending = true;
    while (next !== undefined) {
      const ack = next;
      next = undefined;
      await link.request('POST', '/v1/events/ack', { json: ack }).catch((error: unknown) => {
        log.debug({ err: error }, 'an acknowledgement was not taken'); // the agent repeats the events, or the link is down
      });
    }
    sending = false;
  }
}
