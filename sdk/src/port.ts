import { Duplex } from 'node:stream';
import { cutOff } from './errors.ts';
import { openSocket } from './socket.ts';
import type { Transport } from './transport.ts';

/** Raw TCP over a WebSocket: binary messages are bytes, an empty one is the end of that direction. */
export async function openPort(transport: Transport, path: string, signal?: AbortSignal): Promise<Duplex> {
  const socket = await openSocket(transport, path, signal);
  let ended = false;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (chunk.length === 0) return done(); // an empty message means the end
      socket.send(chunk, (error) => done(error ?? null));
    },
    final: (done) => {
      if (socket.readyState !== socket.OPEN) return done();
      socket.send(new Uint8Array(), () => done());
    },
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (data: Buffer) => {
    if (data.length === 0) {
      ended = true;
      duplex.push(null);
    } else if (!duplex.push(data)) socket.pause();
  });
  socket.on('error', (error) => duplex.destroy(cutOff(transport.server, error)));
  socket.on('close', (code) => {
    if (ended) duplex.end();
    else duplex.destroy(cutOff(transport.server, new Error(`closed with ${code}`)));
  });
  return duplex;
}
