import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fromSystem } from '../system-error.ts';
import { coopHome, readSecretFile, writeJson } from '../home.ts';
import { makeLook } from '../look/colours.ts';
import { curlLine } from '../explain.ts';
import { parseListen, ownUrl } from './listen.ts';
import { newsFilter, readableLine } from './log-line.ts';
import { freePort, suggestion } from './ports.ts';
import { lastWords } from './programs.ts';
import { openRotatingFile } from './rotating-file.ts';
import { isAlive, lockHome, startOf, whoRuns } from './running.ts';

const look = makeLook(false);
const newHome = async () => coopHome({ COOP_HOME: await newFolder('coop-home-') });

async function newFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a log turns over by size and keeps three old ones', async () => {
  const directory = await newFolder('coop-log-');
  const log = openRotatingFile(join(directory, 'a.log'), 100);
  for (let i = 0; i < 40; i += 1) log.write(`line ${i} ${'x'.repeat(20)}`);
  log.close();
  expect((await readdir(directory)).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2', 'a.log.3']);
  expect(await readFile(join(directory, 'a.log'), 'utf8')).toContain('line 39');
  expect((await stat(join(directory, 'a.log.1'))).size).toBeLessThanOrEqual(100);
});

test('of a log only warnings, errors and last words reach the screen', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const read = (line: string) => readableLine('server', line, look, now)?.replace(/^\S+ +/, '');
  expect(read('{"level":"info","msg":"request"}')).toBeUndefined();
  expect(read('{"level":"warn","time":"2026-11-23T12:00:00Z","msg":"slow","err":{"message":"why"}}')).toBe(
    'server  warning  slow: why',
  );
  expect(read('{"level":50,"msg":"broken\\u001b[2J"}')).toBe('server  error  broken');
  expect(read('coop server: the port is in use')).toBe('server  says  coop server: the port is in use');
  expect(read('(node:1) SomeWarning')).toBeUndefined();
});

test('what is said every second is told once a minute', () => {
  let now = 0;
  const isNews = newsFilter(() => now);
  expect([isNews('at 1'), isNews('at 2'), isNews('other')]).toEqual([true, false, true]);
  now = 60_000;
  expect(isNews('at 3')).toBe(true);
});

test('a crash is told by its error, not by the end of its stack', () => {
  expect(lastWords(['file:///x.ts:1', 'SyntaxError: Unexpected token', '    at a', '}', 'Node.js v24'])).toBe(
    'SyntaxError: Unexpected token',
  );
  expect(lastWords(['{"level":"error","msg":"no database"}'])).toBe('no database');
});

test('a port in use names the next free one', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const found = freePort('127.0.0.1', port, (next) => suggestion({ listen: undefined }, next));
  await expect(found).rejects.toMatchObject({
    message: `Port ${port} is in use by another program.`,
    hint: expect.stringMatching(/^coop up --port \d+ is free\.$/),
  });
  taken.close();
  expect(await freePort('127.0.0.1', 0, String)).toBeGreaterThan(0);
});

test('addresses to listen on are read, and reached from here', () => {
  expect(parseListen('[::]:7070')).toMatchObject({ host: '::', port: 7070 });
  expect(ownUrl('0.0.0.0', 7070, true)).toBe('https://127.0.0.1:7070');
  expect(ownUrl('::', 7070, true)).toBe('https://[::1]:7070');
  for (const bad of ['7070', 'a:b', ':::7070', '0.0.0.0:99999'])
    expect(() => parseListen(bad), bad).toThrow('is no HOST:PORT');
});

test('one home has one coop up; the files of a dead one are taken over', async () => {
  const home = await newHome();
  const lock = await lockHome(home);
  await expect(lockHome(home)).rejects.toMatchObject({
    code: 'wrong_state',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await lock.release();
  await lock.update({ ready: true }); // a late word of a child does not bring it back
  expect(await whoRuns(home)).toEqual({});
  // The same pid with another start is another process.
  const children = { server: { pid: process.pid, started: '1' } };
  await writeJson(home.running, { pid: process.pid, started: '1', url: null, ready: true, children });
  const again = await lockHome(home);
  expect(again.left).toEqual(children);
  expect(isAlive({ pid: process.pid, started: startOf(process.pid) })).toBe(true);
  await again.release();
});

test('a file that a full disk cut short is nobody’s, and of many that take a dead one’s place at once one gets it', async () => {
  const home = await newHome();
  await writeFile(home.running, '{"pid":');
  expect(await whoRuns(home)).toEqual({});
  await (await lockHome(home)).release();
  for (let round = 0; round < 20; round++) {
    await writeJson(home.running, { pid: process.pid, started: '1', url: null, ready: true, children: {} });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockHome(home)));
    const locks = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]!.release();
    expect(await readdir(home.dir)).toEqual([]);
  }
});

test('what the operating system refuses is told in words, with what to do', async () => {
  const home = await newHome();
  await writeFile(join(home.dir, 'file'), '');
  const error = await lockHome(coopHome({ COOP_HOME: join(home.dir, 'file', 'below') })).catch(fromSystem);
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('A file stands where') });
  const defect = new TypeError('x is undefined');
  expect(fromSystem(defect)).toBe(defect);
});

test('a secret that others can read is refused', async () => {
  const home = await newHome();
  await writeJson(home.credentials, {});
  expect((await stat(home.credentials)).mode & 0o777).toBe(0o600);
  const { chmod } = await import('node:fs/promises');
  await chmod(home.credentials, 0o644);
  await expect(readSecretFile(home.credentials)).rejects.toMatchObject({ hint: `chmod 600 ${home.credentials}` });
});

test('the explained call can be typed, and holds no key and no secret', () => {
  const request = {
    method: 'POST',
    path: '/v1/runs',
    headers: ['authorization', 'Bearer coop_key', 'content-type', 'application/json', 'accept', '*/*'],
  };
  const body = JSON.stringify({
    queue: false,
    secrets: { TOKEN: "it's" },
    registry_auth: { username: 'u', password: 'p' },
  });
  expect(curlLine('http://127.0.0.1:1', request, body)).toMatchInlineSnapshot(
    `"curl -X POST http://127.0.0.1:1/v1/runs -H "Authorization: Bearer $COOP_API_KEY" -H 'content-type: application/json' -d '{"queue":false,"secrets":{"TOKEN":"…"},"registry_auth":{"username":"u","password":"…"}}'"`,
  );
});
