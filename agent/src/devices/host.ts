import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { readCgroupLimits, type Roots } from './cgroup.ts';

const MIB = 1024 * 1024;

export type Host = Pick<
  MachineFacts,
  | 'hostname'
  | 'os'
  | 'architecture'
  | 'cpu_model'
  | 'cpus'
  | 'memory_mib'
  | 'disk_total_mib'
  | 'disk_free_mib'
  | 'time_zone'
>;

/** Everything about the machine but its devices and its engine. CPUs and memory are what this process may use. */
export async function readHost(options: Roots & { stateDir: string; engineRoot?: string | undefined }): Promise<Host> {
  const [limits, memoryBytes, disk, system, model] = await Promise.all([
    readCgroupLimits(options),
    totalMemoryBytes(options.procRoot),
    readDisk([
      options.stateDir,
      ...(options.engineRoot === undefined ? await usualEngineRoots() : [options.engineRoot]),
    ]),
    systemName(),
    cpuModel(options.procRoot),
  ]);
  return {
    hostname: os.hostname(),
    os: system,
    architecture: architecture(),
    cpu_model: model,
    cpus: usableCpus(os.availableParallelism(), limits.cpus),
    memory_mib: Math.floor(Math.min(memoryBytes, limits.memoryBytes ?? Infinity) / MIB),
    ...disk,
    time_zone: timeZone(),
  };
}

/** Half a CPU cannot be rented out: a quota counts in whole CPUs, but never as none. */
export function usableCpus(byAffinity: number, byQuota: number | null): number {
  return Math.max(1, Math.min(byAffinity, byQuota === null ? Infinity : Math.floor(byQuota)));
}

/** Of the file systems that leases write to, the one with the least room: both must hold what is promised. */
export async function readDisk(directories: string[]): Promise<{ disk_total_mib: number; disk_free_mib: number }> {
  const disks = await Promise.all(directories.map(diskOf));
  return disks.reduce((least, disk) => (disk.disk_free_mib < least.disk_free_mib ? disk : least));
}

/** Where docker and podman keep images and containers unless told otherwise. */
async function usualEngineRoots(): Promise<string[]> {
  const found = await Promise.all(
    ['/var/lib/docker', '/var/lib/containers'].map((path) =>
      statfs(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return found.flat();
}

async function diskOf(directory: string): Promise<{ disk_total_mib: number; disk_free_mib: number }> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      const { blocks, bavail, bsize } = await statfs(path);
      return { disk_total_mib: Math.floor((blocks * bsize) / MIB), disk_free_mib: Math.floor((bavail * bsize) / MIB) };
    } catch (error) {
      // A directory that is not there yet will be made on its parent's file system.
      if (path === dirname(path)) throw error;
    }
  }
}

/** IANA name. The agent's own zone decides when quiet hours are. */
export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
}

function architecture(): 'amd64' | 'arm64' {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new CoopError('unavailable', `A ${process.arch} machine cannot be a provider.`, {
    hint: 'Coop runs on 64-bit x86 and ARM Linux',
  });
}

async function totalMemoryBytes(procRoot: string): Promise<number> {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec((await readText(join(procRoot, 'meminfo'))) ?? '')?.[1];
  return kib === undefined ? os.totalmem() : Number(kib) * 1024;
}

async function systemName(): Promise<string> {
  const release = await readText('/etc/os-release');
  const name = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(release ?? '')?.[1] ?? os.type();
  return `${name}, ${os.type()} ${os.release()}`;
}

/** On ARM /proc/cpuinfo often names no model; the board does. */
async function cpuModel(procRoot: string): Promise<string> {
  const cpuinfo = (await readText(join(procRoot, 'cpuinfo'))) ?? '';
  const named = /^(?:model name|Model|Hardware)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim();
  if (named !== undefined && named !== '') return named;
  const board = (await readText(join(procRoot, 'device-tree/model')))?.replaceAll('\0', '').trim();
  if (board !== undefined && board !== '') return board;
  const known = os.cpus()[0]?.model.trim();
  return known !== undefined && known !== '' && known !== 'unknown' ? known : `${process.arch} CPU`;
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
