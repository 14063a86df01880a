import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { expect, onTestFinished, test } from 'vitest';
import { openEngine, type Engine } from './engine/engine.ts';
import { uninstall, type UninstallOptions } from './uninstall.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A computer that has joined: the files of the join script, a key, and the process engine. */
async function joined() {
  const root = await mkdtemp(join(tmpdir(), 'coop-uninstall-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const installDir = join(root, 'coop-agent');
  const stateDir = join(installDir, 'state');
  await mkdir(join(installDir, 'bin'), { recursive: true });
  await mkdir(stateDir);
  for (const name of ['coop-agent', 'agent.mjs', 'server.pem', 'bin/node', 'state/agent.key', 'state/agent.json'])
    await writeFile(join(installDir, name), '');
  const engine = await openEngine({ agentId: 'uninstall-test', stateDir, kind: 'process', log: silent });
  onTestFinished(() => engine.close());
  const steps: string[] = [];
  const options: UninstallOptions = {
    stateDir,
    installDir,
    engine,
    removeIsolation: async () => void steps.push('isolation'),
    service: { stateDir, unitDir: join(root, 'units'), systemctl: '/nowhere/systemctl', isRoot: true },
    inside: false,
    endLeases: false,
    graceS: 0,
  };
  return { root, installDir, stateDir, engine, options, steps };
}

test('nothing is left behind, and a second time there is nothing to remove', async () => {
  const { root, options, steps } = await joined();
  expect(await uninstall(options)).toEqual({
    removed: expect.arrayContaining(['key and state', 'program files']),
    left: [],
  });
  expect(steps).toEqual(['isolation']);
  expect(await readdir(root)).toEqual([]);
  expect(await uninstall({ ...options, engine: null })).toEqual({ removed: [], left: [] });
});

test('a lease that runs is a reason to refuse, until told to end it', async () => {
  const { options, engine, installDir } = await joined();
  const containerId = await startLease(engine);
  await expect(uninstall(options)).rejects.toMatchObject({
    code: 'wrong_state',
    hint: expect.stringContaining('--force'),
  });
  expect(existsSync(join(installDir, 'agent.mjs'))).toBe(true);
  expect(await engine.inspect(containerId)).toMatchObject({ running: true });
  const { removed, left } = await uninstall({ ...options, endLeases: true });
  expect({ removed, left }).toEqual({
    removed: expect.arrayContaining(['containers', 'key and state', 'program files']),
    left: [],
  });
  expect(await engine.inspect(containerId)).toBeUndefined();
});

test('while the agent runs it is refused', async () => {
  const { options, stateDir, installDir } = await joined();
  const other = spawn('sleep', ['600']);
  await once(other, 'spawn');
  onTestFinished(() => void other.kill());
  await writeFile(join(stateDir, 'agent.lock'), `${other.pid} unknown\n`);
  await expect(uninstall(options)).rejects.toMatchObject({ message: expect.stringContaining(`process ${other.pid}`) });
  expect(existsSync(join(installDir, 'agent.mjs'))).toBe(true);
});

test("others' files stay: what is not ours in the directory, and a directory that no agent made", async () => {
  const { options, root, installDir } = await joined();
  await writeFile(join(installDir, 'notes.txt'), 'mine');
  await mkdir(join(root, 'photos'));
  await writeFile(join(root, 'photos/cat'), '');
  expect((await uninstall({ ...options, stateDir: join(root, 'photos') })).removed).not.toContain('key and state');
  expect(await readdir(join(root, 'photos'))).toEqual(['cat']);
  expect(await readdir(installDir)).toEqual(expect.arrayContaining(['notes.txt']));
  await uninstall(options);
  expect(await readdir(installDir)).toEqual(['notes.txt']);
});

test('what cannot be removed is told, and can be tried again; with force it is given up', async () => {
  const { options, installDir } = await joined();
  const rules = { ...options, engine: null, removeIsolation: () => Promise.reject(new Error('no iptables')) };
  const left = [
    { what: 'containers', reason: 'the container engine does not answer' },
    { what: 'network rules', reason: 'no iptables' },
  ];
  expect((await uninstall(rules)).left).toEqual(left);
  expect(existsSync(join(installDir, 'state/agent.key'))).toBe(true);
  expect((await uninstall({ ...rules, endLeases: true })).left).toEqual(left);
  expect(existsSync(installDir)).toBe(false);
});

async function startLease(engine: Engine): Promise<string> {
  const order: LeaseOrder = {
    lease_id: 'lse_0000000000000000000000000a',
    run_id: 'run_0000000000000000000000000a',
    image: null,
    registry_auth: null,
    entrypoint: null,
    command: ['sleep', '600'],
    env: {},
    working_dir: null,
    user: null,
    devices: [],
    cpus: 1,
    memory_mib: 64,
    disk_mib: 64,
    shm_mib: null,
    ports: [],
    isolation: 'none',
    interactive: false,
    readiness: { kind: 'started' },
    utilization_policy: null,
    stop_grace_s: 0,
    pull_timeout_s: 10,
    start_timeout_s: 10,
    ready_timeout_s: 10,
    billed_from_s: null,
  };
  const { containerId } = await engine.prepare(order, () => undefined, new AbortController().signal);
  await engine.start(containerId);
  return containerId;
}
