import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@gpucoop/sdk/client.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { command } from '../grammar.ts';
import { plain } from '../look/text.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { findRun } from './find-run.ts';
import { RUN } from './logs.ts';

export const port = command({
  about: 'Reach a port of a run from this computer',
  details: 'Listens on 127.0.0.1 until Ctrl-C. Only this computer can connect.',
  positionals: [
    RUN,
    { name: 'LOCAL:REMOTE', about: 'Ports; one number stands for both, local 0 for any free one', repeated: true },
  ],
  flags: {},
  examples: [['coop port notebook 8888', 'http://127.0.0.1:8888 is then the port 8888 of the run.']],
  run: async (input) => {
    const { args, terminal } = input;
    const [typed, ...pairs] = args;
    const wished = pairs.map(parsePair);
    const { client } = await openSession(input);
    const run = await findRun(client, typed!);
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
    await Promise.all(wished.map((pair) => relay(client, run, pair, terminal, stop.signal)));
    const ended = watchEnd(client, run, stop.signal).then(() => stop.abort());
    await Promise.race([once(stop.signal, 'abort'), ended]);
  },
});

type Pair = { local: number; remote: number };

export function parsePair(text: string): Pair {
  const match = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text);
  const remote = Number(match?.[2]);
  const local = Number(match?.[1] ?? remote);
  if (match === null || remote < 1 || remote > 65_535 || local > 65_535) {
    throw new CoopError('invalid_request', `"${text}" is no pair of ports.`, {
      hint: 'Write LOCAL:REMOTE, like 8080:80, or one number for both.',
    });
  }
  return { local, remote };
}

async function relay(client: Client, run: Run, pair: Pair, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const server = createServer(
    { allowHalfOpen: true },
    (socket) => void join(client, run, pair, socket, terminal, signal),
  );
  server.listen({ host: '127.0.0.1', port: pair.local });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new CoopError('invalid_request', `Port ${pair.local} of this computer is in use.`, {
      hint: `Choose another: coop port ${run.name} 0:${pair.remote}`,
      cause,
    });
  }
  signal.addEventListener('abort', () => server.close());
  const local = (server.address() as AddressInfo).port;
  if (terminal.json) terminal.printJson({ type: 'listening', host: '127.0.0.1', local, remote: pair.remote });
  else terminal.print(`${terminal.look.type(`127.0.0.1:${local}`)} → ${run.name}:${pair.remote}`);
}

async function join(
  client: Client,
  run: Run,
  { remote }: Pair,
  socket: Socket,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const there = await client.runs.connect(run.id, remote, { signal });
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    await Promise.all([pipeline(socket, there), pipeline(there, socket)]);
  } catch (error) {
    // One connection that failed is no reason to end the others; the client sees it cut.
    socket.destroy();
    if (error instanceof CoopError)
      terminal.aside(`${terminal.asideLook.attention('connection')}  ${plain(error.message)}`);
  }
}

async function watchEnd(client: Client, run: Run, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of client.runs.events(run.id, { signal })) if (event.type === 'run.ended') return;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
