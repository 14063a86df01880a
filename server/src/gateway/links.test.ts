import http2, { type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentEvent, EventAck } from '@gpucoop/protocol/agent-api.ts';
import { linkMessage, signerFromSecret, signStatement } from '@gpucoop/protocol/evidence.ts';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { LinkEnd } from './agent-link.ts';
import { createLinks, type Links } from './links.ts';
import { socketDuplex } from './socket-duplex.ts';

/** An agent that does as a test says, over the real wire: what an honest one does not do is what is tested here. */

const signer = signerFromSecret(new Uint8Array(32).fill(7));
const machine = { publicKey: signer.publicKey, refusal: undefined as CoopError | undefined, epoch: 0 };
const nonces = new Map<string, { subject: string; expires_at: Date }>();
let now = 0;
let links: Links;
let http: Server;
let url: string;
let ups: number[];
let downs: { epoch: number; end: LinkEnd }[];
let events: AgentEvent[];
let onEvent: (event: AgentEvent) => Promise<EventAck>;
let order: string[];

beforeEach(async () => {
  Object.assign(machine, { refusal: undefined, epoch: 0 });
  [ups, downs, events, order] = [[], [], [], []];
  now = Date.UTC(2030, 0);
  onEvent = async (event) => ({
    seq: event.type === 'meter' ? event.seq : 0,
    heartbeat_seq: event.type === 'heartbeat' ? event.seq : 0,
  });
  links = createLinks({
    authenticate: async () => {
      if (machine.refusal !== undefined) throw machine.refusal;
      return machine;
    },
    raiseEpoch: async () => ++machine.epoch,
    challenges: {
      put: async ({ nonce, ...rest }) => void nonces.set(nonce, rest),
      take: async (nonce) => {
        const found = nonces.get(nonce);
        nonces.delete(nonce);
        return found;
      },
    },
    onUp: async (_id, epoch) => void (ups.push(epoch), order.push(`up ${epoch}`)),
    onDown: async (_id, epoch, end) => void (downs.push({ epoch, end }), order.push(`down ${epoch}`)),
    onEvent: async (_id, _epoch, event) => {
      events.push(event);
      return onEvent(event);
    },
    serverName: 'test',
    heartbeatMs: 1000,
    log: pino({ level: 'silent' }),
    clock: { now: () => new Date(now) },
    limits: {
      pingMs: 50,
      silentMs: 400,
      answerMs: 500,
      eventSilenceMs: 60_000,
      lineBytes: 64 * 1024,
      factsBytes: 4096,
      answerBytes: 10_000,
      eventsPerSecond: 10,
      eventsBurst: 100,
      bytesPerSecond: 100_000,
      bytesBurst: 1_000_000,
      controlsBurst: 50,
      openStreams: 8,
      retryMs: [1, 1],
    },
  });
  http = createServer((_request, response) => response.end());
  http.on('upgrade', links.handleUpgrade);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/link`;
});

afterEach(async () => {
  await links.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

type Handler = (stream: ServerHttp2Stream, path: string) => void;

/** Dials in; `handle` serves every request but the acknowledgements, which are collected. */
async function dial(
  handle: Handler,
  changes: { nonce?: string; signature?: string; server?: string } = {},
): Promise<{ ws: WebSocket; acks: EventAck[]; closed: Promise<number> }> {
  const nonce = changes.nonce ?? (await links.challenge('mch_1')).nonce;
  const message = linkMessage({ machine_id: 'mch_1', nonce, server: changes.server ?? 'test' });
  const signature = changes.signature ?? Buffer.from(signer.sign(message)).toString('hex');
  const ws = new WebSocket(url, {
    headers: { 'x-coop-machine': 'mch_1', 'x-coop-nonce': nonce, 'x-coop-signature': signature },
    perMessageDeflate: false,
  });
  const duplex = socketDuplex(ws);
  const acks: EventAck[] = [];
  const closed = new Promise<number>((resolve) => ws.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.on('error', reject);
    ws.once('unexpected-response', (_request, response) => {
      response
        .setEncoding('utf8')
        .once('data', (body: string) =>
          reject(
            Object.assign(new Error('refused'), { problem: JSON.parse(body) as unknown, headers: response.headers }),
          ),
        );
    });
  });
  const server = http2.createServer();
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const path = headers[':path'] ?? '';
    if (path !== '/v1/events/ack') return handle(stream, path);
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    stream.on('end', () => {
      if (stream.destroyed || body === '') return; // the link was closed meanwhile
      acks.push(JSON.parse(body) as EventAck);
      stream.respond({ ':status': 200 });
      stream.end('{}');
    });
  });
  server.emit('connection', duplex);
  return { ws, acks, closed };
}

/** Serves events by `send`, and nothing else. */
function feeding(send: (stream: ServerHttp2Stream) => void): Handler {
  return (stream, path) => {
    if (path !== '/v1/events') return;
    stream.respond({ ':status': 200 });
    send(stream);
  };
}

const heartbeat = (seq: number, changes: object = {}) =>
  `${JSON.stringify({ type: 'heartbeat', seq, boot_id: 'b', monotonic_ms: 1, facts: null, cpu_owner_busy: false, leases: [], ...changes })}\n`;
const meter = (seq: number) => {
  const body = { lease_id: 'lse_1', container_id: 'c', served_ms: seq, final: false };
  return `${JSON.stringify({ type: 'meter', seq, statement: signStatement('meter', body, '2030-01-01T00:00:00Z', signer) })}\n`;
};
const quiet = feeding((stream) => stream.write(heartbeat(1)));

async function until<Value>(look: () => Value | undefined | false, what: string): Promise<Value> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const ended = (code: LinkEnd['code']) =>
  until(
    () => downs.find((down) => down.end.code === code),
    `a link to end by ${code}; it ended by ${JSON.stringify(downs)}`,
  );

test('events are handled in order and acknowledged, several at once', async () => {
  const { acks } = await dial(feeding((stream) => stream.write(heartbeat(1) + meter(1) + meter(2) + heartbeat(2))));
  await until(() => acks.at(-1)?.seq === 2 && acks.at(-1)?.heartbeat_seq === 2, 'the acknowledgement');
  expect(events.map((event) => `${event.type} ${event.seq}`)).toEqual([
    'heartbeat 1',
    'meter 1',
    'meter 2',
    'heartbeat 2',
  ]);
  expect(links.linkOf('mch_1')?.epoch).toBe(1);
});

test('an event that cannot be handled is tried again, then the link is closed, unacknowledged', async () => {
  let failures = 2;
  onEvent = async (event) => {
    if (event.seq === 1 && failures-- > 0) throw new Error('the database is away');
    if (event.seq === 2) throw new Error('for good');
    return { seq: event.seq, heartbeat_seq: 0 };
  };
  const { acks } = await dial(feeding((stream) => stream.write(meter(1) + meter(2))));
  await ended('server_error');
  expect(events.map((event) => event.seq)).toEqual([1, 1, 1, 2, 2, 2]);
  expect(acks.every((ack) => ack.seq <= 1)).toBe(true);
  await dial(quiet); // and it may come back at once
});

test('a nonce serves once, for its machine, its server and its time', async () => {
  const { nonce } = await links.challenge('mch_1');
  await dial(quiet, { nonce });
  await expect(dial(quiet, { nonce })).rejects.toMatchObject({ problem: { code: 'token_expired' } });
  await expect(dial(quiet, { nonce: '0'.repeat(48) })).rejects.toMatchObject({ problem: { code: 'token_expired' } });
  await expect(dial(quiet, { server: 'another' })).rejects.toMatchObject({
    problem: { code: 'invalid_signature', status: 400 },
  });
  await expect(dial(quiet, { signature: '00' })).rejects.toMatchObject({ problem: { code: 'invalid_request' } });
  const late = await links.challenge('mch_1');
  now += 61_000;
  await expect(dial(quiet, { nonce: late.nonce })).rejects.toMatchObject({ problem: { code: 'token_expired' } });
});

test('a machine that was removed is told so, before and instead of a link', async () => {
  const { nonce } = await links.challenge('mch_1');
  machine.refusal = new CoopError('machine_removed', 'Removed.');
  await expect(links.challenge('mch_1')).rejects.toMatchObject({ code: 'machine_removed' });
  await expect(dial(quiet, { nonce })).rejects.toMatchObject({ problem: toProblem(machine.refusal) });
});

test('a newer link replaces the older one: down before up, and the older one hears why', async () => {
  const first = await dial(quiet);
  await until(() => links.linkOf('mch_1')?.epoch === 1, 'the first');
  await dial(quiet);
  await until(() => links.linkOf('mch_1')?.epoch === 2, 'the second');
  expect(await first.closed).toBe(4000);
  expect(order).toEqual(['up 1', 'down 1', 'up 2']);
  expect(downs[0]?.end.code).toBe('replaced');
});

test('an agent that falls silent on an open connection is noticed', async () => {
  const { ws } = await dial(quiet);
  await until(() => events.length > 0, 'its heartbeat');
  // Its process is stopped, say: the socket lives and nothing answers.
  (ws as unknown as { _socket: { pause(): void } })._socket.pause();
  const down = await ended('silent');
  expect(down.epoch).toBe(1);
  expect(links.linkOf('mch_1')).toBeUndefined();
  ws.terminate();
});

test.each([
  ['what is not JSON', 'garbage\n'],
  ['an event of no known kind', '{"type":"gossip"}\n'],
  ['a heartbeat with a lie for a number', heartbeat(1, { monotonic_ms: -1 })],
  ['a NUL, which no database keeps', heartbeat(1, { boot_id: 'a\u0000b' })],
  ['half a character', heartbeat(1, { boot_id: '\ud800' })],
  ['a line that does not end', 'x'.repeat(70_000)],
  ['too many leases', heartbeat(1, { leases: Array.from({ length: 1025 }, () => ({})) })],
])('%s closes the link, and the machine waits before it may return', async (_what, line) => {
  const { closed } = await dial(feeding((stream) => stream.write(line)));
  await ended('invalid');
  expect(await closed).toBe(4003);
  expect(events).toEqual([]);
  await expect(dial(quiet)).rejects.toMatchObject({
    problem: { code: 'rate_limited' },
    headers: { 'retry-after': '60' },
  });
  now += 60_001;
  await dial(quiet);
});

test('a text that only looks like an escape is taken', async () => {
  await dial(
    feeding((stream) =>
      stream.write(heartbeat(1, { boot_id: String.raw`\u0000 \ud83d` }) + heartbeat(2, { boot_id: '🦊' })),
    ),
  );
  await until(() => events.length === 2, 'both');
  expect(downs).toEqual([]);
});

test('floods of events and of bytes are cut off', async () => {
  await dial(feeding((stream) => stream.write(Array.from({ length: 200 }, (_, n) => heartbeat(n)).join(''))));
  await ended('flood');
  expect(events.length).toBeLessThanOrEqual(100);
  now += 61_000;
  downs = [];
  const fat = heartbeat(1, { boot_id: 'x'.repeat(60_000) });
  await dial(feeding((stream) => stream.write(fat.repeat(30))));
  await ended('flood');
});

test('an agent that is slow to be handled is held back, not cut off', async () => {
  const waiting: (() => void)[] = [];
  onEvent = (event) => new Promise((resolve) => waiting.push(() => resolve({ seq: 0, heartbeat_seq: event.seq })));
  await dial(feeding((stream) => stream.write(Array.from({ length: 50 }, (_, n) => heartbeat(n)).join(''))));
  await until(() => waiting.length === 1, 'the first');
  for (let n = 0; n < 50; n++) {
    await until(() => waiting.length > n, `event ${n}`);
    expect(events).toHaveLength(n + 1);
    waiting[n]!();
  }
  expect(downs).toEqual([]);
});

test('a flood of pings is cut off', async () => {
  const { ws } = await dial(quiet);
  await until(() => events.length > 0, 'its heartbeat');
  const timer = setInterval(() => {
    for (let n = 0; n < 100 && ws.readyState === WebSocket.OPEN; n++) ws.ping();
  }, 5);
  await ended('flood').finally(() => clearInterval(timer));
});

test('a request to it is limited in time and size, and garbage is not an answer', async () => {
  await dial((stream, path) => {
    if (path === '/v1/events') return quiet(stream, path);
    if (path === '/never') return;
    if (path === '/loris') {
      stream.respond({ ':status': 200 });
      const drip = setInterval(() => stream.write(' '), 20);
      return void stream.once('close', () => clearInterval(drip));
    }
    const bodies: Record<string, [number, string]> = {
      '/endless': [200, 'x'.repeat(20_000)],
      '/garbage': [200, 'hello'],
      '/refused': [
        409,
        JSON.stringify(toProblem(new CoopError('wrong_state', 'Not\u001b[31m now.', { hint: 'Later.' }))),
      ],
      '/rude': [500, 'no'],
      '/fine': [200, '{"a":1}'],
    };
    const [status, body] = bodies[path] ?? [404, ''];
    stream.respond({ ':status': status });
    stream.end(body);
  });
  const link = await until(() => links.linkOf('mch_1'), 'the link');
  await expect(link.request('GET', '/never', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  await expect(link.request('GET', '/loris', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
  await expect(link.openStream('GET', '/never', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
  await expect(link.request('GET', '/endless')).rejects.toMatchObject({ code: 'machine_unreachable' });
  await expect(link.request('GET', '/garbage')).rejects.toMatchObject({ code: 'machine_unreachable' });
  await expect(link.request('GET', '/rude')).rejects.toMatchObject({ code: 'machine_unreachable' });
  await expect(link.request('GET', '/refused')).rejects.toMatchObject({
    code: 'wrong_state',
    message: 'Not [31m now.',
    hint: 'Later.',
  });
  await expect(link.openStream('GET', '/refused')).rejects.toMatchObject({ code: 'wrong_state' });
  expect(await link.request('GET', '/fine')).toEqual({ a: 1 });
  // None of these hold on to anything: as many again fit.
  const many = Array.from({ length: 20 }, () =>
    link.request('GET', '/never', { timeoutMs: 50 }).catch((error: unknown) => (error as CoopError).code),
  );
  const codes = await Promise.all(many);
  expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThan(0);
  expect(codes.filter((code) => code === 'timeout').length).toBeGreaterThan(0);
  expect(await until(() => link.epoch, 'epoch')).toBe(1);
  expect(await link.request('GET', '/fine')).toEqual({ a: 1 });
});

test('an answer that is cut off is not taken for a whole one', async () => {
  await dial((stream, path) => {
    if (path === '/v1/events') return quiet(stream, path);
    stream.respond({ ':status': 200 });
    stream.write('{"a":1}');
    setTimeout(() => stream.destroy(new Error('cut')), 20);
  });
  const link = await until(() => links.linkOf('mch_1'), 'the link');
  await expect(link.request('GET', '/cut')).rejects.toMatchObject({ code: 'machine_unreachable' });
  const { stream } = await link.openStream('GET', '/cut');
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'machine_unreachable' });
});

test('when the link goes down every request and stream on it fails at once', async () => {
  const { ws } = await dial((stream, path) => {
    if (path === '/v1/events') return quiet(stream, path);
    if (path === '/open') stream.respond({ ':status': 200 });
  });
  const link = await until(() => links.linkOf('mch_1'), 'the link');
  const { stream } = await link.openStream('POST', '/open');
  const pending = link.request('GET', '/never', { timeoutMs: 60_000 });
  ws.terminate();
  await expect(pending).rejects.toMatchObject({ code: 'machine_unreachable' });
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'machine_unreachable' });
  await ended('closed');
  await expect(link.request('GET', '/fine')).rejects.toMatchObject({ code: 'machine_unreachable' });
});

test('one that upgrades and then speaks no HTTP/2, or never serves its events, is let go', async () => {
  const { nonce } = await links.challenge('mch_1');
  const signature = Buffer.from(signer.sign(linkMessage({ machine_id: 'mch_1', nonce, server: 'test' }))).toString(
    'hex',
  );
  const ws = new WebSocket(url, {
    headers: { 'x-coop-machine': 'mch_1', 'x-coop-nonce': nonce, 'x-coop-signature': signature },
  });
  ws.on('error', () => {});
  ws.once('open', () => ws.send(Buffer.alloc(1000, 'z')));
  await until(() => downs.length === 1, 'the end of it');
  now += 61_000;
  await dial(() => {});
  await until(() => downs.length === 2, 'the end of the second');
  expect(links.count()).toBe(0);
});

test('closing all says that the server restarts, and every link is reported down before it returns', async () => {
  const { closed } = await dial(quiet);
  await until(() => links.linkOf('mch_1'), 'the link');
  await links.close();
  expect(downs.map((down) => down.end.code)).toEqual(['server_stopping']);
  expect(await closed).toBe(1012);
  await expect(dial(quiet)).rejects.toMatchObject({ problem: { code: 'unavailable' } });
});
