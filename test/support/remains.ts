import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';

/** Ends and removes all that a container engine of a test's own leaves: processes that name its directory, mounts in it, itself. */
export function removeRemains(dir: string): void {
  for (const pid of processesNaming(dir)) kill(pid);
  for (const point of mountsUnder(dir)) execFileSync('umount', ['-l', point]);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Shims and monitors, and the containers' own processes below them. */
function processesNaming(dir: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const shims = pids.filter((pid) => pid !== process.pid && commandLine(pid).includes(dir));
  return [...shims, ...pids.filter((pid) => shims.includes(parentOf(pid)))];
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended already.
  }
}

function mountsUnder(dir: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${dir}/`))
    .reverse();
}
