import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CoopError, toProblem, type ProblemCode } from '@gpucoop/protocol/problem.ts';
import { createClient, everyItem, type ClientOptions } from './client.ts';

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A server that answers the n-th request with the n-th answer, the last one again and again. */
async function server(...answers: ((request: Seen, response: ServerResponse) => void)[]) {
  const seen: Seen[] = [];
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const call = { method: request.method!, url: request.url!, headers: request.headers, body };
      seen.push(call);
      answers[Math.min(seen.length, answers.length) - 1]!(call, response);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    http.closeAllConnections();
    http.close();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = (options: Partial<ClientOptions> = {}) =>
    createClient({ server: url, retry: { baseMs: 1 }, ...options });
  return { url, seen, client };
}

const ok = (body: unknown) => (_request: Seen, response: ServerResponse) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
};
const problem =
  (code: ProblemCode, headers: Record<string, string> = {}) =>
  (_request: Seen, response: ServerResponse) => {
    const body = toProblem(new CoopError(code, `because of ${code}`, { hint: 'do this', details: { n: 1 } }), 'req_1');
    response
      .writeHead(body.status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify(body));
  };
const cut = (_request: Seen, response: ServerResponse) => void response.destroy();

test('a problem is the error that the server threw', async () => {
  const { client } = await server(problem('insufficient_credit'));
  const error = await client()
    .money.balance()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CoopError);
  expect(error).toMatchObject({
    code: 'insufficient_credit',
    message: 'because of insufficient_credit',
    hint: 'do this',
    details: { n: 1, request_id: 'req_1' },
  });
});

test.each(['unavailable', 'rate_limited', 'in_progress', 'internal', 'timeout'] as const)(
  '%s is asked again',
  async (code) => {
    const { client, seen } = await server(problem(code), problem(code), ok({ ok: 1 }));
    expect(await client().money.balance()).toEqual({ ok: 1 });
    expect(seen).toHaveLength(3);
  },
);

test.each(['no_match', 'offer_taken', 'machine_unreachable', 'not_found'] as const)(
  '%s is for the caller to decide',
  async (code) => {
    const { client, seen } = await server(problem(code));
    await expect(client().runs.get('run_1')).rejects.toMatchObject({ code });
    expect(seen).toHaveLength(1);
  },
);

test('a creating call is repeated under one key, its own or the one given, and two calls have two', async () => {
  const { client, seen } = await server(cut, problem('unavailable'), ok({ token: 't' }));
  await client().machines.createJoinToken();
  expect(seen).toHaveLength(3);
  expect(new Set(seen.map((call) => call.headers['idempotency-key'])).size).toBe(1);
  await client().machines.createJoinToken();
  expect(seen[3]!.headers['idempotency-key']).not.toBe(seen[0]!.headers['idempotency-key']);
  await client().machines.createJoinToken({}, { idempotencyKey: 'mine' });
  expect(seen[4]!.headers['idempotency-key']).toBe('mine');
});

test('what would be something else the second time is not repeated', async () => {
  const { client, seen } = await server(cut);
  await expect(client().machines.enrol({} as never)).rejects.toMatchObject({ code: 'unavailable' });
  expect(seen).toHaveLength(1);
});

test('a server that is not there is named, after some tries', async () => {
  const { client, url } = await server(cut);
  await expect(client({ retry: { baseMs: 1, attempts: 2 } }).market.offers()).rejects.toMatchObject({
    code: 'unavailable',
    message: `${url} does not answer.`,
    cause: expect.any(Error),
  });
});

test('an answer that is no problem of ours becomes the nearest error', async () => {
  const page = (status: number) => (_request: Seen, response: ServerResponse) =>
    void response.writeHead(status).end('<html>Bad gateway</html>');
  for (const [status, code] of [
    [502, 'unavailable'],
    [500, 'internal'],
    [404, 'not_found'],
    [413, 'payload_too_large'],
    [418, 'invalid_request'],
  ] as const) {
    const { client } = await server(page(status));
    await expect(client({ retry: { attempts: 1 } }).money.balance()).rejects.toMatchObject({
      code,
      details: { status },
    });
  }
});

test('paths, queries, keys and agents arrive as they were meant', async () => {
  const { client, seen } = await server(ok({ items: [], next_cursor: null }));
  const mine = client({ apiKey: 'coop_key', userAgent: 'coop-cli/1' });
  await mine.market.offers({ q: 'gpu=rtx-4090 price<0.5', limit: 5 });
  await mine.runs.get('my run/../x');
  expect(seen.map((call) => call.url)).toEqual([
    '/v1/offers?q=gpu%3Drtx-4090+price%3C0.5&limit=5',
    '/v1/runs/my%20run%2F..%2Fx',
  ]);
  expect(seen[0]!.headers).toMatchObject({
    authorization: 'Bearer coop_key',
    'user-agent': 'coop-cli/1',
    accept: 'application/json',
  });
});

test('every item of every page', async () => {
  const { client, seen } = await server(
    ok({ items: [1, 2], next_cursor: 'c2' }),
    ok({ items: [3], next_cursor: null }),
  );
  const items = [];
  for await (const item of everyItem((query) => client().runs.list(query))) items.push(item);
  expect(items).toEqual([1, 2, 3]);
  expect(seen[1]!.url).toBe('/v1/runs?cursor=c2');
});

test('a call that is given up ends at once', async () => {
  const { client } = await server(problem('unavailable', { 'retry-after': '30' }));
  const stop = new AbortController();
  const call = client().machines.createJoinToken({}, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});

const sse =
  (...chunks: string[]) =>
  (_request: Seen, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(chunk);
  };
const sseThen =
  (end: (response: ServerResponse) => void, ...chunks: string[]) =>
  (request: Seen, response: ServerResponse) => {
    sse(...chunks)(request, response);
    setImmediate(() => end(response));
  };
const item = (id: number) => `id: ${id}\ndata: {"id":${id},"seq":${id}}\n\n`;
const END = 'event: end\ndata: {}\n\n';

test('a stream that is cut goes on behind the last item: nothing lost, nothing twice', async () => {
  const { client, seen } = await server(
    sseThen((response) => response.destroy(), 'retry: 1\n\n', item(1), item(2)),
    problem('unavailable'),
    sseThen((response) => response.end(), ': heartbeat\n\n', item(3)), // ends without an end
    sseThen((response) => response.end(), item(4), END),
  );
  const ids = [];
  let cuts = 0;
  for await (const event of client().runs.events('run_1', { onReconnect: () => void (cuts += 1) })) ids.push(event.id);
  expect(ids).toEqual([1, 2, 3, 4]);
  expect(cuts).toBeGreaterThanOrEqual(2);
  expect(seen.map((call) => call.url)).toEqual(
    ['', '?after=2', '?after=2', '?after=3'].map((query) => `/v1/runs/run_1/events${query}`),
  );
});

test('logs: the tail is asked for once', async () => {
  const { client, seen } = await server(
    sseThen((response) => response.destroy(), item(8)),
    sseThen((response) => response.end(), item(9), END),
  );
  const lines = [];
  for await (const line of client().runs.logs('run_1', { tail: 5, follow: true, leaseId: 'lse_1' }))
    lines.push(line.seq);
  expect(lines).toEqual([8, 9]);
  expect(seen.map((call) => call.url.split('?')[1])).toEqual([
    'follow=true&tail=5&lease_id=lse_1',
    'follow=true&lease_id=lse_1&after=8',
  ]);
});

test('an error that would be the same again ends the stream', async () => {
  const told = JSON.stringify(toProblem(new CoopError('wrong_state', 'It has no container any more.')));
  const { client, seen } = await server(
    sseThen((response) => response.end(), item(1), `event: error\ndata: ${told}\n\n`),
  );
  const read = async () => {
    for await (const _ of client().runs.logs('run_1'));
  };
  await expect(read()).rejects.toMatchObject({ code: 'wrong_state' });
  expect(seen).toHaveLength(1);
});

test('a reader who leaves lets go of the connection', async () => {
  let gone = false;
  const { client } = await server((request, response) => {
    response.on('close', () => (gone = true));
    sse(item(1))(request, response);
  });
  for await (const _ of client().runs.events('run_1')) break;
  await expect.poll(() => gone).toBe(true);
});
