import { afterAll, beforeAll, expect, test } from 'vitest';
import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { httpFixture, type Fixture, type Person } from './testing/http-fixture.ts';

let database: TestDatabase;
let fixture: Fixture;
let user: Person;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
  fixture = httpFixture(database, {
    config: { maxJsonBytes: 10_000, rates: { write: { burst: 1e6, perMinute: 1e6 } } },
    over: {
      market: {
        offer: async (id) => {
          if (id === 'off_broken') throw new Error('the password is hunter2');
          if (id === 'off_down') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
          throw new CoopError('offer_taken', 'Somebody was faster.', {
            hint: 'Ask again.',
            at: 'id',
            details: { free: 0 },
          });
        },
      },
    },
  });
  user = await fixture.person();
});
afterAll(() => database.close());

async function ask(path: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) {
  const response = await fixture.app.request(path, {
    ...init,
    headers: { authorization: `Bearer ${user.key}`, ...init.headers },
  });
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(await response.json());
  expect(problem).toMatchObject({ status: response.status, type: `urn:coop:problem:${problem.code}` });
  expect(problem.request_id).toBe(response.headers.get('x-request-id'));
  return { problem, response };
}

const json = (method: string, body: unknown) => ({
  method,
  headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

test('what a room refuses is told in full', async () => {
  const { problem } = await ask('/v1/offers/off_1');
  expect(problem).toMatchObject({
    status: 409,
    code: 'offer_taken',
    detail: 'Somebody was faster.',
    hint: 'Ask again.',
    at: 'id',
    retryable: true,
    details: { free: 0 },
  });
});

test('a defect is told without a word of what it was, and logged with all of it under the same id', async () => {
  const { problem } = await ask('/v1/offers/off_broken', { headers: { 'x-request-id': 'from-a-proxy-1' } });
  expect(problem).toMatchObject({ status: 500, code: 'internal', retryable: true, request_id: 'from-a-proxy-1' });
  expect(JSON.stringify(problem)).not.toContain('hunter2');
  const line = fixture.logged.find((text) => text.includes('hunter2'));
  expect(JSON.parse(line!)).toMatchObject({
    level: 'error',
    request_id: 'from-a-proxy-1',
    err: { message: 'the password is hunter2' },
  });
});

test('a database that is down is no defect', async () => {
  const { problem, response } = await ask('/v1/offers/off_down');
  expect(problem).toMatchObject({ code: 'unavailable', retryable: true });
  expect(response.headers.get('retry-after')).toBe('1');
});

test('text that no database takes is refused with its place, wherever it stands', async () => {
  const { specDefaults } = await import('@gpucoop/protocol/spec.ts');
  const refused = async (change: object) => {
    const spec = { ...specDefaults, image: 'busybox', ...change };
    const { problem } = await ask('/v1/quotes', json('POST', { spec }));
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' });
    return problem.at;
  };
  expect(await refused({ command: ['echo', 'a\0b'] })).toBe('body.spec.command.1');
  expect(await refused({ env: { A: '\ud800' } })).toBe('body.spec.env.A');
  expect((await ask('/v1/offers/off_%00')).problem).toMatchObject({ code: 'invalid_request', at: 'param.id' });
  expect((await ask('/v1/keys', json('POST', { name: 'a\0', scopes: ['runs:read'] }))).problem.at).toBe('body.name');
});

test('no such path, no such method', async () => {
  expect((await ask('/v1/nothing')).problem).toMatchObject({
    code: 'not_found',
    detail: 'There is nothing at /v1/nothing.',
  });
  const { problem, response } = await ask('/v1/quotes', { method: 'DELETE' });
  expect(problem).toMatchObject({ code: 'method_not_allowed' });
  expect(response.headers.get('allow')).toBe('POST');
});

test('a request of the wrong shape names the place and what is wrong there, in words', async () => {
  const spec = {
    ...(await import('@gpucoop/protocol/spec.ts')).specDefaults,
    ports: [80, 'http'],
    max_duration_s: 'long',
  };
  const { problem } = await ask('/v1/quotes', json('POST', { spec }));
  expect(problem).toMatchObject({
    code: 'invalid_request',
    at: 'body.spec.ports.1',
    detail: 'spec.ports.1: must be number, not string (and 1 more)',
  });
  expect(problem.details?.issues).toHaveLength(2);
  expect((await ask('/v1/quotes', json('POST', {}))).problem.detail).toBe('body: give either spec or spec_yaml');
  expect((await ask('/v1/keys', json('POST', { name: 'x' }))).problem.detail).toBe('scopes: is missing');
  expect((await ask('/v1/machines/m/terms', json('PATCH', { price: 1 }))).problem).toMatchObject({
    at: 'body.price',
    detail: 'price: no such field',
  });
  expect((await ask('/v1/machines/m/listing', json('POST', { listing: 'gone' }))).problem.detail).toBe(
    'listing: must be one of "listed"|"paused"|"draining"',
  );
  expect((await ask('/v1/runs?limit=0')).problem).toMatchObject({ at: 'query.limit', detail: 'limit: must be >=1' });
  expect((await ask('/v1/runs?state=idle')).problem).toMatchObject({
    at: 'query.state',
    detail: 'state: there is no state idle',
  });
});

test('an error in a spec file keeps its line', async () => {
  const { problem } = await ask('/v1/quotes', json('POST', { spec_yaml: 'type: task\ncommand: [true]\n' }));
  expect(problem).toMatchObject({ code: 'invalid_spec' });
  expect(problem.at).toMatch(/line 2|2:1/);
});

test('what is no JSON, and what does not say that it is', async () => {
  expect((await ask('/v1/quotes', json('POST', '{"spec":'))).problem).toMatchObject({
    code: 'invalid_request',
    at: 'body',
  });
  expect(
    (await ask('/v1/quotes', { method: 'POST', body: 'spec: 1', headers: { 'content-type': 'text/plain' } })).problem,
  ).toMatchObject({
    code: 'invalid_request',
    at: 'content-type',
  });
});

test('a body that is too large is refused by its length, and by its bytes when it does not say', async () => {
  const body = JSON.stringify({ spec_yaml: 'x'.repeat(20_000) });
  expect(
    (
      await ask('/v1/quotes', {
        ...json('POST', body),
        headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
      })
    ).problem,
  ).toMatchObject({ code: 'payload_too_large', details: { max_bytes: 10_000 } });
  const chunks = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(4000))),
  });
  expect(
    (
      await ask('/v1/quotes', {
        method: 'POST',
        body: chunks,
        duplex: 'half',
        headers: { 'content-type': 'application/json' },
      } as never)
    ).problem,
  ).toMatchObject({ code: 'payload_too_large' });
});

test('a request id that could be anything is replaced', async () => {
  const { problem } = await ask('/v1/offers/off_1', { headers: { 'x-request-id': 'a b"c' } });
  expect(problem.request_id).toMatch(/^req_[0-9a-z]{16}$/);
});

test('requests are logged by route and user, without queries and without secrets', async () => {
  fixture.logged.length = 0;
  await fixture.app.request('/v1/runs?state=running&cursor=hunter2', {
    headers: { authorization: `Bearer ${user.key}` },
  });
  const line = JSON.parse(fixture.logged.at(-1)!) as Record<string, unknown>;
  expect(line).toMatchObject({ method: 'GET', path: '/v1/runs', route: 'runs.list', status: 200, user_id: user.id });
  expect(fixture.logged.join('')).not.toMatch(/hunter2|coop_key_/);
});
