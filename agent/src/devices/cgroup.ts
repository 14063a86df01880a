import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Roots = { procRoot: string; sysRoot: string };

export type CgroupLimits = {
  version: 'v1' | 'v2' | 'none';
  /** CPUs by quota; null: no quota. */
  cpus: number | null;
  memoryBytes: number | null;
};

/** The limits that hold for this very process: a limit of any group above it counts, and the strictest wins. */
export async function readCgroupLimits(roots: Roots): Promise<CgroupLimits> {
  const groups = await cgroupsOf('self', roots);
  const version =
    groups.length === 0 ? 'none' : groups.some((group) => group.controllers.includes('memory')) ? 'v1' : 'v2';
  const cpus: number[] = [];
  const memory: number[] = [];
  for (const group of groups) {
    for (const directory of directoriesOf(group, roots)) {
      if (group.controllers.length === 0) {
        cpus.push(...quotaV2(await readText(join(directory, 'cpu.max'))));
        memory.push(...bytes(await readText(join(directory, 'memory.max'))));
      }
      if (group.controllers.includes('cpu')) {
        const [quota, period] = await Promise.all(
          ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => readText(join(directory, name))),
        );
        cpus.push(...quotaV2(`${quota ?? ''} ${period ?? ''}`));
      }
      if (group.controllers.includes('memory'))
        memory.push(...bytes(await readText(join(directory, 'memory.limit_in_bytes'))));
    }
  }
  return { version, cpus: smallest(cpus), memoryBytes: smallest(memory) };
}

/**
 * CPU seconds that a container has used since it was made: of the outermost of its process' groups that carries its id. null
 * when there is no accounting.
 */
export async function cgroupCpuSeconds(pid: number, containerId: string, roots: Roots): Promise<number | null> {
  for (const group of await cgroupsOf(String(pid), roots)) {
    const directory = directoriesOf(group, roots).findLast((path) => path.includes(containerId));
    if (directory === undefined) continue;
    if (group.controllers.includes('cpuacct')) {
      const nanoseconds = await readText(join(directory, 'cpuacct.usage'));
      if (nanoseconds !== null) return Number(nanoseconds) / 1e9;
    }
    if (group.controllers.length === 0) {
      const usage = /^usage_usec (\d+)$/m.exec((await readText(join(directory, 'cpu.stat'))) ?? '')?.[1];
      if (usage !== undefined) return Number(usage) / 1e6;
    }
  }
  return null;
}

type Cgroup = { controllers: string[]; path: string };

/** Lines `4:cpu,cpuacct:/docker/ID` (v1) or `0::/system.slice/…` (v2). */
async function cgroupsOf(process: string, { procRoot }: Roots): Promise<Cgroup[]> {
  const printed = (await readText(join(procRoot, process, 'cgroup'))) ?? '';
  return printed.split('\n').flatMap((line) => {
    const parts = /^\d+:([^:]*):(\/.*)$/.exec(line);
    return parts === null ? [] : [{ controllers: parts[1] === '' ? [] : parts[1]!.split(','), path: parts[2]! }];
  });
}

/** Innermost first, up to the mount's root: inside a container without a cgroup namespace only the root exists. */
function directoriesOf(group: Cgroup, { sysRoot }: Roots): string[] {
  const mount = join(sysRoot, 'fs/cgroup', group.controllers.join(','));
  const directories: string[] = [];
  for (let path = group.path; ; path = dirname(path)) {
    directories.push(join(mount, path));
    if (path === '/') return directories;
  }
}

function quotaV2(text: string | null): number[] {
  const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? [quota / period] : [];
}

/** `max`, and v1's 2^63 rounded down to a page, mean no limit. */
function bytes(text: string | null): number[] {
  const value = Number(text ?? Number.NaN);
  return value > 0 && value < 2 ** 60 ? [value] : [];
}

function smallest(values: number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return null;
  }
}
