import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { encodeBase32 } from '@gpucoop/protocol/ids.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadOrMakeTls, type Tls } from '../tls.ts';
import { agentFiles, type AgentFiles } from './agent-bundle.ts';
import { joinCommand, joinRoutes, joinScript, type JoinTls, type Served } from './join.ts';

const token = `jtk_${encodeBase32(new Uint8Array(16).fill(7))}`;

let shared: string;
/** One bundle for all: making it takes most of a second. */
let files: AgentFiles;
let tls: Tls;

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'coop-join-'));
  files = agentFiles({ cacheDir: join(shared, 'cache') });
  tls = await loadOrMakeTls({ dir: join(shared, 'tls'), names: [], now: new Date() });
});

afterAll(() => rm(shared, { recursive: true, force: true }));

async function freshDir(): Promise<string> {
  const dir = await mkdtemp(join(shared, 'dir-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Serves what joining needs, and answers an enrolment as the server would. `tamper` changes what is served at a path. */
async function network(options: { tls?: Tls; tamper?: { path: string; body: string } } = {}) {
  const enrolled: Record<string, unknown>[] = [];
  const listener: RequestListener = (request, response) => {
    void answer(request.url ?? '', request.headers['accept-encoding'] ?? null).then(async (served) => {
      if (request.url === '/v1/enrol') {
        enrolled.push(JSON.parse((await request.toArray()).join('')) as Record<string, unknown>);
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(enrolment));
      }
      if (served === null) return response.writeHead(404).end();
      response.writeHead(served.status, served.headers);
      return typeof served.body === 'string' ? response.end(served.body) : served.body.pipe(response);
    });
  };
  const server =
    options.tls === undefined
      ? createHttp(listener)
      : createHttps({ cert: options.tls.cert, key: options.tls.key }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const routes = joinRoutes({ origin, tls: options.tls ?? null, files });

  async function answer(path: string, acceptEncoding: string | null): Promise<Served | null> {
    if (options.tamper?.path === path) return { status: 200, headers: {}, body: options.tamper.body };
    if (path === '/join.sh') return routes.script();
    if (path === '/agent/agent.mjs') return routes.agent(acceptEncoding);
    if (path === '/agent/node') return routes.node(acceptEncoding);
    return null;
  }
  return { origin, enrolled };
}

const enrolment = {
  machine_id: `mch_${encodeBase32(new Uint8Array(16))}`,
  server_name: 'test',
  terms: {
    price_micros_per_unit_hour: {},
    min_units: 1,
    max_units: null,
    min_duration_s: 1,
    max_duration_s: 3600,
    quiet_hours: [],
    time_zone: 'UTC',
    only_when_idle: false,
    reserve_cpus: 0,
    reserve_memory_mib: 0,
    disk_mib: null,
    region: '',
  },
};

/** A PATH with what the script needs and no more; without Node, as on a fresh computer. */
async function barePath(options: { node?: boolean } = {}): Promise<string> {
  const bin = await freshDir();
  const programs = [
    'sh',
    'curl',
    'uname',
    'id',
    'mktemp',
    'sed',
    'cut',
    'grep',
    'sha256sum',
    'rm',
    'mv',
    'mkdir',
    'chmod',
    'cat',
    'env',
  ];
  for (const program of programs) {
    const found = ['/bin', '/usr/bin'].map((dir) => join(dir, program)).find((path) => existsSync(path));
    if (found !== undefined) await symlink(found, join(bin, program));
  }
  if (options.node === true) await symlink(process.execPath, join(bin, 'node'));
  return bin;
}

type Ran = { code: number | null; output: string };

async function sh(command: string, env: Record<string, string>, shell = 'sh'): Promise<Ran> {
  const child = spawn(shell, shell === 'sh' ? ['-c', command] : ['sh', '-c', command], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Joins, but leaves the last step, which would serve for ever, to a failing stand-in for systemd. */
async function joinHere(command: string, options: { node?: boolean; dir?: string } = {}) {
  const dir = options.dir ?? join(await freshDir(), 'agent');
  const ran = await sh(command, {
    PATH: await barePath(options),
    COOP_AGENT_DIR: dir,
    COOP_SERVICE: '1',
    HOME: shared,
    COOP_MACHINE_NAME: 'attic',
  });
  return { ...ran, dir };
}

describe('the one line', () => {
  const joinTls: JoinTls = { spkiPin: `${'A'.repeat(43)}=`, cert: '', selfSigned: true };

  test('over plain HTTP serves only on the loopback', () => {
    expect(joinCommand('http://127.0.0.1:7070', null, token)).toBe(
      `curl -fsS http://127.0.0.1:7070/join.sh | COOP_JOIN_TOKEN=${token} sh`,
    );
    expect(() => joinCommand('http://192.168.1.5:7070', null, token)).toThrow(/not safe/);
    expect(() => joinCommand('http://127.0.0.1.evil.example', null, token)).toThrow(/not safe/);
  });

  test('with a self-made certificate pins its key', () => {
    expect(joinCommand('https://gpu.example:7070', joinTls, token)).toBe(
      `curl -fsSk --pinnedpubkey sha256//${'A'.repeat(43)}= https://gpu.example:7070/join.sh | COOP_JOIN_TOKEN=${token} sh`,
    );
  });

  test('with a public certificate needs no pin; as a service it ends with --service', () => {
    expect(joinCommand('https://gpu.example', { ...joinTls, selfSigned: false }, token, { service: true })).toBe(
      `curl -fsS https://gpu.example/join.sh | COOP_JOIN_TOKEN=${token} sh -s -- --service`,
    );
  });

  test('holds nothing that a shell would take for more than words', () => {
    expect(() => joinCommand('https://gpu.example/$(reboot)', joinTls, token)).toThrow(/origin/);
    expect(() => joinCommand('https://gpu.example', joinTls, `${token};reboot`)).toThrow(/not a join token/);
    expect(() => joinCommand('https://gpu.example', { ...joinTls, spkiPin: '`reboot`' }, token)).toThrow(/pin/);
  });
});

test('values are quoted, whatever they hold', async () => {
  const hostile = `it's "$(touch ${shared}/owned)" \`touch ${shared}/owned\`\nand a second line`;
  const script = joinScript({
    origin: 'http://127.0.0.1:1',
    spkiPin: null,
    certPem: hostile,
    agentSha256: 'x',
    node: null,
  });
  const values = script.slice(0, script.indexOf('# Makes this computer'));
  const ran = await sh(`${values}\nprintf %s "$CERT_PEM"`, { PATH: process.env.PATH! });
  expect(ran).toEqual({ code: 0, output: hostile });
  expect(existsSync(join(shared, 'owned'))).toBe(false);
});

test('the script says nothing wrong to dash and to busybox', async () => {
  const path = join(shared, 'join.sh');
  await writeFile(
    path,
    joinScript({ origin: 'http://127.0.0.1:1', spkiPin: null, certPem: null, agentSha256: 'x', node: null }),
  );
  for (const shell of ['dash', 'busybox sh'].filter(
    (name) => existsSync(`/usr/bin/${name.split(' ')[0]}`) || existsSync(`/bin/${name.split(' ')[0]}`),
  )) {
    expect(await sh(`${shell} -n ${path}`, { PATH: process.env.PATH! })).toEqual({ code: 0, output: '' });
  }
});

test('a script that was cut off does nothing', async () => {
  const script = joinScript({
    origin: 'http://127.0.0.1:1',
    spkiPin: null,
    certPem: null,
    agentSha256: 'x',
    node: null,
  });
  const path = join(shared, 'cut.sh');
  const dir = join(await freshDir(), 'agent');
  for (const share of [0.3, 0.6, 0.9, 0.995]) {
    await writeFile(path, script.slice(0, Math.floor(script.length * share)));
    await sh(`sh ${path}`, { PATH: process.env.PATH!, COOP_AGENT_DIR: dir });
    expect(existsSync(dir)).toBe(false);
  }
});

test('the agent is one file that runs in an empty directory, with a clean environment', async () => {
  const dir = await freshDir();
  const agent = await files.agent();
  await copyFile(agent.path, join(dir, 'agent.mjs'));
  const ran = await sh(`cd ${dir} && ${process.execPath} agent.mjs help`, {});
  expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('coop-agent') });
  const status = await sh(`cd ${dir} && ${process.execPath} agent.mjs status --state ${dir}/state`, {});
  expect(status).toMatchObject({ code: 1, output: expect.stringContaining('not enrolled') });
});

test('what is served has the length and the sum that it says, compressed or not', async () => {
  const routes = joinRoutes({ origin: 'http://127.0.0.1:1', tls: null, files });
  for (const encoding of [null, 'br, gzip']) {
    const { headers, body } = await routes.agent(encoding);
    const bytes = Buffer.concat(await (body as Readable).toArray());
    expect(String(bytes.length)).toBe(headers['content-length']);
    const whole = encoding === null ? bytes : gunzipSync(bytes);
    expect(createHash('sha256').update(whole).digest('hex')).toBe(headers['x-coop-sha256']);
  }
  const node = await routes.node(null);
  (node.body as Readable).destroy();
  expect(node.headers['content-length']).toBe(String((await stat(process.execPath)).size));
});

describe('joining', () => {
  test('over HTTP on the loopback, on a computer that has Node', async () => {
    const { origin, enrolled } = await network();
    const { output, dir } = await joinHere(joinCommand(origin, null, token), { node: true });
    expect(output).toContain(`machine ${enrolment.machine_id}`);
    expect(enrolled).toMatchObject([{ token, name: 'attic' }]);
    expect((await readdir(dir)).toSorted()).toEqual(['agent.mjs', 'coop-agent', 'state']);
    expect(await readFile(join(dir, 'coop-agent'), 'utf8')).not.toContain(token);
    // Here there is no systemctl: the last step says what to do instead.
    expect(output).toMatch(/run it by hand: .*coop-agent run/);
  });

  test('over HTTPS under the pin, with the Node of the server; a second time it only brings the agent up to date', async () => {
    const { origin, enrolled } = await network({ tls });
    const command = joinCommand(origin, tls, token);
    const { output, dir } = await joinHere(command);
    expect(output).toContain(`Fetching Node ${process.versions.node}`);
    expect(output).toContain(`machine ${enrolment.machine_id}`);
    expect(enrolled).toHaveLength(1);
    expect((await readdir(dir)).toSorted()).toEqual(['agent.mjs', 'bin', 'coop-agent', 'server.pem', 'state']);
    expect(readFileSync(join(dir, 'server.pem'), 'utf8').trim()).toBe(tls.cert.trim());

    const again = await joinHere(command, { dir });
    expect(again.output).toContain('up to date');
    expect(again.output).not.toContain('Fetching Node');
    expect(enrolled).toHaveLength(1);
  });

  test('under another key nothing is fetched and nothing is run', async () => {
    const other = await loadOrMakeTls({ dir: await freshDir(), names: [], now: new Date() });
    const { origin, enrolled } = await network({ tls });
    const { output, dir } = await joinHere(joinCommand(origin, other, token));
    expect(output).toMatch(/pinned/i);
    expect(existsSync(dir)).toBe(false);
    expect(enrolled).toEqual([]);
  });

  test('the pin holds for the files too, not only for the script', async () => {
    const other = await loadOrMakeTls({ dir: await freshDir(), names: [], now: new Date() });
    const { origin, enrolled } = await network({ tls });
    const script = joinScript({
      origin,
      spkiPin: other.spkiPin,
      certPem: other.cert,
      agentSha256: (await files.agent()).sha256,
      node: await files.node(),
    });
    const path = join(await freshDir(), 'join.sh');
    await writeFile(path, script);
    const { output, code } = await joinHere(`COOP_JOIN_TOKEN=${token} sh ${path}`, { node: true });
    expect(code).toBe(1);
    expect(output).toContain('cannot fetch');
    expect(enrolled).toEqual([]);
  });

  test.each(['/agent/agent.mjs', '/agent/node'])('a changed %s is refused before anything of it runs', async (path) => {
    const { origin, enrolled } = await network({ tamper: { path, body: '#!/bin/sh\necho changed' } });
    const { output, dir, code } = await joinHere(joinCommand(origin, null, token), { node: path !== '/agent/node' });
    expect(code).toBe(1);
    expect(output).toContain('is not what it should be');
    expect(output).not.toContain('changed\n');
    expect(await readdir(dir)).toEqual([]);
    expect(enrolled).toEqual([]);
  });

  test('without a token it says where to get one', async () => {
    const { origin } = await network();
    const { output, code } = await joinHere(`curl -fsS ${origin}/join.sh | sh`, { node: true });
    expect(code).toBe(1);
    expect(output).toContain('coop machine add');
  });

  test('a directory whose name a shell might misread is refused', async () => {
    const { origin } = await network();
    const parent = await freshDir();
    await mkdir(join(parent, 'a b'));
    const { output, code } = await joinHere(joinCommand(origin, null, token), {
      node: true,
      dir: join(parent, 'a b', "x'y"),
    });
    expect(code).toBe(1);
    expect(output).toContain('unusual characters');
  });
});
