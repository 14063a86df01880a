import { execFile } from 'node:child_process';
import { readFile, readdir, readlink, stat, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { within } from '../within.ts';
import { statusOf } from './client.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const REUSE_MS = 60_000;

type Measured = { usedMib: number; at: number; freeBytes: number | null };

/**
 * What containers wrote, in MiB. Measuring walks every file, so it is done anew only after a minute, or at once when the file
 * system lost so much room since that this container could be near its limit: filling a disk is seen by the next call.
 */
export class DiskMeasure {
  readonly #docker: Docker;
  readonly #rootDir: string;
  readonly #measured = new Map<string, Measured>();
  readonly #underway = new Map<string, Promise<number | null>>();

  constructor(docker: Docker, rootDir: string) {
    this.#docker = docker;
    this.#rootDir = rootDir;
  }

  async usedMib(containerId: string, limitMib: number): Promise<number | null> {
    const last = this.#measured.get(containerId);
    if (last !== undefined && (await this.#stillGood(last, limitMib))) return last.usedMib;
    const underway =
      this.#underway.get(containerId) ?? this.#measure(containerId).finally(() => this.#underway.delete(containerId));
    this.#underway.set(containerId, underway);
    return underway;
  }

  forget(containerId: string): void {
    this.#measured.delete(containerId);
  }

  async #stillGood(last: Measured, limitMib: number): Promise<boolean> {
    if (performance.now() - last.at > REUSE_MS) return false;
    const free = await freeBytes(this.#rootDir);
    if (free === null || last.freeBytes === null) return false;
    const room = Math.max(0, limitMib - last.usedMib) * MIB;
    return last.freeBytes - free < room / 4;
  }

  async #measure(containerId: string): Promise<number | null> {
    const free = await freeBytes(this.#rootDir);
    try {
      const container = await within(120_000, 'measure disk', (abortSignal) =>
        this.#docker.getContainer(containerId).inspect({ size: true, abortSignal } as object),
      );
      const written = (container as { SizeRw?: number }).SizeRw ?? 0;
      const volumes = await Promise.all(
        container.Mounts.filter((mount) => mount.Type === 'volume').map((mount) => sizeOfTree(mount.Source)),
      );
      const unlinked = container.State.Running ? await unlinkedBytes(containerId, container.State.Pid) : 0;
      const usedMib = Math.ceil([written, unlinked, ...volumes].reduce((sum, bytes) => sum + bytes, 0) / MIB);
      this.#measured.set(containerId, { usedMib, at: performance.now(), freeBytes: free });
      return usedMib;
    } catch (error) {
      if (statusOf(error) === 404) this.forget(containerId);
      return null;
    }
  }
}

async function freeBytes(dir: string): Promise<number | null> {
  try {
    const { bfree, bsize } = await statfs(dir);
    return bfree * bsize;
  } catch {
    return null;
  }
}

/** An image may declare volumes, which the engine does not count as written by the container. */
async function sizeOfTree(dir: string): Promise<number> {
  try {
    const { stdout } = await run('du', ['-sxk', dir], { timeout: 120_000 });
    return Number.parseInt(stdout, 10) * 1024;
  } catch {
    return 0;
  }
}

/** Files that are deleted and still open take room that no walk through directories finds. Seen as root only. */
async function unlinkedBytes(containerId: string, mainPid: number): Promise<number> {
  const counted = new Map<string, number>();
  for (const pid of await pidsOf(containerId, mainPid)) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const path = `/proc/${pid}/fd/${fd}`;
      const target = await readlink(path).catch(() => '');
      // Shared memory is memory, and counted there.
      if (!target.endsWith(' (deleted)') || target.startsWith('/dev/shm/') || target.startsWith('/memfd:')) continue;
      const file = await stat(path).catch(() => undefined);
      if (file?.isFile() === true) counted.set(`${file.dev}:${file.ino}`, file.blocks * 512);
    }
  }
  return [...counted.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** All processes in the container's cgroup: with a pids limit there are never very many. */
async function pidsOf(containerId: string, mainPid: number): Promise<number[]> {
  const cgroups = await readFile(`/proc/${mainPid}/cgroup`, 'utf8').catch(() => '');
  for (const line of cgroups.split('\n')) {
    const [, controller, path] = line.split(':');
    if (path === undefined || !path.includes(containerId)) continue;
    const dir = controller === '' ? `/sys/fs/cgroup${path}` : `/sys/fs/cgroup/${controller}${path}`;
    const pids = await readFile(`${dir}/cgroup.procs`, 'utf8').catch(() => undefined);
    if (pids !== undefined) return pids.split('\n').filter(Boolean).map(Number);
  }
  return mainPid > 0 ? [mainPid] : [];
}
