import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { extract, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { describeNeeding } from '../../../test/support/needs.ts';
import type { EngineError } from './engine-error.ts';
import { logLines, never, openTestBed, outputOf, shell, tellsOutOfMemory, until } from './test-bed.ts';
import type { BedKind, TestBed } from './test-bed.ts';

describeNeeding(['docker'], 'the docker engine', () => contract('docker'));
describeNeeding(['docker', 'gvisor'], 'the docker engine with gVisor', () => contract('sandbox'));
describe('the process engine', () => contract('process'));
describeNeeding(['podman'], 'the podman engine', () => contract('podman'));

function contract(kind: BedKind): void {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openTestBed(kind);
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
  });
  afterAll(() => bed.close());

  test('says what it is', async () => {
    const info = await bed.engine.info();
    expect(info.name).toBe(kind === 'sandbox' ? 'docker' : kind);
    expect(info.isolation).toBe(kind === 'process' ? 'none' : kind === 'sandbox' ? 'sandbox' : 'container');
    expect(info.base_image).not.toBeNull();
  });

  test('runs a command, keeps its two outputs apart and knows how it ended', async () => {
    const id = await bed.run(shell('echo out; echo err >&2; exit 7'));
    const state = await bed.engine.wait(id, never());
    expect(state).toMatchObject({ state: 'ended', running: false, exit_code: 7, oom_killed: false, reason: null });
    expect(Date.parse(state.finished_at ?? '')).toBeGreaterThanOrEqual(Date.parse(state.started_at ?? ''));
    const lines = await logLines(bed.engine, id);
    expect(
      lines
        .map(({ stream, text: words }) => [stream, words])
        .toSorted(([one], [other]) => (one as string).localeCompare(other as string)),
    ).toEqual([
      ['stderr', 'err\n'],
      ['stdout', 'out\n'],
    ]);
  });

  test('gives the command its environment and directory and nothing of the agent', async () => {
    process.env.COOP_TEST_AGENT_SECRET = 'of-the-agent';
    const id = await bed.run({
      ...shell('echo "$COLOUR"; pwd; env'),
      env: { COLOUR: 'blue', TRICKY: 'a=b c"d' },
      working_dir: '/deep/er',
    });
    const printed = await outputOf(bed.engine, id);
    expect(printed).toMatch(/^blue\n.*\/deep\/er\n/);
    expect(printed).toContain('TRICKY=a=b c"d\n');
    expect(printed).not.toContain('of-the-agent');
  });

  test('prepares a lease once, however often and at once it is asked', async () => {
    const order = bed.order();
    const prepare = () => bed.engine.prepare(order, () => undefined, never());
    const [one, other] = await Promise.all([prepare(), prepare()]);
    await bed.engine.start(one.containerId);
    await bed.engine.start(one.containerId);
    expect([other.containerId, (await prepare()).containerId]).toEqual([one.containerId, one.containerId]);
    expect(await bed.engine.list()).toHaveLength(1);
  });

  test('starts a container once: one that has ended stays ended', async () => {
    const id = await bed.run(shell('echo once'));
    await bed.engine.wait(id, never());
    await bed.engine.start(id);
    expect(await bed.engine.inspect(id)).toMatchObject({ state: 'ended', running: false });
    expect(await outputOf(bed.engine, id)).toBe('once\n');
  });

  test('a command that is not there is command_not_found, one that a shell does not find is not', async () => {
    const failed = await bed
      .run({ command: ['no-such-program', 'x'] })
      .then(async (id) => (await bed.engine.wait(id, never())).reason)
      .catch((error: unknown) => (error as EngineError).reason);
    expect(failed).toBe('command_not_found');
    const ended = await bed.engine.wait(await bed.run(shell('no-such-program x')), never());
    expect(ended).toMatchObject({ exit_code: 127, reason: null });
  });

  if (kind !== 'process')
    test('a user, group or directory that cannot be is no failure of the engine', async () => {
      const impossible: Partial<LeaseOrder>[] = [
        { user: 'nosuch' },
        { user: '0:nosuch' },
        { user: '99999999999' },
        { working_dir: '/etc/passwd' },
        { working_dir: '/etc/passwd/below' },
        { working_dir: '/proc/none' },
        { working_dir: '/sys/none' },
      ];
      for (const words of impossible) {
        const reason = await bed
          .run({ ...shell('true'), ...words })
          .then(async (id) => (await bed.engine.wait(id, never())).reason)
          .catch((error: unknown) => (error as EngineError).reason);
        expect(reason, JSON.stringify(words)).toBe('command_failed');
      }
    });

  test('a prepare that is aborted creates nothing', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(bed.engine.prepare(bed.order(), () => undefined, aborted)).rejects.toThrow('enough');
    expect(await bed.engine.list()).toHaveLength(0);
  });

  test('an interactive lease without a command stands, serves exec, and ends at once when asked to', async () => {
    const id = await bed.run({ command: null, interactive: true });
    const session = await bed.engine.exec(id, request(['sh', '-c', 'echo here']));
    expect(await text(session.stdout)).toBe('here\n');
    const before = performance.now();
    await bed.engine.stop(id, 30);
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(await bed.engine.inspect(id)).toMatchObject({ state: 'ended', exit_code: 0 });
  });

  test('stop lets the command end by itself, and kills one that does not want to', async () => {
    const polite = await bed.run(shell('trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.1; done'));
    const deaf = await bed.run(shell('trap "" TERM; echo up; while :; do sleep 0.1; done'));
    for (const id of [polite, deaf]) await until('it is up', async () => (await logLines(bed.engine, id)).length > 0);
    await Promise.all([bed.engine.stop(polite, 20), bed.engine.stop(deaf, 1)]);
    expect(await bed.engine.inspect(polite)).toMatchObject({ state: 'ended', exit_code: 5 });
    expect(await bed.engine.inspect(deaf)).toMatchObject({ state: 'ended', exit_code: 137 });
    await bed.engine.stop(deaf, 1);
  });

  test('what is removed is gone, and may be removed again', async () => {
    const id = await bed.run();
    await bed.engine.remove(id);
    await bed.engine.remove(id);
    expect(await bed.engine.inspect(id)).toBeUndefined();
    await expect(bed.engine.start(id)).rejects.toMatchObject({ reason: 'container_vanished' });
    await expect(bed.engine.wait(id, never())).rejects.toMatchObject({ reason: 'container_vanished' });
  });

  test('wait ends with its signal', async () => {
    const id = await bed.run();
    const aborter = new AbortController();
    const waiting = bed.engine.wait(id, aborter.signal);
    aborter.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('an agent that starts again finds its leases, without their secrets', async () => {
    const order = bed.order({ env: { TOKEN: 'very-secret' }, ports: [8080] });
    const { containerId } = await bed.engine.prepare(order, () => undefined, never());
    await bed.engine.start(containerId);
    const engine = await bed.reopen();
    const [found, ...others] = await engine.list();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ lease_id: order.lease_id, container_id: containerId, state: { state: 'running' } });
    expect(found?.order).toEqual({ ...order, env: {}, registry_auth: null });
    const session = await engine.exec(containerId, request(['sh', '-c', 'echo $TOKEN']));
    expect(await text(session.stdout)).toBe('very-secret\n');
  });

  test('another agent on the machine sees nothing of it and cannot touch it', async () => {
    const id = await bed.run();
    const stranger = await openTestBed(kind, bed.where);
    try {
      expect(await stranger.engine.list()).toEqual([]);
      expect(await stranger.engine.inspect(id)).toBeUndefined();
      await stranger.engine.remove(id);
      await stranger.engine.stop(id, 0);
      await expect(stranger.engine.exec(id, request(['true']))).rejects.toMatchObject({ reason: 'container_vanished' });
    } finally {
      await stranger.close();
    }
    expect(await bed.engine.inspect(id)).toMatchObject({ running: true });
  });

  test('exec: input to its end, both outputs, exit code', async () => {
    const id = await bed.run();
    const session = await bed.engine.exec(id, {
      ...request(['sh', '-c', 'cat; echo "$X" >&2; exit 9']),
      env: { X: 'extra' },
    });
    session.stdin.end('one\ntwo\n');
    const [out, err] = await Promise.all([text(session.stdout), text(session.stderr as Readable)]);
    expect([out, err, await session.exit]).toEqual(['one\ntwo\n', 'extra\n', 9]);
  });

  test('exec: a megabyte goes in and comes out unharmed while nobody hurries to read', async () => {
    const id = await bed.run();
    const session = await bed.engine.exec(id, request(['cat']));
    const sent = Buffer.alloc(1024 * 1024, 'abcdefghij');
    session.stdin.end(sent);
    const received: Buffer[] = [];
    for await (const chunk of session.stdout) received.push(chunk as Buffer);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(await session.exit).toBe(0);
  });

  test('exec: a terminal of the size asked for, which can be changed', async () => {
    const id = await bed.run();
    const waitFor = (size: string) => `until stty size | grep -q "${size}"; do sleep 0.1; done; echo has ${size};`;
    const script = `${waitFor('33 101')} read x; ${waitFor('22 77')} exit 4`;
    const session = await bed.engine.exec(id, { ...request(['sh', '-c', script]), tty: true, columns: 101, rows: 33 });
    expect(session.stderr).toBeNull();
    let seen = '';
    session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await until('the first size is seen', () => seen.includes('has 33 101'));
    session.stdin.write('\n');
    await session.resize(77, 22);
    await until('the second size is seen', () => seen.includes('has 22 77'));
    expect(await session.exit).toBe(4);
  });

  test('exec: what is killed ends', async () => {
    const id = await bed.run();
    const session = await bed.engine.exec(id, request(['sh', '-c', 'echo up; sleep 1000']));
    await until('it is up', () => session.stdout.readableLength > 0);
    session.kill();
    expect(await session.exit).not.toBe(0);
    expect(await bed.engine.inspect(id)).toMatchObject({ running: true });
  });

  test('exec: a command that is not there ends with 127', async () => {
    const id = await bed.run();
    const exit = async (command: string[], tty: boolean) => {
      const session = await bed.engine.exec(id, { ...request(command), tty });
      session.stdout.resume();
      session.stderr?.resume();
      return session.exit;
    };
    expect(await exit(['no-such-program'], false)).toBe(127);
    expect(await exit(['no-such-program'], true)).toBe(127);
    expect(await exit(['/no/such/program'], false)).toBe(127);
    expect(await exit(['sh', '-c', 'exit 126'], false)).toBe(126);
  });

  test('exec on what has ended is refused', async () => {
    const id = await bed.run(shell('true'));
    await bed.engine.wait(id, never());
    await expect(bed.engine.exec(id, request(['true']))).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(bed.engine.stats(id)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  test('files go in and come out, after the end too', async () => {
    const id = await bed.run({
      ...shell('mkdir -p data; echo made > data/made; while :; do sleep 1; done'),
      working_dir: '/w',
    });
    await until('it made its file', async () => bed.engine.readFiles(id, '/w/data/made').then(drain, () => false));
    await bed.engine.writeFiles(id, '/w/data', tarOf({ 'sent.txt': 'sent', 'sub/deep.txt': 'deep' }));
    await bed.engine.stop(id, 0);
    expect(await untar(await bed.engine.readFiles(id, '/w/data'))).toEqual({
      'data/made': 'made\n',
      'data/sent.txt': 'sent',
      'data/sub/deep.txt': 'deep',
    });
    expect(await untar(await bed.engine.readFiles(id, '/w/data/made'))).toEqual({ made: 'made\n' });
    await expect(bed.engine.readFiles(id, '/w/none')).rejects.toMatchObject({ code: 'not_found' });
    await expect(bed.engine.writeFiles(id, '/w/none', tarOf({ a: 'b' }))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('more files than the lease has disk for are refused', async () => {
    const id = await bed.run({ disk_mib: 1, working_dir: '/w' });
    await expect(bed.engine.writeFiles(id, '/w', tarOf({ big: 'x'.repeat(3 * 1024 * 1024) }))).rejects.toMatchObject({
      code: 'payload_too_large',
    });
  });

  test('an archive cannot write outside the workload', async () => {
    const id = await bed.run({ working_dir: '/w' });
    const marker = `/tmp/coop-escaped-${process.pid}`;
    await bed.engine
      .writeFiles(id, '/w', tarOf({ [`../../../../../../../../..${marker}`]: 'out' }))
      .catch(() => undefined);
    const link = pack();
    link.entry({ name: 'way', type: 'symlink', linkname: '/tmp' });
    link.entry({ name: `way/coop-escaped-${process.pid}` }, 'out');
    link.finalize();
    await bed.engine.writeFiles(id, '/w', asReadable(link)).catch(() => undefined);
    expect(existsSync(marker)).toBe(false);
  });

  test('measures what a lease uses', async () => {
    const id = await bed.run(shell('head -c 20000000 /dev/zero > twenty; echo done; while :; do :; done'));
    await until('it has written', async () => (await logLines(bed.engine, id)).length > 0);
    await bed.engine.stats(id);
    const stats = await bed.engine.stats(id);
    expect(stats).toMatchObject({ memory_limit_mib: 256 });
    expect(stats.pids).toBeGreaterThan(0);
    expect(stats.cpu_percent).toBeGreaterThan(5);
    expect(await bed.engine.diskUsedMib(id)).toBeGreaterThanOrEqual(19);
    expect(await bed.engine.diskUsedMib(id)).toBeLessThan(30);
  });

  test('a workload that takes more memory than rented ends out_of_memory', async () => {
    const id = await bed.run({ ...shell('x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'), memory_mib: 32 });
    const ended = await bed.engine.wait(id, never());
    if (!tellsOutOfMemory(kind)) expect(ended).toMatchObject({ reason: null, exit_code: 137 });
    else expect(ended).toMatchObject({ reason: 'out_of_memory', oom_killed: true });
  });

  test('connects to a port of the workload, and says so where nothing listens', async () => {
    const port = kind === 'process' ? await freePort() : 8080;
    const serve = `require('net').createServer({allowHalfOpen:true},s=>s.pipe(s)).listen(${port})`;
    const command =
      kind === 'process' ? [process.execPath, '-e', serve] : ['nc', '-ll', '-p', String(port), '-e', 'cat'];
    const id = await bed.run({ command });
    // Its network does not come up under every kernel, so this bed has none.
    if (kind === 'sandbox') return expect(bed.engine.connect(id, port)).rejects.toMatchObject({ code: 'wrong_state' });
    let socket = await bed.engine.connect(id, port).catch(() => undefined);
    await until(
      'it listens',
      async () => (socket ??= await bed.engine.connect(id, port).catch(() => undefined)) !== undefined,
    );
    socket?.end('through and back');
    expect(await text(socket as Readable)).toBe('through and back');
    await expect(bed.engine.connect(id, kind === 'process' ? await freePort() : 8081)).rejects.toMatchObject({
      code: 'wrong_state',
    });
  });

  test('nothing to restore is restored', async () => {
    expect(await bed.engine.reassert()).toEqual({ restored: [] });
  });
}

function request(command: string[]) {
  return { command, tty: false, columns: null, rows: null, env: {}, user: null };
}

function tarOf(files: Record<string, string>): Readable {
  const tar = pack();
  // Whoever is refused in the middle leaves an entry that nobody listens to.
  for (const [name, body] of Object.entries(files)) tar.entry({ name }, body).on('error', () => undefined);
  tar.finalize();
  return asReadable(tar);
}

/** tar-stream's streams are streamx's: they do what Node's do, and only their types say otherwise. */
function asReadable(tar: ReturnType<typeof pack>): Readable {
  return tar as unknown as Readable;
}

async function untar(tar: Readable): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const entries = extract();
  tar.pipe(entries);
  for await (const entry of entries) {
    const body = await text(entry);
    if (entry.header.type === 'file') files[entry.header.name] = body;
  }
  return files;
}

async function drain(stream: Readable): Promise<boolean> {
  for await (const _ of stream);
  return true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
