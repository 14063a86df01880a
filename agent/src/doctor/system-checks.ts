import { access, readFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { readCgroupLimits, type Roots } from '../devices/cgroup.ts';
import { failed, ok, warning } from './check.ts';

/** The oldest kernel that still gets security fixes upstream as a long-term release. */
const KERNEL_MIN = [5, 10] as const;

export function kernel(release: string = os.release()): DoctorCheck {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const old = major < KERNEL_MIN[0] || (major === KERNEL_MIN[0] && minor < KERNEL_MIN[1]);
  if (!old) return ok('kernel', `Linux ${release}`);
  return warning(
    'kernel',
    `Linux ${release} is older than ${KERNEL_MIN.join('.')}, and every workload shares it`,
    'Update the system: containers are only as safe as their kernel',
  );
}

export async function controlGroups(roots: Roots): Promise<DoctorCheck> {
  const { version, cpus, memoryBytes } = await readCgroupLimits(roots);
  if (version === 'none') {
    return failed(
      'control groups',
      'none: CPU and memory of a workload cannot be limited',
      'Boot a kernel with cgroups, as every distribution has',
    );
  }
  const limits = [
    ...(cpus === null ? [] : [`${cpus} CPUs`]),
    ...(memoryBytes === null ? [] : [`${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`]),
  ];
  return ok(
    'control groups',
    `${version}${limits.length > 0 ? `; the agent itself is limited to ${limits.join(' and ')}` : ''}`,
  );
}

/** Notes for those who wonder why something is missing; nothing here stops a machine from serving. */
export async function virtualisation(procRoot: string): Promise<DoctorCheck[]> {
  const version = await readFile(join(procRoot, 'version'), 'utf8').catch(() => '');
  if (/microsoft/i.test(version)) {
    return [
      warning(
        'virtualisation',
        'WSL: Windows ends it when nobody uses it, and its clock may stand still while the computer sleeps',
        'Keep it up: set vmIdleTimeout=-1 in .wslconfig, and let Windows start WSL at login',
      ),
    ];
  }
  if (await isThere('/.dockerenv')) {
    return [
      warning(
        'virtualisation',
        'the agent runs inside a container: what it sees of the machine may be wrong',
        'Run the agent on the machine itself, by the join command',
      ),
    ];
  }
  const cpuinfo = await readFile(join(procRoot, 'cpuinfo'), 'utf8').catch(() => '');
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo);
  return [ok('virtualisation', isVirtual ? 'a virtual machine; a GPU in it must be passed through whole' : 'none')];
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
