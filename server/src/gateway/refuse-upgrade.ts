import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';

/** Answers an upgrade request with a Problem instead of an upgrade, and closes. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal = error instanceof CoopError ? error : new CoopError('internal', 'The server failed to answer.');
  const problem = toProblem(refusal);
  const body = JSON.stringify(problem);
  const retryAfter = refusal.details?.['retry_after_s'];
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(typeof retryAfter === 'number' ? [`retry-after: ${retryAfter}`] : []),
  ];
  const giveUp = setTimeout(() => socket.destroy(), 2000); // one that does not read its refusal
  socket.once('close', () => clearTimeout(giveUp));
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
