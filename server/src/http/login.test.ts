import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Challenge, Login, NewKey } from '@gpucoop/protocol/api.ts';
import { loginMessage, signerFromSecret, type Signer } from '@gpucoop/protocol/evidence.ts';
import type { ApiKey } from '@gpucoop/protocol/resources.ts';
import { forEachDatabase } from '../../../test/support/database.ts';
import { ensureUser, listUsers, resumeUser, suspendUser } from '../users/accounts.ts';
import { httpFixture, type Fixture, type FixtureOptions } from './testing/http-fixture.ts';

const newSigner = () => signerFromSecret(randomBytes(32));

async function post<Answer>(fixture: Fixture, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fixture.app.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? null : JSON.parse(text)) as Answer,
  };
}

async function get<Answer>(fixture: Fixture, path: string, key: string) {
  const response = await fixture.app.request(path, { headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function challenged(fixture: Fixture, signer: Signer, changed: Partial<Challenge> = {}) {
  const { body } = await post<Challenge>(fixture, '/v1/auth/challenge', { public_key: signer.publicKey });
  const signature = Buffer.from(signer.sign(loginMessage({ ...body, ...changed }))).toString('hex');
  return { public_key: signer.publicKey, nonce: body.nonce, signature };
}

forEachDatabase('login and keys', (open) => {
  const start = async (options: FixtureOptions = {}) => {
    const { db } = await open();
    return { db, fixture: httpFixture({ db }, options) };
  };
  const logIn = async (fixture: Fixture, signer: Signer, name?: string) =>
    post<Login>(fixture, '/v1/auth/login', {
      ...(await challenged(fixture, signer)),
      ...(name !== undefined && { name }),
    });

  test('an unknown key signs up, and the same key is the same user from then on', async () => {
    const welcomed: string[] = [];
    const { fixture } = await start({ welcome: async (userId) => void welcomed.push(userId) });
    const signer = newSigner();
    const first = await logIn(fixture, signer, 'ada');
    expect(first.status).toBe(200);
    expect(first.body.user).toMatchObject({
      name: 'ada',
      public_keys: [signer.publicKey],
      is_admin: false,
      suspended: false,
    });
    expect(first.body.key.secret).toMatch(/^coop_key_[0-9a-z]{26}_[0-9a-z]{52}$/);
    const second = await logIn(fixture, signer);
    expect(second.body.user.id).toBe(first.body.user.id);
    expect(second.body.key.id).not.toBe(first.body.key.id);
    expect(welcomed).toEqual([first.body.user.id, first.body.user.id]);
    expect((await get(fixture, '/v1/me', second.body.key.secret)).body).toMatchObject({
      user: { name: 'ada' },
      key_id: second.body.key.id,
    });
  });

  test('two sign-ups of one key at once make one user', async () => {
    const { db } = await start();
    const publicKey = newSigner().publicKey;
    const at = new Date();
    const made = await Promise.all(Array.from({ length: 5 }, () => ensureUser(db, { publicKey, name: null, at })));
    expect(new Set(made.map((user) => user.id)).size).toBe(1);
    expect(made.filter((user) => user.isNew)).toHaveLength(1);
    expect((await listUsers(db, { cursor: null, limit: 10 })).items).toHaveLength(1);
  });

  test('a closed network takes no new users, and lets known ones in', async () => {
    const { db, fixture } = await start({ openSignup: false });
    const signer = newSigner();
    expect(await logIn(fixture, signer)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await ensureUser(db, { publicKey: signer.publicKey, name: 'known', at: new Date() });
    expect(await logIn(fixture, signer)).toMatchObject({ status: 200, body: { user: { name: 'known' } } });
  });

  test('a challenge serves once, for five minutes, one key and one network', async () => {
    const { fixture } = await start();
    const signer = newSigner();
    const used = await challenged(fixture, signer);
    expect((await post(fixture, '/v1/auth/login', used)).status).toBe(200);
    expect(await post(fixture, '/v1/auth/login', used)).toMatchObject({ status: 410, body: { code: 'token_expired' } });

    const elsewhere = await challenged(fixture, signer, { server: 'coop-other' });
    expect(await post(fixture, '/v1/auth/login', elsewhere)).toMatchObject({
      status: 400,
      body: { code: 'invalid_signature' },
    });
    const other = newSigner();
    const stolen = { ...(await challenged(fixture, signer)), public_key: other.publicKey };
    expect(await post(fixture, '/v1/auth/login', stolen)).toMatchObject({
      status: 410,
      body: { code: 'token_expired' },
    });

    const late = await challenged(fixture, signer);
    fixture.skip(5 * 60_000);
    expect(await post(fixture, '/v1/auth/login', late)).toMatchObject({ status: 410 });
  });

  test('a session ends after thirty days, and at logout', async () => {
    const { fixture } = await start();
    const { body } = await logIn(fixture, newSigner());
    fixture.skip(30 * 86_400_000 - 60_000);
    expect((await get(fixture, '/v1/me', body.key.secret)).status).toBe(200);
    fixture.skip(60_000);
    expect(await get(fixture, '/v1/me', body.key.secret)).toMatchObject({
      status: 401,
      body: { detail: 'The key has expired.' },
    });

    const again = await logIn(fixture, newSigner());
    const authorization = `Bearer ${again.body.key.secret}`;
    expect((await post(fixture, '/v1/auth/logout', {}, { authorization })).status).toBe(204);
    expect(await get(fixture, '/v1/me', again.body.key.secret)).toMatchObject({
      status: 401,
      body: { detail: 'The key was revoked.' },
    });
  });

  test('a named key holds at most what its maker holds, and no longer', async () => {
    const { fixture } = await start();
    const user = await fixture.person();
    const make = (key: string, wish: unknown) =>
      post<NewKey>(fixture, '/v1/keys', wish, {
        authorization: `Bearer ${key}`,
        'idempotency-key': crypto.randomUUID(),
      });
    const inADay = new Date(fixture.clock.now().getTime() + 86_400_000).toISOString();
    const named = await make(user.key, { name: 'ci', scopes: ['keys:write', 'runs:read'], expires_at: inADay });
    expect(named.status).toBe(201);
    expect(await make(user.key, { name: 'x', scopes: ['admin'] })).toMatchObject({
      status: 403,
      body: { details: { beyond: ['admin'] } },
    });
    expect(await make(named.body.secret, { name: 'x', scopes: ['runs:write'] })).toMatchObject({ status: 403 });
    expect(await make(named.body.secret, { name: 'x', scopes: ['runs:read'] })).toMatchObject({
      status: 403,
      body: { at: 'body.expires_at' },
    });
    expect(await make(named.body.secret, { name: 'x', scopes: ['runs:read'], expires_at: inADay })).toMatchObject({
      status: 201,
    });
    expect(
      await make(user.key, { name: 'x', scopes: ['runs:read'], expires_at: '2020-01-01T00:00:00.000Z' }),
    ).toMatchObject({ status: 400 });

    const { body } = await get<{ items: ApiKey[] }>(fixture, '/v1/keys', named.body.secret);
    expect(body.items.map((key) => [key.name, key.scopes.length])).toEqual([
      ['login', 6],
      ['ci', 2],
      ['x', 1],
    ]);
    expect(JSON.stringify(body)).not.toContain(named.body.secret.slice(-52));
  });

  test('a key shown once is shown again to whoever repeats the very request with the very key, and is nowhere in the database', async () => {
    const { db, fixture } = await start();
    const user = await fixture.person();
    const other = await fixture.keyOf(user.id, ['keys:write', 'runs:read']);
    const ask = (key: string) =>
      post<NewKey>(
        fixture,
        '/v1/keys',
        { name: 'ci', scopes: ['runs:read'] },
        { authorization: `Bearer ${key}`, 'idempotency-key': 'once' },
      );
    const first = await ask(user.key);
    const second = await ask(user.key);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await ask(other.secret)).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } });
    const secret = first.body.secret.split('_').at(-1)!;
    const stored = [
      await db.selectFrom('idempotency').selectAll().execute(),
      await db.selectFrom('api_keys').selectAll().execute(),
    ];
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect(fixture.logged.join('')).not.toContain(secret);
  });

  test('the use of a key is written down at most once a minute', async () => {
    const { db, fixture } = await start();
    const user = await fixture.person();
    const lastUse = async () =>
      (await db.selectFrom('api_keys').select('last_used_at').executeTakeFirstOrThrow()).last_used_at?.getTime();
    await get(fixture, '/v1/me', user.key);
    const first = await lastUse();
    fixture.skip(30_000);
    await get(fixture, '/v1/me', user.key);
    expect(await lastUse()).toBe(first);
    fixture.skip(31_000);
    await get(fixture, '/v1/me', user.key);
    expect(await lastUse()).toBeGreaterThan(first! + 60_000);
  });

  test('a suspension works at once and is lifted at once', async () => {
    const { db, fixture } = await start();
    const user = await fixture.person();
    const quote = () =>
      post(
        fixture,
        '/v1/quotes',
        { spec_yaml: 'type: task\ncommands: [true]\n' },
        { authorization: `Bearer ${user.key}` },
      );
    await suspendUser(db, user.id, 'unpaid bills', new Date());
    expect(await quote()).toMatchObject({
      status: 403,
      body: { code: 'suspended', detail: 'The account is suspended: unpaid bills' },
    });
    await resumeUser(db, user.id);
    expect((await quote()).body).not.toMatchObject({ code: 'suspended' });
    await expect(suspendUser(db, 'usr_none', 'x', new Date())).rejects.toMatchObject({ code: 'not_found' });
  });

  test('pages of users are whole, in order, and refuse a cursor of somebody else', async () => {
    const { db, fixture } = await start();
    const made = [];
    for (let n = 0; n < 5; n += 1) made.push((await fixture.person()).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await listUsers(db, { cursor, limit: 2 });
      seen.push(...page.items.map((user) => user.id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(made.toSorted());
    await expect(listUsers(db, { cursor: 'nonsense', limit: 2 })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
