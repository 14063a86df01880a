import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { connectTcp } from './engine/connect-tcp.ts';
import { untilAnswers } from './probe.ts';

const engine = {
  connect: async (_id: string, port: number) => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  },
};
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function serve(answer: (socket: Socket, request: string) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => answer(socket, chunk.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const probe = (port: number, ms: number, path = '/ready') =>
  untilAnswers(engine, 'c', { kind: 'http', port, path }, AbortSignal.timeout(ms));

test('ready when the status says so, whatever was said before', async () => {
  let asked = 0;
  const port = await serve((socket, request) => {
    asked += 1;
    expect(request).toMatch(/^GET \/ready HTTP\/1\.1\r\n/);
    socket.end(asked < 3 ? 'HTTP/1.1 503 Later\r\n\r\n' : 'HTTP/1.1 302 Found\r\n\r\n');
  });
  await probe(port, 10_000);
  expect(asked).toBe(3);
});

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9\r\nand more'],
  ['an endless head', 'x'.repeat(10_000)],
  ['a server error', 'HTTP/1.1 500 No\r\n\r\n'],
])('not ready: %s', async (_what, words) => {
  const port = await serve((socket) => socket.write(words));
  await expect(probe(port, 400)).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a workload that takes the connection and says nothing does not hold the probe', async () => {
  const port = await serve(() => {});
  await expect(probe(port, 200)).rejects.toMatchObject({ name: 'TimeoutError' });
  await untilAnswers(engine, 'c', { kind: 'tcp', port }, AbortSignal.timeout(1000));
});

test('a path cannot smuggle a second request', async () => {
  let seen = '';
  const port = await serve((socket, request) => {
    seen = request;
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  await probe(port, 1000, '/a\r\nX-Evil: 1\r\n\r\nGET /b');
  expect(seen.split('\r\n')[0]).toBe('GET /a%0D%0AX-Evil:%201%0D%0A%0D%0AGET%20/b HTTP/1.1');
});

test('a server that greets whoever connects is left in order, not reset', async () => {
  const left = Promise.withResolvers<string | undefined>();
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => left.resolve(error.code));
    socket.on('end', () => left.resolve('in order'));
    socket.resume().write('welcome\n'.repeat(10_000));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const greeted = { connect: () => connectTcp('127.0.0.1', port) };
  await untilAnswers(greeted, 'c', { kind: 'tcp', port }, AbortSignal.timeout(5000));
  expect(await left.promise).toBe('in order');
});
