import type { Duplex } from 'node:stream';
import { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { encodeJsonFrame } from '@gpucoop/protocol/frames.ts';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { asCoopError, validationError } from './problems.ts';

type Call = { log: Logger; requestId: string };

const FIRST_MESSAGE_MS = 10_000;
const PING_MS = 20_000;

/** Exec: the first message says what to run; from then on frames pass both ways as they are. */
export async function serveExec(
  socket: WebSocket,
  open: (request: ExecRequest) => Promise<Duplex>,
  call: Call,
): Promise<void> {
  const early = earlyMessages(socket);
  try {
    const connection = await open(readRequest(await early.first));
    relay(socket, connection, call, { halfClose: false, before: early.rest() });
  } catch (error) {
    const known = asCoopError(error);
    if (known.code === 'internal') call.log.error({ err: error }, 'an exec failed');
    if (socket.readyState === socket.OPEN) socket.send(encodeJsonFrame('error', toProblem(known, call.requestId)));
    socket.close(known.code === 'internal' ? 1011 : 1008, known.code);
    socket.resume(); // else the client's own goodbye is never read
  }
}

/** A port: bytes pass both ways, and an empty message is the end of a direction. */
export function servePort(socket: WebSocket, connection: Duplex, call: Call): void {
  relay(socket, connection, call, { halfClose: true, before: [] });
}

type RelayOptions = {
  /** An empty message ends its direction. Frames have their own word for that. */
  halfClose: boolean;
  /** What came already. */
  before: Buffer[];
};

/** Neither side is read faster than the other one takes. When one is gone, so is the other. */
function relay(socket: WebSocket, connection: Duplex, call: Call, { halfClose, before }: RelayOptions): void {
  let answered = true;
  const pings = setInterval(() => {
    if (!answered) return socket.terminate(); // a client that vanished must not keep a command standing
    answered = false;
    socket.ping();
  }, PING_MS);
  socket.on('pong', () => {
    answered = true;
  });

  const take = (data: Buffer) => {
    answered = true;
    if (halfClose && data.length === 0) connection.end();
    else if (connection.writable && !connection.write(data)) {
      socket.pause();
      connection.once('drain', () => socket.resume());
    }
  };
  socket.resume();
  before.forEach(take);
  socket.on('message', take);
  connection.on('data', (chunk: Buffer) => {
    if (chunk.length === 0 || socket.readyState !== socket.OPEN) return;
    connection.pause();
    socket.send(chunk, { binary: true }, () => connection.resume());
  });

  connection.on('end', () => {
    if (socket.readyState !== socket.OPEN) return;
    if (!halfClose) return socket.close(1000);
    socket.send(new Uint8Array(), { binary: true });
    if (connection.writableFinished) socket.close(1000);
  });
  connection.on('finish', () => {
    if (halfClose && connection.readableEnded) socket.close(1000);
  });
  connection.on('error', (error) => {
    call.log.info({ err: error }, 'a relayed connection failed');
    if (!halfClose && socket.readyState === socket.OPEN)
      socket.send(encodeJsonFrame('error', toProblem(asCoopError(error), call.requestId)));
    socket.close(1011);
  });
  connection.on('close', () => socket.close(1000));
  socket.on('close', () => {
    clearInterval(pings);
    connection.destroy();
  });
  socket.on('error', () => socket.terminate());
}

/** The first message, and those behind it that were read with it: pausing a socket does not hold back what has arrived. */
function earlyMessages(socket: WebSocket): { first: Promise<Buffer>; rest(): Buffer[] } {
  const messages: Buffer[] = [];
  const first = new Promise<Buffer>((resolve, reject) => {
    const late = setTimeout(() => reject(new CoopError('timeout', 'No request came.')), FIRST_MESSAGE_MS);
    socket.on('message', keep);
    socket.once('message', (data: Buffer) => {
      clearTimeout(late);
      socket.pause();
      resolve(data);
    });
    socket.once('close', () => {
      clearTimeout(late);
      reject(new CoopError('invalid_request', 'The connection was closed before a request came.'));
    });
    socket.once('error', () => socket.terminate());
  });
  function keep(data: Buffer): void {
    messages.push(data);
  }
  return {
    first,
    rest: () => {
      socket.off('message', keep);
      return messages.slice(1);
    },
  };
}

function readRequest(message: Buffer): ExecRequest {
  let json: unknown;
  try {
    json = JSON.parse(message.toString('utf8'));
  } catch {
    throw new CoopError('invalid_request', 'The first message is no JSON; it must be an ExecRequest.', { at: 'body' });
  }
  const request = ExecRequest.safeParse(json);
  if (!request.success) throw validationError('json', request.error);
  return request.data;
}
