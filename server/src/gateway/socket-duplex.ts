import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/**
 * A WebSocket's bytes as a Duplex for HTTP/2; the agent has the same. Unlike the one that ws brings it never ends by itself: node:http2 on
 * a stream that is no socket answers its end with a shutdown, and an internal assertion then fails (and ends the process) when frames
 * are still to be written. Whoever owns the link destroys session and socket when the WebSocket closes.
 */
export function socketDuplex(ws: WebSocket): Duplex {
  const duplex = new Duplex({
    read: () => {
      if (ws.isPaused) ws.resume();
    },
    write: (chunk: Buffer, _encoding, done) => send(chunk, done),
    writev: (chunks, done) => send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
    // The WebSocket is closed by the link's owner, with a reason.
    destroy: (error, done) => done(error),
  });
  ws.binaryType = 'nodebuffer';
  ws.on('message', (data: Buffer) => {
    if (!duplex.destroyed && !duplex.push(data)) ws.pause();
  });
  ws.on('error', (error) => duplex.destroy(error));
  ws.on('close', () => duplex.destroy());
  duplex.on('error', () => {}); // the owner hears of it by the close of the WebSocket
  return duplex;

  function send(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (ws.readyState !== ws.OPEN) return done(new Error('the WebSocket is not open'));
    ws.send(bytes, (error) => done(error ?? null));
  }
}
