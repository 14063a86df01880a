import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';

/** Ends and removes all that a container engine of a test's own leaves: processes that name its directory, mounts in it, itself. */
export function removeRemains(dir: string): void {
  for (const pid of processesNaming(dir)) kill(pid);
  for (const point of mountsUnder(dir)) execFileSync('umount', ['-l', point]);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Whoever has the folder in its environment, as everybody has who was started by the run whose temporary folder it is, except this
 * process and those it started.
 */
export function processesOf(dir: string): number[] {
  return allPids().filter((pid) => environmentOf(pid).includes(dir) && !isOurs(pid));
}

function isOurs(pid: number): boolean {
  for (let one = pid; one > 1; one = parentOf(one)) if (one === process.pid) return true;
  return false;
}

/** Shims and monitors, and the containers' own processes below them. */
function processesNaming(dir: string): number[] {
  const pids = allPids();
  const shims = pids.filter((pid) => pid !== process.pid && commandLine(pid).includes(dir));
  return [...shims, ...pids.filter((pid) => shims.includes(parentOf(pid)))];
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

const commandLine = (pid: number): string => readOf(pid, 'cmdline');
const environmentOf = (pid: number): string => readOf(pid, 'environ');

/** Nothing of a process that has ended, or is another user's. */
function readOf(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
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
