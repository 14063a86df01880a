import { beforeAll, afterAll, expect, test } from 'vitest';
import { signStatement } from '@gpucoop/protocol/evidence.ts';
import { problems, type ProblemCode } from '@gpucoop/protocol/problem.ts';
import { keyScopes } from '@gpucoop/protocol/resources.ts';
import { specDefaults } from '@gpucoop/protocol/spec.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { revokeKey } from '../users/keys.ts';
import { access, accessOf, routeIds, type RouteId } from './access.ts';
import { httpFixture, type Fixture, type Person } from './testing/http-fixture.ts';

/** One good request for each route. `of`: whose thing it is about; then it does not exist for others. */
type Sample = { call: string; of?: 'renter' | 'provider' | 'both'; body?: unknown; socket?: true };

const facts = {
  agent_version: '1',
  hostname: 'h',
  os: 'linux',
  architecture: 'amd64',
  cpu_model: 'c',
  cpus: 1,
  memory_mib: 1,
  disk_total_mib: 1,
  disk_free_mib: 1,
  time_zone: 'UTC',
  devices: [],
  engine: {
    name: 'docker',
    version: '1',
    isolation: 'container',
    gpu: 'none',
    network: 'none',
    disk_limit: 'watched',
    live_restore: true,
    base_image: null,
    cached_images: [],
  },
};
const order = (person: Person) =>
  signStatement(
    'order',
    {
      quote_id: 'qte_1',
      spec_hash: 's',
      policy_hash: 'p',
      max_price_micros_per_hour: 1,
      budget_micros: 1,
      max_duration_s: 1,
    },
    '2026-01-01T00:00:00.000Z',
    person.signer,
  );

const samples = (person: Person) =>
  ({
    'auth.challenge': { call: 'POST /v1/auth/challenge', body: { public_key: person.signer.publicKey } },
    'auth.login': {
      call: 'POST /v1/auth/login',
      body: { public_key: person.signer.publicKey, nonce: 'x', signature: '00'.repeat(64) },
    },
    'auth.logout': { call: 'POST /v1/auth/logout' },
    me: { call: 'GET /v1/me' },
    'keys.create': { call: 'POST /v1/keys', body: { name: 'ci', scopes: ['keys:write'] } },
    'keys.list': { call: 'GET /v1/keys' },
    'keys.revoke': { call: 'DELETE /v1/keys/key_of_renter', of: 'renter' },
    'market.offers': { call: 'GET /v1/offers' },
    'market.offer': { call: 'GET /v1/offers/off_1' },
    'market.demand': { call: 'GET /v1/demand' },
    policy: { call: 'GET /v1/policy' },
    'market.quote': { call: 'POST /v1/quotes', body: { spec: specDefaults } },
    'market.quoteById': { call: 'GET /v1/quotes/qte_1', of: 'renter' },
    'runs.place': { call: 'POST /v1/runs', body: { statement: order(person) } },
    'runs.list': { call: 'GET /v1/runs' },
    'runs.get': { call: 'GET /v1/runs/run_1', of: 'renter' },
    'runs.stop': { call: 'POST /v1/runs/run_1/stop', of: 'renter' },
    'runs.extend': { call: 'POST /v1/runs/run_1/extend', body: { duration_s: 60 }, of: 'renter' },
    'runs.events': { call: 'GET /v1/runs/run_1/events', of: 'renter' },
    'runs.logs': { call: 'GET /v1/runs/run_1/logs', of: 'renter' },
    'runs.stats': { call: 'GET /v1/runs/run_1/stats', of: 'renter' },
    'runs.readFiles': { call: 'GET /v1/runs/run_1/files?path=/w', of: 'renter' },
    'runs.writeFiles': { call: 'PUT /v1/runs/run_1/files?path=/w', body: 'tar', of: 'renter' },
    'runs.exec': { call: 'GET /v1/runs/run_1/exec', socket: true, of: 'renter' },
    'runs.connect': { call: 'GET /v1/runs/run_1/ports/80', socket: true, of: 'renter' },
    'runs.evidence': { call: 'GET /v1/runs/run_2/evidence', of: 'both' },
    'machines.createJoinToken': { call: 'POST /v1/machines/join-tokens', body: {} },
    'machines.list': { call: 'GET /v1/machines' },
    'machines.get': { call: 'GET /v1/machines/mch_1', of: 'provider' },
    'machines.setTerms': { call: 'PATCH /v1/machines/mch_1/terms', body: { only_when_idle: true }, of: 'provider' },
    'machines.setListing': { call: 'POST /v1/machines/mch_1/listing', body: { listing: 'paused' }, of: 'provider' },
    'machines.remove': { call: 'DELETE /v1/machines/mch_1', of: 'provider' },
    'machines.doctor': { call: 'POST /v1/machines/mch_1/doctor', of: 'provider' },
    'machines.earnings': { call: 'GET /v1/machines/mch_1/earnings', of: 'provider' },
    'machines.enrol': {
      call: 'POST /v1/enrol',
      body: { token: 'jtk_x', public_key: person.signer.publicKey, name: 'm', facts, signature: 's' },
    },
    'machines.linkChallenge': { call: 'POST /v1/link/challenge', body: { machine_id: 'mch_1' } },
    'money.balance': { call: 'GET /v1/balance' },
    'money.ledger': { call: 'GET /v1/ledger' },
    'admin.grant': { call: 'POST /v1/admin/grants', body: { user_id: 'usr_1', amount_micros: 1, reason: 'r' } },
    'admin.suspend': { call: 'POST /v1/admin/suspensions', body: { subject: 'usr_1', reason: 'r' } },
    'admin.resume': { call: 'DELETE /v1/admin/suspensions/usr_1' },
    'admin.users': { call: 'GET /v1/admin/users' },
    'admin.inspect': { call: 'GET /v1/admin/inspect' },
    'admin.backup': { call: 'GET /v1/admin/backup' },
    healthz: { call: 'GET /healthz' },
    readyz: { call: 'GET /readyz' },
    metrics: { call: 'GET /metrics' },
    openapi: { call: 'GET /openapi.json' },
    docs: { call: 'GET /docs' },
    'docs.file': { call: 'GET /docs/start.js' },
    front: { call: 'GET /' },
    'join.script': { call: 'GET /join.sh' },
    'join.agent': { call: 'GET /agent/agent.mjs' },
    'join.node': { call: 'GET /agent/node' },
  }) satisfies Record<RouteId, Sample>;

const callers = [
  'nobody',
  'a bad key',
  'an expired key',
  'a revoked key',
  'a key without the scope',
  'another user',
  'the renter',
  'the provider',
  'a suspended renter',
  'an administrator',
  'an administrator with a key that lacks admin',
  'a former administrator',
] as const;
type CallerKind = (typeof callers)[number];

/** What the table says must happen: a problem's code, or `lets through`. */
function expected(id: RouteId, caller: CallerKind, sample: Sample): ProblemCode | 'lets through' {
  const row = accessOf(id);
  if (row.who === 'anyone' || row.who === 'machine-token') return 'lets through';
  if (['nobody', 'a bad key', 'an expired key', 'a revoked key'].includes(caller)) return 'unauthenticated';
  const isAdmin = caller === 'an administrator' || caller === 'an administrator with a key that lacks admin';
  if (row.who !== 'user' && !isAdmin) return 'forbidden';
  if (row.scope !== undefined && caller === 'a key without the scope') return 'forbidden';
  if (row.scope === 'admin' && caller === 'an administrator with a key that lacks admin') return 'forbidden';
  if (row.suspended === 'may not' && caller === 'a suspended renter') return 'suspended';
  const owners: Record<string, CallerKind[]> = {
    renter: ['the renter', 'a suspended renter', 'a key without the scope'],
    provider: ['the provider'],
    both: ['the renter', 'a suspended renter', 'the provider', 'a key without the scope'],
  };
  return sample.of === undefined || owners[sample.of]!.includes(caller) ? 'lets through' : 'not_found';
}

let database: TestDatabase;
let fixture: Fixture;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
  // Thousands of requests from one address are what this test is.
  const endless = { burst: 1e9, perMinute: 1e9 };
  fixture = httpFixture(database, {
    config: { rates: { open: endless, login: endless, refused: endless, read: endless, write: endless } },
  });
});
afterAll(async () => {
  await database.close();
});

test.each(routeIds)('%s is open to exactly whom the table says', async (id) => {
  const renter = await fixture.person();
  const suspended = await fixture.person({ suspended: true });
  const provider = await fixture.person();
  const admin = await fixture.person({ admin: true });
  const others = keyScopes.filter((scope) => scope !== accessOf(id).scope);
  const revoked = await fixture.keyOf(renter.id, [...keyScopes]);
  await revokeKey(database.db, renter.id, revoked.id, fixture.clock.now());
  const keyToRevoke = await fixture.keyOf(renter.id, []);
  const suspendedKeyToRevoke = await fixture.keyOf(suspended.id, []);
  const keys: Record<CallerKind, string | undefined> = {
    nobody: undefined,
    'a bad key': renter.key.slice(0, -3) + (renter.key.endsWith('000') ? '111' : '000'),
    'an expired key': (await fixture.keyOf(renter.id, [...keyScopes], fixture.clock.now())).secret,
    'a revoked key': revoked.secret,
    'a key without the scope': (await fixture.keyOf(renter.id, others)).secret,
    'another user': (await fixture.person()).key,
    'the renter': renter.key,
    'the provider': provider.key,
    'a suspended renter': suspended.key,
    'an administrator': admin.key,
    'an administrator with a key that lacks admin': (
      await fixture.keyOf(
        admin.id,
        keyScopes.filter((scope) => scope !== 'admin'),
      )
    ).secret,
    'a former administrator': (await fixture.keyOf((await fixture.person()).id, [...keyScopes])).secret,
  };
  fixture.belongsTo('run_1', renter.id, suspended.id);
  fixture.belongsTo('run_2', renter.id, suspended.id, provider.id);
  fixture.belongsTo('qte_1', renter.id, suspended.id);
  fixture.belongsTo('mch_1', provider.id);

  const seen: Partial<Record<CallerKind, string>> = {};
  const wanted: Partial<Record<CallerKind, string>> = {};
  for (const caller of callers) {
    const sample: Sample = samples(renter)[id];
    const keyId = caller === 'a suspended renter' ? suspendedKeyToRevoke.id : keyToRevoke.id;
    wanted[caller] = expected(id, caller, sample);
    fixture.calls.length = 0;
    const outcome = await ask({ ...sample, call: sample.call.replace('key_of_renter', keyId) }, keys[caller]);
    // A refusal reaches no room, whatever it says; `not_found` comes from the room that knows whose it is.
    seen[caller] =
      outcome !== 'lets through' && fixture.calls.length > 0
        ? `${outcome}, but ${fixture.calls[0]!.call} was called`
        : outcome;
  }
  expect(seen).toEqual(wanted);
});

async function ask(sample: Sample, key: string | undefined): Promise<string> {
  const [method, path] = sample.call.split(' ') as [string, string];
  const headers: Record<string, string> = { 'idempotency-key': crypto.randomUUID() };
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  if (sample.body !== undefined)
    headers['content-type'] = typeof sample.body === 'string' ? 'application/x-tar' : 'application/json';
  const body =
    sample.body === undefined ? null : typeof sample.body === 'string' ? sample.body : JSON.stringify(sample.body);
  const response = await fixture.app.request(
    path,
    { method, headers, body },
    sample.socket === true ? { accept: (_serve, otherwise) => otherwise?.() } : {},
  );
  const text = await response.text();
  if (response.ok || response.status === 304) return 'lets through';
  const { code } = JSON.parse(text) as { code: ProblemCode };
  expect(problems[code].status).toBe(response.status);
  // These two samples are refused by what they say (a made-up nonce) and by what is not there (no Node), not by the guard.
  if (sample.call === 'POST /v1/auth/login' && code === 'token_expired') return 'lets through';
  if (sample.call === 'GET /agent/node' && code === 'not_found') return 'lets through';
  return code;
}

test('every creating route needs an Idempotency-Key', async () => {
  const renter = await fixture.person({ admin: true });
  for (const id of routeIds.filter((route) => access[route].idempotent !== false)) {
    const sample: Sample = samples(renter)[id];
    const [method, path] = sample.call.split(' ') as [string, string];
    const headers = { authorization: `Bearer ${renter.key}`, 'content-type': 'application/json' };
    const response = await fixture.app.request(path, { method, headers, body: JSON.stringify(sample.body) });
    expect([id, ((await response.json()) as { code: string }).code]).toEqual([id, 'idempotency_key_missing']);
  }
});

test('a server with a route that the table does not know does not start', async () => {
  const { createApi } = await import('./api.ts');
  const api = createApi(fixture.deps);
  const unknown = { operationId: 'me' as RouteId, method: 'get' as const, path: '/x', responses: {} };
  expect(() =>
    api.route({ ...unknown, operationId: 'nobody.knows' as RouteId }, (() => new Response()) as never),
  ).toThrow('no row');
  api.route(unknown, (() => new Response()) as never);
  expect(() => api.route(unknown, (() => new Response()) as never)).toThrow('twice');
  expect(() => api.assertComplete()).toThrow('auth.challenge');
});

test('on a public network /metrics answers this computer and administrators, and nobody through a proxy', async () => {
  const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
    fixture.app.request('/metrics', { headers }, { incoming: { socket: { remoteAddress } } });
  expect((await from('127.0.0.1')).status).toBe(200);
  expect((await from('::1')).status).toBe(200);
  expect((await from('203.0.113.7')).status).toBe(401);
  expect((await from('127.0.0.1', { 'x-forwarded-for': '203.0.113.7' })).status).toBe(401);
  const admin = await fixture.person({ admin: true });
  expect((await from('203.0.113.7', { authorization: `Bearer ${admin.key}` })).status).toBe(200);
});
