import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** One agent per state directory. A lock of a process that is gone (kill -9, power loss) is taken over. */
export async function lockState(stateDir: string): Promise<{ release(): void }> {
  const content = `${process.pid} ${startTimeOf(process.pid) ?? 'unknown'}\n`;
  const path = join(stateDir, 'agent.lock');
  await take(path, content, stateDir);
  return { release: () => releaseIfOurs(path, content) };
}

async function take(path: string, content: string, stateDir: string): Promise<void> {
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(own, content, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 10; tries++) {
      // A hard link either makes the name or fails: no two processes get it.
      if (await link(own, path).then(() => true, alreadyThere)) return;
      const holder = await readFile(path, 'utf8').catch(() => undefined);
      if (holder === undefined) continue;
      if (isAlive(holder)) {
        throw new CoopError('wrong_state', `Another agent (process ${holder.split(' ')[0]}) runs on ${stateDir}.`, {
          hint: 'Stop it first, or give this one its own --state directory.',
        });
      }
      if (await replace(path, holder, own, content, stateDir)) return;
    }
  } finally {
    await rm(own, { force: true });
  }
  throw new CoopError('unavailable', `The lock of ${stateDir} could not be taken.`);
}

/**
 * Many may see the same stale lock. Only who holds the lock on following it, itself taken like any other, may put its own in its place,
 * and only if it is still there: who comes late finds another.
 */
async function replace(path: string, stale: string, own: string, content: string, stateDir: string): Promise<boolean> {
  const following = `${path}.after`;
  await take(following, content, stateDir);
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== stale) return false;
    await rename(own, path);
    return true;
  } finally {
    releaseIfOurs(following, content);
  }
}

/** The process that holds the lock; undefined when none does. */
export function lockHolder(stateDir: string): number | undefined {
  try {
    const holder = readFileSync(join(stateDir, 'agent.lock'), 'utf8');
    return isAlive(holder) ? Number(holder.split(' ')[0]) : undefined;
  } catch {
    return undefined;
  }
}

function releaseIfOurs(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) rmSync(path, { force: true });
  } catch {
    // gone already
  }
}

function isAlive(holder: string): boolean {
  const [pidText, startTime] = holder.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // The pid may have been given to another process since.
  const now = startTimeOf(pid);
  return now === undefined || startTime === 'unknown' || now === startTime;
}

/** Clock ticks after the boot, from /proc; undefined where there is none. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold spaces
    if (fields[0] === 'Z') return 'ended';
    return fields[19];
  } catch {
    return undefined;
  }
}

function alreadyThere(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}
