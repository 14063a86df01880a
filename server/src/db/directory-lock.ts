import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';

type Owner = { pid: number; started: string };

const LOCK_FILE = /^lock\.(\d+)$/;

/**
 * Makes this process the only one that uses `dir`, until the returned function is called or the process is gone, however it went.
 *
 * The highest `lock.N` says who owns the directory. Taking over from a dead owner creates `lock.N+1`, which at most one can do, and
 * the highest file is never removed while in use: so there is no instant at which two could each take a stale lock for free.
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (;;) {
    const newest = (await generations(dir)).at(-1) ?? 0;
    const owner = newest === 0 ? undefined : await readOwner(dir, newest);
    if (owner !== undefined && isAlive(owner)) {
      throw new CoopError('unavailable', `Process ${owner.pid} already uses the database in ${dir}.`, {
        hint: `Stop process ${owner.pid}, or use another directory.`,
        details: { pid: owner.pid },
      });
    }
    const mine = newest + 1;
    if (!(await createLock(dir, mine))) continue;
    const others = (await generations(dir)).filter((generation) => generation !== mine);
    if (others.some((generation) => generation > mine)) {
      await rm(lockPath(dir, mine), { force: true });
      continue;
    }
    await Promise.all(others.map((generation) => rm(lockPath(dir, generation), { force: true })));
    return () => release(dir, mine);
  }
}

/** The file stays, owned by nobody: were it removed, numbers would start over under somebody who has just read a higher one. */
async function release(dir: string, generation: number): Promise<void> {
  await writeFile(lockPath(dir, generation), '');
}

async function generations(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  return names
    .flatMap((name) => LOCK_FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

function lockPath(dir: string, generation: number): string {
  return join(dir, `lock.${generation}`);
}

/** A link appears at once with its content, so nobody reads a half-written lock. */
async function createLock(dir: string, generation: number): Promise<boolean> {
  const draft = join(dir, `draft.${randomUUID()}`);
  await writeFile(draft, JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Owner));
  try {
    await link(draft, lockPath(dir, generation));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readOwner(dir: string, generation: number): Promise<Owner | undefined> {
  const text = await readFile(lockPath(dir, generation), 'utf8').catch(() => '');
  return text === '' ? undefined : (JSON.parse(text) as Owner);
}

/** A pid is used again after a while, so its start time is part of the name. */
function isAlive(owner: Owner): boolean {
  return owner.started !== '' && startOf(owner.pid) === owner.started;
}

/** When a process started, in words that only have to compare; empty when there is no such process. */
function startOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      // Fields after the name, which may hold spaces and brackets; state is the 3rd of all, start time the 22nd, since boot.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (fields[0] === 'Z') return '';
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
    } catch {
      return '';
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
