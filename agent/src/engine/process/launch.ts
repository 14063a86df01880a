import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { pidsLimit } from '../docker/container-config.ts';
import { EngineError } from '../engine-error.ts';
import { insideOf } from './files.ts';
import type { LaunchRequest, LeaseDir } from './lease-dir.ts';

const START_MS = 15_000;
const KEEP_STANDING = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done';

/** Starts the supervisor, detached, and resolves when it has started the command. */
export async function launch(lease: LeaseDir, order: LeaseOrder): Promise<void> {
  const argv = commandOf(order);
  if (argv.length === 0)
    throw new EngineError('command_not_found', 'There is no image here whose command could be run: name one.');
  const cwd = order.working_dir === null ? lease.work : insideOf(lease.work, order.working_dir);
  await mkdir(cwd, { recursive: true, mode: 0o700 });
  const cookie = randomBytes(16).toString('hex');
  const request: LaunchRequest = {
    dir: lease.dir,
    cwd,
    argv,
    env: environmentOf(order, lease.work, cookie),
    cookie,
    memoryMib: order.memory_mib,
    pidsMax: pidsLimit(order.cpus),
  };
  const supervisor = spawn(process.execPath, supervisorProgram(), {
    cwd: lease.dir,
    env: { HOME: homedir() },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  supervisor.unref();
  supervisor.stdin.on('error', () => undefined);
  supervisor.stdin.end(JSON.stringify(request));
  await started(lease);
}

/** A file beside this one; where the whole agent is one file, that file again, which knows the word. */
function supervisorProgram(): string[] {
  const file = fileURLToPath(new URL('supervisor.ts', import.meta.url));
  return existsSync(file) ? [file] : [process.argv[1] ?? '', 'supervise'];
}

async function started(lease: LeaseDir): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    const exit = await lease.exit();
    if (exit?.reason === 'command_not_found')
      throw new EngineError('command_not_found', exit.detail ?? 'The command was not found.');
    if (exit !== undefined || (await lease.launch()) !== undefined) return;
    if (performance.now() > deadline)
      throw new EngineError('start_timeout', `The command was not started within ${START_MS / 1000} s.`);
    await sleep(20);
  }
}

function commandOf(order: LeaseOrder): string[] {
  if (order.interactive && order.command === null) return ['/bin/sh', '-c', KEEP_STANDING];
  return [...(order.entrypoint ?? []), ...(order.command ?? [])];
}

/** Nothing of the agent's own environment, which may hold its keys. */
function environmentOf(order: LeaseOrder, work: string, cookie: string): Record<string, string> {
  const devices = order.devices.join(',');
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: work,
    LANG: 'C.UTF-8',
    ...order.env,
    COOP_COOKIE: cookie,
    CUDA_VISIBLE_DEVICES: devices,
    NVIDIA_VISIBLE_DEVICES: devices === '' ? 'void' : devices,
  };
}
