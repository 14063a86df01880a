import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { logLines, never, openTestBed, outputOf, shell, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';
import { cookieBearers, identityOf, isAlive, signalGroup } from './identity.ts';
import type { Launch } from './lease-dir.ts';

describe('plain processes', () => {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await openTestBed('process');
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
    assert.deepEqual(readdirSync(join(bed.stateDir, 'processes')), []);
  });
  afterAll(() => bed.close());

  const leaseDirOf = async (id: string) => {
    const [found] = (await bed.engine.list()).filter(({ container_id }) => container_id === id);
    return join(bed.stateDir, 'processes', found?.lease_id as string);
  };
  const launchOf = async (id: string) =>
    JSON.parse(readFileSync(join(await leaseDirOf(id), 'launch.json'), 'utf8')) as Launch;

  test('nothing secret is written down', async () => {
    const id = await bed.run({
      env: { TOKEN: 'very-secret' },
      registry_auth: { username: 'u', password: 'very-secret' },
    });
    const found = (words: string) => spawnSync('grep', ['-r', words, bed.stateDir], { encoding: 'utf8' }).stdout;
    expect(found('lse_')).not.toBe('');
    expect(found('very-secret')).toBe('');
    await bed.engine.stop(id, 0);
  });

  test('an image is refused in words that say why, and so is any isolation', async () => {
    const prepare = (change: object) => bed.engine.prepare(bed.order(change), () => undefined, never());
    await expect(prepare({ image: 'python:3.13' })).rejects.toMatchObject({
      reason: 'image_not_found',
      message: expect.stringContaining('no container engine'),
    });
    await expect(prepare({ isolation: 'container' })).rejects.toMatchObject({ reason: 'agent_refused' });
  });

  test('what a workload leaves behind ends with it, even what left its session', async () => {
    const id = await bed.run(shell('setsid sh -c "sleep 1000" & sleep 1000 & sleep 0.5; exit 4'));
    const { cookie } = await launchOf(id);
    expect(await bed.engine.wait(id, never())).toMatchObject({ exit_code: 4 });
    await until('all have ended', () => cookieBearers(cookie).length === 0);
  });

  test('a process that holds the output open does not hold up the end', async () => {
    const id = await bed.run(shell('env -i setsid sleep 20 & echo done; exit 0'));
    expect(await bed.engine.wait(id, never())).toMatchObject({ exit_code: 0 });
    expect(await outputOf(bed.engine, id)).toBe('done\n');
  });

  test('an exec ends with its lease', async () => {
    const id = await bed.run();
    const session = await bed.engine.exec(id, {
      command: ['sleep', '1000'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });
    await bed.engine.stop(id, 0);
    expect(await session.exit).toBe(137);
  });

  test('a supervisor that was killed: the lease ends, and its command with it', async () => {
    const id = await bed.run(shell('while :; do sleep 0.1; done'));
    const launched = await launchOf(id);
    process.kill(launched.supervisor.pid, 'SIGKILL');
    expect(await bed.engine.wait(id, never())).toMatchObject({ reason: 'engine_restarted', restarted_by_engine: true });
    await until('the command has ended', () => !isAlive(launched.command));
    expect(await bed.engine.inspect(id)).toMatchObject({ state: 'ended', reason: 'engine_restarted' });
  });

  test('after a restart of the machine nobody who has the pid now is harmed', async () => {
    const stranger = spawn('sleep', ['1000'], { detached: true });
    const id = await bed.run(shell('exit 0'));
    await bed.engine.wait(id, never());
    const dir = await leaseDirOf(id);
    const launched = await launchOf(id);
    const before = { pid: stranger.pid as number, started: 'another-boot:1' };
    writeFileSync(join(dir, 'launch.json'), JSON.stringify({ ...launched, supervisor: before, command: before }));
    execFileSync('rm', [join(dir, 'exit.json')]);
    expect(await bed.engine.inspect(id)).toMatchObject({
      state: 'ended',
      reason: 'engine_restarted',
      detail: 'The machine was restarted.',
    });
    await bed.engine.stop(id, 0);
    await bed.engine.remove(id);
    expect(identityOf(stranger.pid as number)).toBeDefined();
    signalGroup(identityOf(stranger.pid as number) as NonNullable<ReturnType<typeof identityOf>>, 'SIGKILL');
  });

  test('an agent that was restarted between prepare and start asks for the order again', async () => {
    const order = bed.order(shell('echo "$X"'));
    const { containerId } = await bed.engine.prepare({ ...order, env: { X: 'there' } }, () => undefined, never());
    const again = await bed.reopen();
    await expect(again.start(containerId)).rejects.toMatchObject({ reason: 'start_timeout' });
    await again.prepare({ ...order, env: { X: 'there' } }, () => undefined, never());
    await again.start(containerId);
    expect(await outputOf(again, containerId)).toBe('there\n');
  });

  test('started twice at once, it runs once', async () => {
    const { containerId } = await bed.engine.prepare(
      bed.order(shell('echo once; sleep 0.5')),
      () => undefined,
      never(),
    );
    await Promise.all([bed.engine.start(containerId), bed.engine.start(containerId)]);
    expect((await logLines(bed.engine, containerId, { follow: true })).map((line) => line.text)).toEqual(['once\n']);
  });

  test('started by two agents, one of which was killed, it runs once', async () => {
    const order = bed.order(shell('echo once; sleep 0.5'));
    const first = bed.engine;
    const { containerId } = await first.prepare(order, () => undefined, never());
    const second = await bed.reopen();
    await second.prepare(order, () => undefined, never());
    await Promise.all([first.start(containerId), second.start(containerId)]);
    expect((await logLines(second, containerId, { follow: true })).map((line) => line.text)).toEqual(['once\n']);
  });

  test('too many processes are ended', async () => {
    const id = await bed.run({
      ...shell('i=0; while [ $i -lt 1400 ]; do sleep 100 & i=$((i+1)); done; wait'),
      cpus: 0.1,
    });
    expect(await bed.engine.wait(id, never())).toMatchObject({
      reason: 'command_failed',
      detail: expect.stringContaining('at most 1280'),
    });
  });

  test('ids that are paths lead nowhere', async () => {
    for (const id of ['process-../..', 'process-', '../x', 'process-a/b']) {
      await expect(
        bed.engine.inspect(id).then((state) => state ?? Promise.reject(new Error('none'))),
      ).rejects.toThrow();
      await expect(bed.engine.readFiles(id, '/etc/passwd').then((stream) => text(stream))).rejects.toThrow();
    }
  });
});
