import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** One agent per state directory. A lock of a process that is gone (kill -9, power loss) is taken over. */
export async function lockState(stateDir: string): Promise<{ release(): void }> {
  const path = join(stateDir, 'agent.lock');
  const own = join(stateDir, `agent.lock.${process.pid}.${randomBytes(4).toString('hex')}`);
  const content = `${process.pid} ${startTimeOf(process.pid) ?? 'unknown'}\n`;
  await writeFile(own, content, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 10; tries++) {
      // A hard link either makes the name or fails: no two processes get it.
      const taken = await link(own, path).then(() => true, alreadyThere);
      if (taken) return { release: () => releaseIfOurs(path, content) };
      const holder = await readFile(path, 'utf8').catch(() => undefined);
      if (holder === undefined) continue;
      if (isAlive(holder)) {
        throw new CoopError('wrong_state', `Another agent (process ${holder.split(' ')[0]}) runs on ${stateDir}.`, {
          hint: 'Stop it first, or give this one its own --state directory.',
        });
      }
      await moveAway(path, holder);
    }
  } finally {
    await rm(own, { force: true });
  }
  throw new CoopError('unavailable', `The lock of ${stateDir} could not be taken.`);
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

/** Two processes may both see a stale lock; the slower one must not move away the quicker one's new lock. */
async function moveAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, 'utf8').catch(() => stale);
  if (moved !== stale) await link(aside, path).catch(alreadyThere);
  await rm(aside, { force: true });
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
