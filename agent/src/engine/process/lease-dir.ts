import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Identity } from './identity.ts';

/**
 * What is kept of one lease on disk, so that an agent that was killed finds everything again:
 *
 *   order.json    without secrets
 *   launch.json   who runs: the supervisor and the command, as pid and start time
 *   exit.json     how it ended, written by the supervisor (by the agent, where that was killed)
 *   log/          log-files.ts
 *   work/         the workload's own directory, all that it has
 */
export type Launch = { supervisor: Identity; command: Identity; cookie: string; started_at: string };
export type Exit = { exit_code: number; finished_at: string; reason: EndReason | null; detail: string | null };

/** What the supervisor is told; through its standard input, because the environment holds secrets. */
export type LaunchRequest = {
  dir: string;
  cwd: string;
  argv: string[];
  env: Record<string, string>;
  cookie: string;
  memoryMib: number;
  pidsMax: number;
};

export type LeaseDir = ReturnType<typeof leaseDir>;

export function leaseDir(stateDir: string, leaseId: string) {
  const dir = join(processesDir(stateDir), leaseId);
  return {
    dir,
    work: join(dir, 'work'),
    log: join(dir, 'log'),
    order: async () => LeaseOrder.optional().parse(await readJson(join(dir, 'order.json'))),
    launch: () => readJson<Launch>(join(dir, 'launch.json')),
    exit: () => readJson<Exit>(join(dir, 'exit.json')),
    writeExit: (exit: Exit) => writeJson(join(dir, 'exit.json'), exit),
    async create(order: LeaseOrder) {
      await mkdir(join(dir, 'work'), { recursive: true, mode: 0o700 });
      await mkdir(join(dir, 'log'), { recursive: true, mode: 0o700 });
      await writeJson(join(dir, 'order.json'), order);
    },
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export async function leaseIds(stateDir: string): Promise<string[]> {
  return readdir(processesDir(stateDir)).catch(() => []);
}

/** Whole or not at all, whenever the writer is killed. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, JSON.stringify(value), { mode: 0o600 });
  await rename(fresh, path);
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function processesDir(stateDir: string): string {
  return join(stateDir, 'processes');
}
