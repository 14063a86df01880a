import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { encodeFrame, encodeJsonFrame, frameReader, type Frame } from '@gpucoop/protocol/frames.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { httpFixture, type FixtureOptions } from './testing/http-fixture.ts';

let database: TestDatabase;
const closers: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(() => database.close());

async function served(options: FixtureOptions) {
  const fixture = httpFixture(database, options);
  const user = await fixture.person();
  fixture.belongsTo('run_1', user.id);
  const listening = await fixture.listen();
  closers.push(() => {
    fixture.closing.abort();
    return listening.close(500);
  });
  const open = (path: string, key: string | null = user.key) => {
    const socket = new WebSocket(
      `ws://127.0.0.1:${listening.port}${path}`,
      key === null ? {} : { headers: { authorization: `Bearer ${key}` } },
    );
    socket.on('error', () => {}); // terminated before it was open, or refused: what a test looks at is another event
    closers.push(() => socket.terminate());
    return socket;
  };
  return { ...fixture, user, open, port: listening.port };
}

const opened = (socket: WebSocket) =>
  new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));
const refusal = (socket: WebSocket) =>
  new Promise<{ status: number | undefined; code: string }>((resolve, reject) => {
    socket.once('open', () => reject(new Error('it was accepted')));
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode, code: (JSON.parse(body) as { code: string }).code }),
      );
    });
  });
const execRequest: ExecRequest = { command: ['cat'], tty: false, columns: null, rows: null, env: {}, user: null };

/** An exec that echoes: stdin comes back as stdout, the end of stdin as exit 7. */
function echo(): Duplex {
  const read = frameReader();
  const out = new PassThrough();
  return Duplex.from({
    readable: out,
    writable: (async (input: AsyncIterable<Buffer>) => {
      for await (const chunk of input) {
        for (const { channel, payload } of read(chunk)) {
          if (channel === 'stdin') out.write(encodeFrame('stdout', payload));
          if (channel === 'stdinEnd') out.end(encodeJsonFrame('exit', { code: 7 }));
        }
      }
    }) as never,
  });
}

test('exec: the request first, then frames both ways, then the exit', async () => {
  const requests: ExecRequest[] = [];
  const { open } = await served({
    over: { runs: { exec: async (_user, _run, request) => (requests.push(request), echo()) } },
  });
  const socket = open('/v1/runs/run_1/exec');
  const frames: Frame[] = [];
  const read = frameReader();
  socket.on('message', (data: Buffer) => frames.push(...read(data)));
  await opened(socket);
  socket.send(JSON.stringify(execRequest));
  // At once behind the request: nothing that comes before the machine has answered may be lost.
  socket.send(encodeFrame('stdin', Buffer.from('hello ')));
  socket.send(encodeFrame('stdin', Buffer.from('there')));
  socket.send(encodeFrame('stdinEnd'));
  expect(await closed(socket)).toBe(1000);
  expect(requests).toEqual([execRequest]);
  const out = frames
    .filter((frame) => frame.channel === 'stdout')
    .map((frame) => Buffer.from(frame.payload).toString());
  expect(out.join('')).toBe('hello there');
  expect(JSON.parse(Buffer.from(frames.at(-1)!.payload).toString())).toEqual({ code: 7 });
});

test('exec: a machine that refuses, and a request that is none, are error frames', async () => {
  const { open } = await served({
    over: {
      runs: {
        exec: async () => {
          throw new CoopError('wrong_state', 'It has ended.');
        },
      },
    },
  });
  for (const [message, code] of [
    [JSON.stringify(execRequest), 'wrong_state'],
    ['{"command":[]}', 'invalid_request'],
    ['nonsense', 'invalid_request'],
  ] as const) {
    const socket = open('/v1/runs/run_1/exec');
    let frame: Frame | undefined;
    socket.on('message', (data: Buffer) => ([frame] = frameReader()(data)));
    await opened(socket);
    socket.send(message);
    expect(await closed(socket)).toBe(1008);
    expect(JSON.parse(Buffer.from(frame!.payload).toString())).toMatchObject({ code });
  }
});

test('the client that goes away takes the command with it', async () => {
  let connection: Duplex | undefined;
  const { open } = await served({ over: { runs: { exec: async () => (connection = echo()) } } });
  const socket = open('/v1/runs/run_1/exec');
  await opened(socket);
  socket.send(JSON.stringify(execRequest));
  await vi.waitFor(() => expect(connection).toBeDefined());
  socket.terminate();
  await vi.waitFor(() => expect(connection!.destroyed).toBe(true));
});

test('the same guard stands before sockets as before everything else', async () => {
  const { open, keyOf, user, person } = await served({});
  expect(await refusal(open('/v1/runs/run_1/exec', null))).toEqual({ status: 401, code: 'unauthenticated' });
  expect(await refusal(open('/v1/runs/run_1/exec', (await keyOf(user.id, ['runs:read'])).secret))).toEqual({
    status: 403,
    code: 'forbidden',
  });
  expect(await refusal(open('/v1/runs/run_1/exec', (await person()).key))).toEqual({ status: 404, code: 'not_found' });
  expect(await refusal(open('/v1/runs/run_1/ports/0'))).toEqual({ status: 400, code: 'invalid_request' });
  expect(await refusal(open('/v1/me'))).toEqual({ status: 400, code: 'invalid_request' });
  expect(await refusal(open('/nowhere'))).toEqual({ status: 404, code: 'not_found' });
});

test('asked with plain HTTP, a socket says what it is', async () => {
  const { port, user } = await served({});
  const response = await fetch(`http://127.0.0.1:${port}/v1/runs/run_1/ports/80`, {
    headers: { authorization: `Bearer ${user.key}` },
  });
  expect(await response.json()).toMatchObject({ code: 'invalid_request', detail: 'This address is a WebSocket.' });
});

async function tcpServer(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createTcpServer({ allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}
const dial = (port: number) =>
  new Promise<Duplex>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });

test('a port: bytes as they are, and each direction ends by itself', async () => {
  let heard = '';
  const target = await tcpServer((socket) => {
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('end', () => socket.end(`you said ${heard}`));
  });
  const { open } = await served({ over: { runs: { connect: async () => dial(target) } } });
  const socket = open('/v1/runs/run_1/ports/80');
  const messages: Buffer[] = [];
  socket.on('message', (data: Buffer) => messages.push(data));
  await opened(socket);
  socket.send(Buffer.from('hello'));
  socket.send(Buffer.alloc(0));
  expect(await closed(socket)).toBe(1000);
  expect(Buffer.concat(messages).toString()).toBe('you said hello');
  expect(messages.at(-1)).toHaveLength(0);
});

test('many megabytes through a port arrive whole, and wait for a client that is slow', async () => {
  const megabytes = 24;
  let written = 0;
  const target = await tcpServer((socket) => {
    const chunk = Buffer.alloc(65_536, 7);
    const more = () => {
      while (written < megabytes * 2 ** 20) {
        written += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
      socket.end();
    };
    more();
    socket.resume();
  });
  const { open } = await served({ over: { runs: { connect: async () => dial(target) } } });
  const socket = open('/v1/runs/run_1/ports/80');
  let received = 0;
  socket.on('message', (data: Buffer) => (received += data.length));
  await opened(socket);
  socket.pause();
  let before = -1;
  await vi.waitFor(
    () => {
      const still = written === before;
      before = written;
      expect(still).toBe(true);
    },
    { timeout: 10_000, interval: 200 },
  );
  expect(written).toBeLessThan(megabytes * 2 ** 20);
  socket.resume();
  await vi.waitFor(() => expect(received).toBe(megabytes * 2 ** 20), { timeout: 20_000 });
});

test('a port that nobody listens on is a refusal, not a connection', async () => {
  const { open } = await served({
    over: {
      runs: { connect: async () => Promise.reject(new CoopError('machine_unreachable', 'Connection refused.')) },
    },
  });
  expect(await refusal(open('/v1/runs/run_1/ports/81'))).toEqual({ status: 503, code: 'machine_unreachable' });
});

test('links go to the gateway as they came', async () => {
  const seen: string[] = [];
  const { port } = await served({
    links: {
      handleUpgrade: (request, socket) => {
        seen.push(String(request.headers['x-coop-machine']));
        socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
      },
    },
  });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/link`, { headers: { 'x-coop-machine': 'mch_1' } });
  socket.on('error', () => {});
  await closed(socket);
  expect(seen).toEqual(['mch_1']);
});

test('a server that closes lets nobody hang', async () => {
  const { open, closing } = await served({ over: { runs: { exec: async () => echo() } } });
  const socket = open('/v1/runs/run_1/exec');
  await opened(socket);
  closing.abort();
  expect(await closed(socket)).toBe(1001);
});
