import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addNetns, removeNetns } from './netns.ts';
import { removeRemains } from './remains.ts';

/**
 * A docker engine of a test's own, which may be killed and restarted: its own data, containerd and network namespace (two engines in
 * one namespace take each other's bridge away). The namespace is entered with nsenter, because `ip netns exec` hides the cgroups.
 * containerd stands beside it, as on every usual host, so that killing the one leaves the other.
 */
export type Dockerd = {
  socketPath: string;
  /** Of its network namespace, for nsenter. */
  namespacePath: string;
  /** kill -9 of dockerd alone: its containers and their shims are left as they are. */
  kill9(): Promise<void>;
  /** An orderly stop and a start; after kill9 just a start. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** `settings`: more of daemon.json. `onBtrfs`: its data lie in a file system of 1 GiB that can limit what one container writes. */
export type DockerdOptions = { liveRestore?: boolean; settings?: Record<string, unknown>; onBtrfs?: boolean };

export async function startDockerd({
  liveRestore = false,
  settings = {},
  onBtrfs = false,
}: DockerdOptions = {}): Promise<Dockerd> {
  const id = randomBytes(3).toString('hex');
  const namespace = `coop-dockerd-${id}`;
  const dir = mkdtempSync(join(tmpdir(), 'coop-dockerd-'));
  const socketPath = join(dir, 'docker.sock');
  const pidFile = join(dir, 'docker.pid');
  const configFile = join(dir, 'daemon.json');
  const containerdSocket = join(dir, 'containerd.sock');
  mkdirSync(join(dir, 'exec'));
  mkdirSync(join(dir, 'data'));
  if (onBtrfs) mountBtrfs(join(dir, 'btrfs.img'), join(dir, 'data'));
  writeFileSync(join(dir, 'containerd.toml'), containerdConfig(dir, containerdSocket));
  writeFileSync(configFile, JSON.stringify({ 'live-restore': liveRestore, ...settings }));
  addNetns(namespace);
  run('ip', ['netns', 'exec', namespace, 'ip', 'link', 'set', 'lo', 'up']);
  const output = openSync(join(dir, 'engine.log'), 'a');
  const containerd = spawn('containerd', ['--config', join(dir, 'containerd.toml')], {
    stdio: ['ignore', output, output],
    env: environment(),
  });
  let engine: ChildProcess | undefined;

  const start = async () => {
    // A killed engine leaves its pid file, and a new one believes it.
    rmSync(pidFile, { force: true });
    const args = [
      '--config-file',
      configFile,
      '--containerd',
      containerdSocket,
      '--host',
      `unix://${socketPath}`,
      '--data-root',
      join(dir, 'data'),
      '--exec-root',
      join(dir, 'exec'),
      '--pidfile',
      pidFile,
    ];
    engine = spawn('nsenter', [`--net=/var/run/netns/${namespace}`, 'dockerd', ...args], {
      stdio: ['ignore', output, output],
      env: environment(),
    });
    await until(
      'the engine answers',
      () => ping(socketPath),
      () => readFileSync(join(dir, 'engine.log'), 'utf8').slice(-2000),
    );
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    await endProcess(engine, signal);
    engine = undefined;
  };

  const dockerd: Dockerd = {
    socketPath,
    namespacePath: `/var/run/netns/${namespace}`,
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      await end('SIGTERM');
      await endProcess(containerd, 'SIGTERM');
      // What a killed engine left: shims, which name this directory, and their containers.
      removeRemains(dir);
      removeNetns(namespace);
    },
  };
  try {
    await start();
  } catch (error) {
    await dockerd.stop();
    throw error;
  }
  return dockerd;
}

function mountBtrfs(file: string, point: string): void {
  writeFileSync(file, '');
  truncateSync(file, 1024 ** 3);
  run('mkfs.btrfs', ['-q', file]);
  run('mount', ['-o', 'loop', file, point]);
}

function containerdConfig(dir: string, socket: string): string {
  return `version = 2
root = "${join(dir, 'containerd-root')}"
state = "${join(dir, 'containerd-state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`;
}

async function endProcess(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function until(what: string, condition: () => Promise<boolean>, explain: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${what}\n${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function run(command: string, args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() });
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}
