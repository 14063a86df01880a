import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { LogLine, RunEvent } from '@gpucoop/protocol/resources.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import type { LogQuery } from '../rooms.ts';
import { httpFixture, type FixtureOptions } from './testing/http-fixture.ts';

let database: TestDatabase;
const closers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => database.close());

const event = (id: number) => ({ id, run_id: 'run_1', type: 'run.warning', message: `event ${id}` }) as RunEvent;
const line = (seq: number, text = 'x') => ({ seq, at: '', stream: 'stdout', text }) as LogLine;

type Runs = NonNullable<NonNullable<FixtureOptions['over']>['runs']>;
async function served(runs: Runs, config: FixtureOptions['config'] = {}) {
  const fixture = httpFixture(database, { over: { runs }, config });
  const user = await fixture.person();
  fixture.belongsTo('run_1', user.id);
  const listening = await fixture.listen();
  closers.push(() => {
    fixture.closing.abort();
    return listening.close(500);
  });
  const url = `http://127.0.0.1:${listening.port}`;
  const get = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${user.key}`, ...headers },
      ...(signal !== undefined && { signal }),
    });
  return { ...fixture, user, get, port: listening.port };
}

test('events come with their ids and end with an end', async () => {
  const { get } = await served({
    events: async function* () {
      yield event(7);
      yield event(9);
    },
  });
  const response = await get('/v1/runs/run_1/events');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(await response.text()).toBe(
    `retry: 1000\n\nid: 7\ndata: ${JSON.stringify(event(7))}\n\nid: 9\ndata: ${JSON.stringify(event(9))}\n\nevent: end\ndata: {}\n\n`,
  );
});

test('Last-Event-ID wins over after, and nonsense in it means from the start', async () => {
  const asked: number[] = [];
  const { get } = await served({
    events: async function* (_user, _run, after) {
      asked.push(after);
      yield event(after + 1);
    },
  });
  await (await get('/v1/runs/run_1/events')).text();
  await (await get('/v1/runs/run_1/events?after=3')).text();
  await (await get('/v1/runs/run_1/events?after=3', { 'last-event-id': '5' })).text();
  await (await get('/v1/runs/run_1/events', { 'last-event-id': 'x' })).text();
  expect(asked).toEqual([0, 3, 5, 0]);
});

test('logs: the query as it was asked; after a resume no tail', async () => {
  const asked: LogQuery[] = [];
  const { get } = await served({
    logs: async function* (_user, _run, query) {
      asked.push(query);
      yield line(4);
    },
  });
  await (await get('/v1/runs/run_1/logs?tail=10&follow=1&lease_id=lse_1')).text();
  await (await get('/v1/runs/run_1/logs?tail=10&follow=true', { 'last-event-id': '4' })).text();
  expect(asked).toEqual([
    { after: null, tail: 10, follow: true, lease_id: 'lse_1' },
    { after: 4, tail: null, follow: true, lease_id: null },
  ]);
  const lines = await get('/v1/runs/run_1/logs', { accept: 'application/x-ndjson' });
  expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await lines.text()).toBe(`${JSON.stringify(line(4))}\n`);
});

test('an error on the way is an event with the problem, and the last one', async () => {
  const logs: Runs['logs'] = async function* () {
    yield line(1);
    throw new CoopError('machine_unreachable', 'The machine is silent.');
  };
  const { get } = await served({ logs });
  expect(await (await get('/v1/runs/run_1/logs')).text()).toMatch(
    /id: 1\n.*\n\nevent: error\ndata: \{.*"code":"machine_unreachable".*\}\n\n$/,
  );
  const lines = (await (await get('/v1/runs/run_1/logs', { accept: 'application/x-ndjson' })).text())
    .trim()
    .split('\n');
  expect(JSON.parse(lines[1]!)).toMatchObject({ problem: { code: 'machine_unreachable', retryable: true } });
});

test('a defect on the way is told as little as any other', async () => {
  const { get, logged } = await served({
    events: async function* () {
      yield event(1);
      throw new Error('hunter2');
    },
  });
  const text = await (await get('/v1/runs/run_1/events')).text();
  expect(text).toContain('"code":"internal"');
  expect(text).not.toContain('hunter2');
  expect(logged.join('')).toContain('hunter2');
});

test('silence is filled with heartbeats, and whoever leaves ends the source', async () => {
  let ended = false;
  const { get } = await served(
    {
      events: async function* (_user, _run, _after, signal) {
        yield event(1);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        ended = true;
      },
    },
    { heartbeatMs: 20 },
  );
  const leaving = new AbortController();
  const response = await get('/v1/runs/run_1/events', {}, leaving.signal);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk);
    if (text.split(': heartbeat\n\n').length > 3) break;
  }
  leaving.abort();
  expect(text).toContain('id: 1\n');
  await vi.waitFor(() => expect(ended).toBe(true));
});

test('a server that stops says so instead of an end, so that the client comes back', async () => {
  const { get, closing } = await served({
    events: async function* (_user, _run, _after, signal) {
      yield event(1);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  });
  const response = await get('/v1/runs/run_1/events');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('id: 1\n')) closing.abort();
  }
  expect(text).toMatch(/event: error\ndata: \{.*"code":"unavailable".*\}\n\n$/);
  expect(text).not.toContain('event: end');
});

test('a client that does not read holds the source back', async () => {
  let produced = 0;
  const { port, user } = await served({
    logs: async function* () {
      for (;;) {
        produced += 1;
        yield line(produced, 'x'.repeat(16_384));
      }
    },
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /v1/runs/run_1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${user.key}\r\n\r\n`);
  socket.pause();
  // What the kernel's buffers hold is produced, and then no more: the count stands still.
  let before = -1;
  await vi.waitFor(
    () => {
      const now = produced;
      const still = now > 0 && now === before;
      before = now;
      expect(still).toBe(true);
    },
    { timeout: 20_000, interval: 250 },
  );
  expect(produced * 16_384).toBeLessThan(64 * 1024 * 1024);
  socket.destroy();
});

test('a run of somebody else has no stream', async () => {
  const { get } = await served({});
  const response = await get('/v1/runs/run_other/events');
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'not_found']);
});

test('files go in and out as they are, and a tar that is too large is refused whatever it says', async () => {
  const written: Buffer[] = [];
  const { port, user } = await served(
    {
      readFiles: async (_user, _run, path) => Readable.from([Buffer.from(`tar of ${path}`)]),
      writeFiles: async (_user, _run, _path, tar) => {
        for await (const chunk of tar) written.push(chunk as Buffer);
      },
    },
    { maxTarBytes: 100_000 },
  );
  const files = `http://127.0.0.1:${port}/v1/runs/run_1/files?path=/work`;
  const headers = { authorization: `Bearer ${user.key}` };
  const read = await fetch(files, { headers });
  expect([read.headers.get('content-type'), await read.text()]).toEqual(['application/x-tar', 'tar of /work']);

  const put = async (body: string | ReadableStream) => {
    const response = await fetch(files, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/x-tar' },
      body,
      duplex: 'half',
    });
    return { status: response.status, text: await response.text() };
  };
  expect((await put('a'.repeat(50_000))).status).toBe(204);
  expect(Buffer.concat(written)).toHaveLength(50_000);
  expect(await put('a'.repeat(100_001))).toMatchObject({ status: 413 });
  let left = 200;
  const endless = new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(1000)) : controller.close()),
  });
  expect(await put(endless)).toMatchObject({ status: 413, text: expect.stringContaining('payload_too_large') });
});
