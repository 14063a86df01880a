import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A pid alone is no name: the kernel gives it to others later. With the start time, and the boot it counts from, it is one. */
export type Identity = { pid: number; started: string };

export function identityOf(pid: number): Identity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(identity: Identity): boolean {
  return startOf(identity.pid) === identity.started;
}

/** Signals the whole group that the process leads; nobody, if it is not that process any more. */
export function signalGroup(identity: Identity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, signal);
  } catch {
    // Ended in this instant.
  }
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** A process that has ended and was not waited for is not alive. */
function startOf(pid: number): string | undefined {
  const stat = readStat(pid);
  if (stat !== undefined)
    return stat.state === 'Z' || stat.state === 'X' ? undefined : `${bootId()}:${stat.startTicks}`;
  if (process.platform === 'linux') return undefined;
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

export type ProcessStat = {
  pid: number;
  state: string;
  parent: number;
  session: number;
  cpuTicks: number;
  startTicks: string;
  residentPages: number;
};

/** Of /proc/PID/stat, whose second field is the command's name and may hold anything. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      state: fields[0] ?? '',
      parent: Number(fields[1]),
      session: Number(fields[3]),
      cpuTicks: Number(fields[11]) + Number(fields[12]),
      startTicks: fields[19] ?? '',
      residentPages: Number(fields[21]),
    };
  } catch {
    return undefined;
  }
}

/** The processes of a lease: the command's session and all descendants. */
export function membersOf(leader: number): ProcessStat[] {
  const all = allPids()
    .map(readStat)
    .filter((stat) => stat !== undefined);
  const members = new Set(all.filter((stat) => stat.pid === leader || stat.session === leader).map((stat) => stat.pid));
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const stat of all) if (members.has(stat.parent)) members.add(stat.pid);
  }
  return all.filter((stat) => members.has(stat.pid));
}

/** Those who left the session and lost their parents still carry the lease's cookie in their environment. */
export function cookieBearers(cookie: string): number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`COOP_COOKIE=${cookie}`);
    } catch {
      return false;
    }
  });
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
