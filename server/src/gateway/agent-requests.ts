import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { z } from 'zod';
import { parseAnswer, readAnswer } from './answer.ts';
import type { LinkLimits } from './limits.ts';
import type { StreamDuplex } from './stream-duplex.ts';

/** Requests to one agent, whichever way they go there. */
export type AgentRequests = {
  /**
   * Sends JSON and gives the parsed JSON of the answer, checked by `answer` where given (else as it came, untrusted).
   * A Problem of the agent is thrown as CoopError; `machine_unreachable` when the link is or goes down or the answer makes no sense;
   * `timeout` when the whole answer is not there in `timeoutMs`.
   */
  request<Answer = unknown>(method: string, path: string, options?: LinkRequest<Answer>): Promise<Answer>;
  /** Opens a stream both ways and waits for the head of the answer. A refusal is thrown as above. */
  openStream(method: string, path: string, options?: LinkStreamOptions): Promise<LinkStream>;
};

/** `body`: streamed as it comes; the answer is waited for beside it, and the time limit covers both. */
export type LinkRequest<Answer> = {
  json?: unknown;
  body?: Readable;
  timeoutMs?: number;
  maxBytes?: number;
  answer?: z.ZodType<Answer>;
};
export type LinkStreamOptions = { headers?: OutgoingHttpHeaders; timeoutMs?: number };
export type LinkStream = {
  status: number;
  headers: IncomingHttpHeaders;
  stream: Duplex;
  /** Resolves with the trailers when the answer has ended; empty when it was cut off. */
  trailers: Promise<IncomingHttpHeaders>;
};

export function agentRequests(
  open: (method: string, path: string, headers: OutgoingHttpHeaders) => StreamDuplex,
  limits: Pick<LinkLimits, 'answerMs' | 'answerBytes'>,
): AgentRequests {
  return {
    request: async (
      method,
      path,
      { json, body: upload, timeoutMs = limits.answerMs, maxBytes = limits.answerBytes, answer } = {},
    ) => {
      const stream = open(method, path, json === undefined ? {} : { 'content-type': 'application/json' });
      const deadline = setTimeout(() => stream.destroy(timedOut(timeoutMs)), timeoutMs);
      try {
        // A refusal ends the upload early; then the answer says why, and the broken pipe does not.
        if (upload !== undefined) pipeline(upload, stream).catch(() => upload.destroy());
        else stream.end(json === undefined ? undefined : JSON.stringify(json));
        const { status, body } = await readAnswer(stream, maxBytes);
        return parseAnswer(status, body, answer);
      } finally {
        clearTimeout(deadline);
        stream.destroy();
      }
    },
    openStream: async (method, path, { headers = {}, timeoutMs = limits.answerMs } = {}) => {
      const stream = open(method, path, headers);
      // Left open, it would be reset as soon as the answer is sent, and an answer still being read would seem cut off.
      if (method === 'GET') stream.end();
      const deadline = setTimeout(() => stream.destroy(timedOut(timeoutMs)), timeoutMs);
      try {
        const { status, headers: head } = await stream.head;
        if (status >= 300) parseAnswer(status, (await readAnswer(stream, limits.answerBytes)).body);
        return { status, headers: head, stream, trailers: stream.trailers };
      } catch (error) {
        stream.destroy();
        throw error;
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}

function timedOut(ms: number): CoopError {
  return new CoopError('timeout', `The machine did not answer within ${ms / 1000} s.`);
}
