import { Duplex } from 'node:stream';
import type { Http2Stream } from 'node:http2';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/**
 * An HTTP/2 stream as a plain Duplex, of either end. It knows an answer or a request that was cut off from one that has ended, which
 * Node's stream does not tell its reader.
 */
export class Http2Duplex extends Duplex {
  protected readonly broken: (cause?: unknown) => CoopError;
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream, broken: (cause?: unknown) => CoopError = brokenOff) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.broken = broken;
    this.on('error', () => {}); // each reader sees it by itself; one that comes late must not end the process
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.once('end', () => {
      if (!stream.aborted && !stream.rstCode) this.push(null);
    });
    stream.once('error', (error) => this.destroy(broken(error)));
    stream.once('close', () => {
      if (stream.aborted || stream.rstCode || !stream.readableEnded) this.destroy(broken());
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // The other end has answered and needs no more of what is being sent.
    if (this.#stream.destroyed || this.#stream.closed) return done();
    this.#stream.write(chunk, (error) => done(error ? this.broken(error) : null));
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
