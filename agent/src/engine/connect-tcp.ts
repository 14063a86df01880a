import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { CoopError } from '@gpucoop/protocol/problem.ts';

const TIMEOUT_MS = 10_000;

/** Half-open on purpose: one side may end its sending and go on reading. */
export function connectTcp(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const refuse = (cause?: Error) => {
      socket.destroy();
      const why =
        cause === undefined ? 'does not answer' : `refused the connection (${(cause as NodeJS.ErrnoException).code})`;
      reject(
        new CoopError('wrong_state', `Port ${port} of the workload ${why}.`, {
          hint: 'Does it listen on 0.0.0.0 by now?',
          cause,
        }),
      );
    };
    socket.setTimeout(TIMEOUT_MS, () => refuse());
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', refuse);
      resolve(socket);
    });
  });
}
