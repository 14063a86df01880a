import { Readable, Writable } from 'node:stream';
import type { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { encodeFrame, encodeJsonFrame, frameReader, FRAME_PAYLOAD_MAX, type Frame } from '@gpucoop/protocol/frames.ts';
import { Problem } from '@gpucoop/protocol/problem.ts';
import { cutOff, errorFromProblem } from './errors.ts';
import { openSocket } from './socket.ts';
import type { Transport } from './transport.ts';

export type ExecSession = {
  /** Ending it ends the command's input. */
  stdin: Writable;
  stdout: Readable;
  /** Empty with a terminal. */
  stderr: Readable;
  resize(columns: number, rows: number): void;
  /** The command's own exit code; rejected when the connection or the machine failed first. */
  exit: Promise<number>;
  close(): void;
};

/** Runs a command in the container of a run. Slow readers slow the command down; nothing is dropped. */
export async function openExec(
  transport: Transport,
  path: string,
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<ExecSession> {
  const socket = await openSocket(transport, path, signal);
  const read = frameReader();
  const full = new Set<Readable>();
  const output = () => {
    const stream: Readable = new Readable({
      read() {
        if (full.delete(stream) && full.size === 0) socket.resume();
      },
    });
    return stream;
  };
  const stdout = output();
  const stderr = output();
  const send = (bytes: Uint8Array) => socket.readyState === socket.OPEN && socket.send(bytes);

  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // A frame a message: servers take no message much larger than a frame.
      const next = (at: number): void => {
        // The command may be gone before its input is: then the rest of it goes nowhere, as in a shell.
        if (at >= chunk.length || socket.readyState !== socket.OPEN) return done();
        socket.send(encodeFrame('stdin', chunk.subarray(at, at + FRAME_PAYLOAD_MAX)), () =>
          next(at + FRAME_PAYLOAD_MAX),
        );
      };
      next(0);
    },
    final(done) {
      send(encodeFrame('stdinEnd'));
      done();
    },
  });

  const exit = new Promise<number>((resolve, reject) => {
    const take = ({ channel, payload }: Frame) => {
      if (channel === 'stdout') give(stdout, payload);
      else if (channel === 'stderr') give(stderr, payload);
      else if (channel === 'exit') resolve((jsonOf(payload) as { code: number }).code);
      else if (channel === 'error') reject(errorFromProblem(Problem.parse(jsonOf(payload))));
    };
    const give = (stream: Readable, payload: Uint8Array) => {
      if (stream.push(payload)) return;
      full.add(stream);
      socket.pause();
    };
    socket.on('message', (data: Buffer) => {
      try {
        read(data).forEach(take);
      } catch (error) {
        reject(error);
        socket.terminate();
      }
    });
    socket.on('error', (error) => reject(cutOff(transport.server, error)));
    socket.on('close', (code) => {
      stdout.push(null);
      stderr.push(null);
      reject(cutOff(transport.server, new Error(`the connection ended before the command did (${code})`)));
    });
  });
  exit.catch(() => {}); // who asks for it later still gets the rejection

  socket.resume();
  socket.send(JSON.stringify(request));
  return {
    stdin,
    stdout,
    stderr,
    exit,
    resize: (columns, rows) => void send(encodeJsonFrame('resize', { columns, rows })),
    close: () => socket.terminate(),
  };
}

const jsonOf = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));
