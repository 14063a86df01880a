import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import type { LogRange } from '../engine.ts';

/**
 * A log in files of records: four bytes of length, one of stream, eight of number, eight of time in ms, the text. A file is named by
 * its first number, so the directory is the index; the newest two files are kept, at most 20 MB together.
 */
const HEADER_BYTES = 21;
const FILE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_KEPT = 2;
/** Longer lines are cut, so that one without an end does not fill the memory. */
export const PIECE_BYTES_MAX = 16 * 1024;
const POLL_MS = 100;

type Stream = 'stdout' | 'stderr';

export class LogWriter {
  readonly #dir: string;
  #file: number | undefined;
  #written = 0;
  #seq = 0;
  readonly #rests: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Whole lines are written; what follows the last line end waits for its own, or for `end`. */
  write(stream: Stream, chunk: Buffer): void {
    const now = Date.now();
    let rest = this.#rests[stream].length === 0 ? chunk : Buffer.concat([this.#rests[stream], chunk]);
    const records: Buffer[] = [];
    for (;;) {
      const lineEnd = rest.indexOf(0x0a);
      if (lineEnd < 0 && rest.length < PIECE_BYTES_MAX) break;
      const length = lineEnd >= 0 && lineEnd < PIECE_BYTES_MAX ? lineEnd + 1 : pieceLength(rest);
      records.push(this.#record(stream, now, rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
    this.#rests[stream] = Buffer.from(rest);
    this.#append(records);
  }

  end(stream: Stream): void {
    const rest = this.#rests[stream];
    this.#rests[stream] = Buffer.alloc(0);
    if (rest.length > 0) this.#append([this.#record(stream, Date.now(), rest)]);
  }

  #record(stream: Stream, at: number, text: Buffer): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(text.length, 0);
    header[4] = stream === 'stderr' ? 2 : 1;
    header.writeBigUInt64BE(BigInt(++this.#seq), 5);
    header.writeDoubleBE(at, 13);
    return Buffer.concat([header, text]);
  }

  #append(records: Buffer[]): void {
    let first = this.#seq - records.length + 1;
    for (const record of records) {
      if (this.#file === undefined || this.#written + record.length > FILE_BYTES_MAX) this.#rotate(first);
      writeSync(this.#file as number, record);
      this.#written += record.length;
      first++;
    }
  }

  #rotate(firstSeq: number): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = openSync(join(this.#dir, fileName(firstSeq)), 'a', 0o600);
    this.#written = 0;
    for (const name of readdirSync(this.#dir).sort().slice(0, -FILES_KEPT)) unlinkSync(join(this.#dir, name));
  }
}

/** `ended` says whether more can come. */
export async function* readLog(
  dir: string,
  range: LogRange,
  ended: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  let last = range.after ?? 0;
  if (range.tail !== null) {
    const lines: LogLine[] = [];
    for await (const line of readFiles(dir, last)) {
      lines.push(line);
      if (lines.length >= 2 * range.tail + 1024) lines.splice(0, lines.length - range.tail);
    }
    for (const line of range.tail === 0 ? [] : lines.slice(-range.tail)) {
      last = line.seq;
      yield line;
    }
    last = Math.max(last, lines.at(-1)?.seq ?? 0);
    if (!range.follow) return;
  }
  while (!signal.aborted) {
    // Asked before reading: what was written until the end is then read surely.
    const over = !range.follow || (await ended());
    for await (const line of readFiles(dir, last)) {
      if (signal.aborted) return;
      last = line.seq;
      yield line;
    }
    if (over) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function* readFiles(dir: string, after: number): AsyncGenerator<LogLine> {
  const names = (await readdir(dir).catch((): string[] => [])).toSorted();
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    if (next !== undefined && firstSeqOf(next) <= after + 1) continue;
    yield* readRecords(join(dir, name), after);
  }
}

async function* readRecords(path: string, after: number): AsyncGenerator<LogLine> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    // One read after the other up to the end of now; half a record at the end is being written.
    for await (const chunk of handle.createReadStream({
      autoClose: false,
      highWaterMark: 256 * 1024,
    }) as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const length = rest.length < HEADER_BYTES ? Infinity : HEADER_BYTES + rest.readUInt32BE(0);
        if (rest.length < length) break;
        const seq = Number(rest.readBigUInt64BE(5));
        if (seq > after) {
          yield {
            seq,
            at: new Date(rest.readDoubleBE(13)).toISOString(),
            stream: rest[4] === 2 ? 'stderr' : 'stdout',
            text: rest.toString('utf8', HEADER_BYTES, length),
          };
        }
        rest = rest.subarray(length);
      }
    }
  } finally {
    await handle.close();
  }
}

/** Not through the middle of a character: continuation bytes begin with binary 10. */
function pieceLength(bytes: Buffer): number {
  let length = PIECE_BYTES_MAX;
  while (length > PIECE_BYTES_MAX - 4 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length--;
  return length;
}

function fileName(firstSeq: number): string {
  return String(firstSeq).padStart(16, '0');
}

function firstSeqOf(name: string): number {
  return Number(name);
}
