import { Duplex } from 'node:stream';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/**
 * An HTTP/2 request as a plain Duplex. It listens from the first instant: over a WebSocket head, body and close of an answer may all
 * come in one tick, and a reader that is attached after awaiting the head would find a closed stream. And it knows an answer that was
 * cut off from one that has ended, which Node's stream does not tell its reader.
 */
export class StreamDuplex extends Duplex {
  readonly head: Promise<{ status: number; headers: IncomingHttpHeaders }>;
  /** Resolves with the trailers when the answer has ended; empty when it was cut off. */
  readonly trailers: Promise<IncomingHttpHeaders>;
  readonly #stream: ClientHttp2Stream;

  constructor(stream: ClientHttp2Stream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.head = new Promise((resolve, reject) => {
      stream.once('response', (headers) => resolve({ status: headers[':status'] ?? 0, headers }));
      this.once('error', reject);
      stream.once('close', () => reject(brokenOff(this.errored ?? undefined)));
    });
    this.head.catch(() => undefined);
    this.trailers = new Promise((resolve) => {
      stream.once('trailers', resolve).once('close', () => resolve({}));
    });
    this.on('error', () => {}); // each reader sees it by itself; one that comes late must not end the process
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.once('end', () => {
      if (!stream.aborted && stream.rstCode === 0) this.push(null);
    });
    stream.once('error', (error) => this.destroy(brokenOff(error)));
    stream.once('close', () => {
      if (stream.aborted || stream.rstCode !== 0 || !stream.readableEnded) this.destroy(brokenOff());
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // The machine has answered and needs no more of what is being sent.
    if (this.#stream.destroyed || this.#stream.closed) return done();
    this.#stream.write(chunk, (error) => done(error ? brokenOff(error) : null));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end();
    done();
  }

  /** Given up before both sides had ended, it is reset: closing it would end it in order, and half an upload pass for a whole. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const finished = this.readableEnded && this.writableFinished;
    if (!this.#stream.closed) this.#stream.destroy(finished ? undefined : new Error('given up'));
    done(error);
  }
}

export function brokenOff(cause?: unknown): CoopError {
  if (cause instanceof CoopError) return cause;
  return new CoopError('machine_unreachable', 'The link to the machine broke before it had answered.', { cause });
}
