import type { ServerHttp2Stream } from 'node:http2';
import type { EventAck, Heartbeat, LeaseReport, MachineFacts, MeterEvent } from '@gpucoop/protocol/agent-api.ts';
import type { Journal } from './journal.ts';
import { instantNow } from './lease-rules.ts';
import type { MachineClock } from './machine-clock.ts';

/** What the server hears of this machine: heartbeats with the whole truth, and meter lines till it has acknowledged them. */
export type EventStream = {
  /** The server opened its one stream of events; an older one is closed. */
  attach(stream: ServerHttp2Stream, options: { after: number; heartbeatMs: number }): void;
  acknowledge(ack: EventAck): void;
  /** Something changed: a heartbeat goes out at once, or as soon as the pace allows. */
  changed(): void;
  /** Something moved on that can wait a second, the bytes of a pull say. */
  progressed(): void;
  /** Facts are sent with the next heartbeat when they are others than those last sent. */
  factsChanged(): void;
  journalGrew(): void;
  lastAcknowledgedAt(): Date | null;
  close(): void;
};

type EventStreamOptions = {
  journal: Journal;
  clock: MachineClock;
  reports(): LeaseReport[];
  facts(): MachineFacts;
  cpuOwnerBusy(): boolean;
};

// Well under what the server takes before it calls it a flood (server/src/gateway/limits.ts).
const PROGRESS_MS = 1000;
const BETWEEN_HEARTBEATS_MS = 50;
const BYTES_PER_MS = 512;
const LINES_AT_ONCE = 25;
const BETWEEN_LINES_MS = 500;

export function openEventStream(options: EventStreamOptions): EventStream {
  const { journal, clock } = options;
  let current: ServerHttp2Stream | undefined;
  let heartbeatMs = 5000;
  let heartbeatSeq = 0;
  let factsDue = true;
  let sentSeq = 0;
  let acknowledgedAt: Date | null = null;
  let heartbeatTimer: NodeJS.Timeout | undefined;
  let heartbeatDue = Infinity;
  let quietUntil = 0;
  let linesTimer: NodeJS.Timeout | undefined;

  return {
    attach: (stream, wish) => {
      current?.close();
      current = stream;
      heartbeatMs = wish.heartbeatMs;
      sentSeq = wish.after;
      factsDue = true;
      quietUntil = 0;
      stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
      stream.on('error', () => {});
      stream.once('close', () => {
        if (current === stream) current = undefined;
      });
      beat();
      sendLines();
    },
    acknowledge: ({ seq }) => {
      acknowledgedAt = clock.now();
      journal.acknowledge(seq);
    },
    changed: () => beatIn(0),
    progressed: () => beatIn(PROGRESS_MS),
    factsChanged: () => {
      factsDue = true;
      beatIn(0);
    },
    journalGrew: () => sendLines(),
    lastAcknowledgedAt: () => acknowledgedAt,
    close: () => {
      clearTimeout(heartbeatTimer);
      clearTimeout(linesTimer);
      current?.close();
      current = undefined;
    },
  };

  /** At the latest in `ms`, unless the pace forbids it. */
  function beatIn(ms: number): void {
    const due = Math.max(performance.now() + ms, quietUntil);
    if (current === undefined || due >= heartbeatDue) return;
    clearTimeout(heartbeatTimer);
    heartbeatDue = due;
    heartbeatTimer = setTimeout(beat, Math.max(0, due - performance.now()));
  }

  function beat(): void {
    clearTimeout(heartbeatTimer);
    heartbeatDue = Infinity;
    if (current === undefined) return;
    // A server that does not read gets one when it does, with what is then true.
    if (!current.writableNeedDrain) {
      const line = `${JSON.stringify(heartbeat())}\n`;
      quietUntil = performance.now() + Math.max(BETWEEN_HEARTBEATS_MS, line.length / BYTES_PER_MS);
      current.write(line);
    }
    beatIn(heartbeatMs);
  }

  function heartbeat(): Heartbeat {
    const facts = factsDue ? options.facts() : null;
    factsDue = false;
    const { boot_id, monotonic_ms } = instantNow(clock);
    heartbeatSeq += 1;
    return {
      type: 'heartbeat',
      seq: heartbeatSeq,
      boot_id,
      monotonic_ms,
      facts,
      cpu_owner_busy: options.cpuOwnerBusy(),
      leases: options.reports(),
    };
  }

  /** In order, a few at a time; after an outage many are waiting. */
  function sendLines(): void {
    if (linesTimer !== undefined || current === undefined) return;
    const waiting = journal.unacknowledged(sentSeq);
    if (waiting.length === 0) return;
    if (!current.writableNeedDrain) for (const event of waiting.slice(0, LINES_AT_ONCE)) sendLine(current, event);
    linesTimer = setTimeout(() => {
      linesTimer = undefined;
      sendLines();
    }, BETWEEN_LINES_MS);
  }

  function sendLine(stream: ServerHttp2Stream, event: MeterEvent): void {
    stream.write(`${JSON.stringify(event)}\n`);
    sentSeq = event.seq;
  }
}
