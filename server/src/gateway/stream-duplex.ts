import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { CoopError } from '@gpucoop/protocol/problem.ts';
import { Http2Duplex } from './http2-duplex.ts';

export type StreamOptions = {
  /** What it means that the stream was cut off. */
  broken?: (cause?: unknown) => CoopError;
  /** A head that is no answer of the machine, but of somebody on the way. */
  refused?: (headers: IncomingHttpHeaders) => CoopError | undefined;
};

/**
 * A request over HTTP/2 as a plain Duplex. It listens from the first instant: over a WebSocket head, body and close of an answer may all
 * come in one tick, and a reader that is attached after awaiting the head would find a closed stream.
 */
export class StreamDuplex extends Http2Duplex {
  readonly head: Promise<{ status: number; headers: IncomingHttpHeaders }>;
  /** Resolves with the trailers when the answer has ended; empty when it was cut off. */
  readonly trailers: Promise<IncomingHttpHeaders>;

  constructor(stream: ClientHttp2Stream, { broken, refused }: StreamOptions = {}) {
    super(stream, broken);
    this.head = new Promise((resolve, reject) => {
      stream.once('response', (headers) => {
        const refusal = refused?.(headers);
        if (refusal === undefined) resolve({ status: headers[':status'] ?? 0, headers });
        else this.destroy(refusal);
      });
      this.once('error', reject);
      stream.once('close', () => reject(this.broken(this.errored ?? undefined)));
    });
    this.head.catch(() => undefined);
    this.trailers = new Promise((resolve) => {
      stream.once('trailers', resolve).once('close', () => resolve({}));
    });
  }
}
