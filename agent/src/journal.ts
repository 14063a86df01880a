import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MeterEvent } from '@gpucoop/protocol/agent-api.ts';
import type { Statement } from '@gpucoop/protocol/evidence.ts';
import type { Logger } from 'pino';
import { readIfThere, writeDurably } from './durable-file.ts';

/**
 * Meter lines that the server has not acknowledged: on the disk before they are sent, through restarts of the agent, till it has.
 * The sequence rises by each line and never falls. Not bounded by time but by number: cumulative lines make older ones dispensable.
 */
export type Journal = {
  /** Resolves when the line is on the disk (or, should the disk be full, in memory at least). */
  append(statement: Statement<'meter'>): Promise<void>;
  unacknowledged(after: number): readonly MeterEvent[];
  acknowledge(seq: number): void;
  close(): Promise<void>;
};

type JournalOptions = { stateDir: string; onAppend(): void; log: Logger; longest?: number };

const Head = z.object({ acknowledged: z.number().int().nonnegative() });
const REWRITE_AFTER = 2000;

export async function openJournal({ stateDir, onAppend, log, longest = 20_000 }: JournalOptions): Promise<Journal> {
  const path = join(stateDir, 'journal.ndjson');
  let { acknowledged, events } = parseJournal(await readIfThere(path), log);
  let nextSeq = Math.max(acknowledged, events.at(-1)?.seq ?? 0) + 1;
  /** Only what is on the disk is sent: otherwise a crash could give its number to another line. */
  let keptSeq = nextSeq - 1;
  let acknowledgedInFile = 0;
  let file: FileHandle | undefined;
  let work: Promise<void> = rewrite(); // also cuts off a line that a crash left torn
  await work;

  return {
    append: (statement) => {
      const event: MeterEvent = { type: 'meter', seq: nextSeq++, statement };
      events.push(event);
      if (events.length > longest) events = thinOut(events);
      return inTurn(async () => {
        await file?.appendFile(`${JSON.stringify(event)}\n`);
        await file?.datasync();
      }).finally(() => {
        keptSeq = Math.max(keptSeq, event.seq);
        onAppend();
      });
    },
    unacknowledged: (after) => events.slice(firstAfter(events, after), firstAfter(events, keptSeq)),
    acknowledge: (seq) => {
      const known = Math.min(seq, nextSeq - 1); // a server cannot acknowledge what was never sent
      if (known <= acknowledged) return;
      acknowledged = known;
      const count = firstAfter(events, acknowledged);
      events.splice(0, count);
      acknowledgedInFile += count;
      if (acknowledgedInFile >= REWRITE_AFTER) void inTurn(rewrite);
      // Not waited for: what is sent twice because this was lost is the same evidence.
      else void inTurn(async () => file?.appendFile(`${JSON.stringify({ acknowledged })}\n`));
    },
    close: async () => {
      await inTurn(rewrite);
      await file?.close();
      file = undefined;
    },
  };

  /** Writes come one after the other. A failure is told and not thrown: serving goes on when the provider's disk is full. */
  function inTurn(write: () => Promise<void>): Promise<void> {
    work = work.then(write).catch((error: unknown) => log.error({ err: error }, 'the journal could not be written'));
    return work;
  }

  async function rewrite(): Promise<void> {
    acknowledgedInFile = 0;
    await writeDurably(path, [{ acknowledged }, ...events].map((line) => `${JSON.stringify(line)}\n`).join(''));
    await file?.close();
    file = await open(path, 'a');
  }
}

function parseJournal(text: string | undefined, log: Logger): { acknowledged: number; events: MeterEvent[] } {
  let acknowledged = 0;
  const events: MeterEvent[] = [];
  for (const line of (text ?? '').split('\n')) {
    if (line === '') continue;
    try {
      const json: unknown = JSON.parse(line);
      const head = Head.safeParse(json);
      if (head.success) acknowledged = Math.max(acknowledged, head.data.acknowledged);
      else events.push(MeterEvent.parse(json));
    } catch {
      log.warn('the journal has a line that cannot be read; it was cut off when the agent was killed'); // nobody was told of it
    }
  }
  return { acknowledged, events: events.filter((event) => event.seq > acknowledged) };
}

/** Half of the lines between a lease's first and last go: each later line says all that the earlier ones said. */
function thinOut(events: MeterEvent[]): MeterEvent[] {
  const newest = new Map(events.map((event) => [event.statement.body['lease_id'], event.seq]));
  return events.filter((event, n) => n % 2 === 0 || newest.get(event.statement.body['lease_id']) === event.seq);
}

/** Index of the first event with a greater seq; events are in order. */
function firstAfter(events: MeterEvent[], seq: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]!.seq > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}
