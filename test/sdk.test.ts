import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseStatement, signerFromSecret } from '@gpucoop/protocol/evidence.ts';
import { encodeFrame, encodeJsonFrame, frameReader } from '@gpucoop/protocol/frames.ts';
import type { Quote, RunEvent } from '@gpucoop/protocol/resources.ts';
import { specDefaults } from '@gpucoop/protocol/spec.ts';
import { createClient, type ClientOptions } from '@gpucoop/sdk/client.ts';
import { httpFixture, type FixtureOptions } from '@gpucoop/server/http/testing/http-fixture.ts';
import type { PlaceOrder } from '@gpucoop/server/rooms.ts';
import { loadOrMakeTls } from '@gpucoop/server/tls.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';

/** The SDK against the real HTTP room: what one writes the other reads. */

let database: TestDatabase;
const closers: (() => Promise<unknown> | void)[] = [];
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(() => database.close());

async function network(options: FixtureOptions = {}, clientOptions: Partial<ClientOptions> = {}) {
  const fixture = httpFixture(database, options);
  const listening = await fixture.listen();
  closers.push(() => {
    fixture.closing.abort();
    return listening.close(500);
  });
  const signer = signerFromSecret(randomBytes(32));
  const server = `http://127.0.0.1:${listening.port}`;
  const client = createClient({ server, key: signer, retry: { baseMs: 5 }, ...clientOptions });
  return { ...fixture, signer, client, server };
}

const quote = {
  id: 'qte_1',
  spec: { ...specDefaults, max_price_micros_per_hour: null },
  spec_hash: 'a hash',
  policy_hash: 'another',
  options: [{ per_hour: { micros: 400_000, usd: '0.40' } }],
  budget: { micros: 9_600_000, usd: '9.60' },
} as unknown as Quote;

test('login, who am I, a key for a program, logout', async () => {
  const { client, signer, server } = await network();
  const { user, key } = await client.auth.login({ name: 'ada' });
  expect(user.public_keys).toEqual([signer.publicKey]);
  expect((await client.auth.me()).key_id).toBe(key.id);
  const ci = await client.keys.create({ name: 'ci', scopes: ['runs:read'] });
  expect((await client.keys.list()).map((each) => each.name)).toEqual(['login', 'ci']);
  const program = createClient({ server, apiKey: ci.secret });
  await expect(program.market.quote({ spec: specDefaults })).rejects.toMatchObject({
    code: 'forbidden',
    details: { scope: 'runs:write' },
  });
  await client.keys.revoke(ci.id);
  await expect(program.runs.list()).rejects.toMatchObject({ code: 'unauthenticated' });
  await client.auth.logout();
  await expect(client.auth.me()).rejects.toMatchObject({ code: 'unauthenticated' });
  // Without a key nothing can be signed, and that is said before anybody is asked.
  await expect(createClient({ server }).auth.login()).rejects.toMatchObject({
    code: 'unauthenticated',
    hint: expect.stringContaining('coop login'),
  });
});

test('an order is signed over what the quote said and no more, and placed ten times at once it is one', async () => {
  const placed: PlaceOrder[] = [];
  const { client, signer } = await network({
    over: { runs: { place: async (_user, order) => (placed.push(order), { id: `run_${placed.length}` } as never) } },
  });
  await client.auth.login();
  await client.runs.placeOrder(quote, {
    secrets: { TOKEN: 'hunter2' },
    registryAuth: { username: 'u', password: 'p' },
  });
  const statement = parseStatement('order', placed[0]!.statement)!;
  expect(statement.author).toBe(signer.publicKey);
  expect(statement.body).toEqual({
    quote_id: 'qte_1',
    spec_hash: 'a hash',
    policy_hash: 'another',
    max_price_micros_per_hour: 400_000,
    budget_micros: 9_600_000,
    max_duration_s: 86_400,
  });
  expect(placed[0]).toMatchObject({
    queue: false,
    secrets: { TOKEN: 'hunter2' },
    registry_auth: { username: 'u', password: 'p' },
  });

  const order = { statement: placed[0]!.statement as never, queue: true };
  const runs = await Promise.all(
    Array.from({ length: 10 }, () => client.runs.place(order, { idempotencyKey: 'once' })),
  );
  expect(placed).toHaveLength(2);
  expect(new Set(runs.map((run) => run.id))).toEqual(new Set(['run_2']));
  await expect(client.runs.place({ ...order, queue: false }, { idempotencyKey: 'once' })).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });

  const kept = JSON.stringify(await database.db.selectFrom('idempotency').selectAll().execute());
  expect(kept).not.toContain('hunter2');
  expect(() => client.runs.placeOrder({ ...quote, options: [] }, {})).toThrow(
    expect.objectContaining({ code: 'no_match' }),
  );
});

test('events go on at the next server, without a gap', async () => {
  const at = (id: number) => ({ id, type: 'run.warning' }) as RunEvent;
  const events = (last: number) =>
    async function* (_user: string, _run: string, after: number, signal: AbortSignal) {
      for (let id = after + 1; id <= last; id += 1) yield at(id);
      if (last < 5)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    };
  const first = httpFixture(database, { over: { runs: { events: events(3) } } });
  const firstListening = await first.listen();
  const user = await first.person();
  first.belongsTo('run_1', user.id);
  const client = createClient({
    server: `http://127.0.0.1:${firstListening.port}`,
    apiKey: user.key,
    retry: { baseMs: 20 },
  });

  const seen: number[] = [];
  for await (const event of client.runs.events('run_1')) {
    seen.push(event.id);
    if (event.id !== 3) continue;
    first.closing.abort();
    await firstListening.close(100);
    // The next server, at the same address.
    const second = httpFixture(database, { over: { runs: { events: events(5) } } });
    second.belongsTo('run_1', user.id);
    const { listen } = await import('@gpucoop/server/http/serve.ts');
    const listening = await listen(second.app, second.deps, { host: '127.0.0.1', port: firstListening.port });
    closers.push(() => listening.close(100));
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

/** `tr a-z A-Z`, with a word on stderr, and an exit code. */
function shouting(): Duplex {
  const read = frameReader();
  const out = new PassThrough();
  out.write(encodeFrame('stderr', Buffer.from('listening')));
  const answer = async (input: AsyncIterable<Buffer>) => {
    for await (const chunk of input) {
      for (const { channel, payload } of read(chunk)) {
        if (channel === 'stdin')
          out.write(encodeFrame('stdout', Buffer.from(Buffer.from(payload).toString().toUpperCase())));
        if (channel === 'resize') out.write(encodeFrame('stderr', payload));
        if (channel === 'stdinEnd') out.end(encodeJsonFrame('exit', { code: 3 }));
      }
    }
  };
  return Duplex.from({ readable: out, writable: answer as never });
}

const cat = { command: ['cat'], tty: false, columns: null, rows: null, env: {}, user: null };

test('exec: streams, window size and exit code', async () => {
  const { client, belongsTo } = await network({ over: { runs: { exec: async () => shouting() } } });
  belongsTo('run_1', (await client.auth.login()).user.id);
  const session = await client.runs.exec('run_1', cat);
  const outputs = Promise.all([text(session.stdout), text(session.stderr)]);
  session.resize(80, 24);
  const megabytes = 'lazy dog '.repeat(300_000);
  Readable.from([megabytes]).pipe(session.stdin);
  const [stdout, stderr] = await outputs;
  expect(await session.exit).toBe(3);
  expect(stdout).toBe(megabytes.toUpperCase());
  expect(stderr).toBe('listening{"columns":80,"rows":24}');
});

test('exec: what goes wrong rejects the exit, or the opening', async () => {
  const { client, server } = await network();
  await client.auth.login();
  await expect(client.runs.exec('run_other', cat)).rejects.toMatchObject({ code: 'not_found' });
  await expect(createClient({ server }).runs.exec('run_1', cat)).rejects.toMatchObject({ code: 'unauthenticated' });

  const broken = await network({
    over: { runs: { exec: async () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNRESET' })) } },
  });
  broken.belongsTo('run_1', (await broken.client.auth.login()).user.id);
  const session = await broken.client.runs.exec('run_1', cat);
  await expect(session.exit).rejects.toMatchObject({ code: 'unavailable' });
  expect(await text(session.stdout)).toBe('');
});

test('a port: half-close both ways', async () => {
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('end', () => socket.end(heard.toUpperCase()));
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  closers.push(() => void echo.close());
  const dial = async () =>
    connectTcp({ port: (echo.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const { client, belongsTo } = await network({ over: { runs: { connect: dial } } });
  belongsTo('run_1', (await client.auth.login()).user.id);
  const duplex = await client.runs.connect('run_1', 80);
  duplex.end('hello');
  expect(await text(duplex)).toBe('HELLO');
});

test('files and backups are streams', async () => {
  const received: Buffer[] = [];
  const { client, belongsTo } = await network({
    over: {
      runs: {
        writeFiles: async (_user, _run, _path, tar) => {
          for await (const chunk of tar) received.push(chunk as Buffer);
        },
      },
    },
  });
  belongsTo('run_1', (await client.auth.login()).user.id);
  await client.runs.writeFiles(
    'run_1',
    '/work',
    (async function* () {
      for (let n = 0; n < 100; n += 1) yield new Uint8Array(10_000);
    })(),
  );
  expect(Buffer.concat(received)).toHaveLength(1_000_000);
  expect(await text(Readable.fromWeb((await client.runs.readFiles('run_1', '/work')) as never))).toBe('tar');
});

test('a self-made certificate is trusted by its fingerprint or its key, whatever its name, and no other is', async () => {
  const dirs = [await mkdtemp(join(tmpdir(), 'coop-tls-')), await mkdtemp(join(tmpdir(), 'coop-tls-'))];
  closers.push(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true }))));
  const own = await loadOrMakeTls({ dir: dirs[0]!, names: ['somewhere.else'], now: new Date() });
  const other = await loadOrMakeTls({ dir: dirs[1]!, names: [], now: new Date() });
  const fixture = httpFixture(database);
  const listening = await fixture.listen({ cert: own.cert, key: own.key });
  closers.push(() => listening.close(100));
  const server = `https://127.0.0.1:${listening.port}`;
  const open = (tls: ClientOptions['tls'], at = server) =>
    createClient({ server: at, retry: { attempts: 1 }, ...(tls !== undefined && { tls }) });

  const pinned = open({ fingerprint: own.fingerprint256 });
  expect(await pinned.ready()).toMatchObject({ status: 'ok' });
  expect(await open({ fingerprint: `sha256//${own.spkiPin}` }).ready()).toMatchObject({ status: 'ok' });
  expect(await open({ ca: own.cert }).ready()).toMatchObject({ status: 'ok' });
  // The same for WebSockets: the refusal is the server's, so TLS was passed.
  await expect(pinned.runs.exec('run_1', cat)).rejects.toMatchObject({ code: 'unauthenticated' });

  await expect(open(undefined).ready()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(open({ ca: other.cert }).ready()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(open({ fingerprint: other.fingerprint256 }).ready()).rejects.toMatchObject({
    code: 'invalid_signature',
  });
  await expect(
    open({ fingerprint: `sha256//${createHash('sha256').update('x').digest('base64')}` }).ready(),
  ).rejects.toMatchObject({
    code: 'invalid_signature',
  });
  await pinned.close();
});
