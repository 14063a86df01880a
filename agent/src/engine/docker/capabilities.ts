import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { within } from '../within.ts';
import type { Connection } from './client.ts';

/** What this engine can do, by what it says of itself: asking by trial would leave failed containers and odd errors behind. */
export type Capabilities = {
  gpu: EngineInfo['gpu'];
  runtimes: string[];
  defaultRuntime: string;
  storageDriver: string;
  diskLimit: EngineInfo['disk_limit'];
  liveRestore: boolean;
  logDriver: 'local' | 'json-file' | 'k8s-file';
  rootDir: string;
  rootless: boolean;
  /** What a container may take without end here, for a person: an engine without root and with the older cgroups limits nothing. */
  cannotLimit: string[];
  hasInit: boolean;
  /** Added capabilities are given to whatever user a container runs as, not to root alone. */
  addsToAnyUser: boolean;
};

/** The parts of `GET /info` that are read here; old engines lack many. */
export type EngineFacts = {
  Runtimes?: Record<string, unknown>;
  DefaultRuntime?: string;
  Driver?: string;
  DriverStatus?: [string, string][] | null;
  LiveRestoreEnabled?: boolean;
  Plugins?: { Log?: string[] | null };
  DockerRootDir?: string;
  SecurityOptions?: string[] | null;
  InitBinary?: string;
  MemoryLimit?: boolean;
  PidsLimit?: boolean;
  CpuCfsQuota?: boolean;
  CDISpecDirs?: string[] | null;
  DiscoveredDevices?: { Source?: string; ID?: string }[] | null;
};

export async function detectCapabilities(connection: Connection, simulateGpus: boolean): Promise<Capabilities> {
  const facts = (await within(10_000, 'info', () => connection.docker.info())) as EngineFacts;
  return readCapabilities(facts, connection, simulateGpus, thisHost());
}

/** What the engine does not say, and the host does. */
export type Host = { mounts: string; specDirHasNvidia(dir: string): boolean; hasPodmanInit: boolean };

export function readCapabilities(
  facts: EngineFacts,
  { name, version }: Pick<Connection, 'name' | 'version'>,
  simulateGpus: boolean,
  host: Host,
): Capabilities {
  // podman's docker-compatible interface names every runtime there is in the world, and uses its default whatever it is asked for.
  const runtimes = name === 'podman' ? [facts.DefaultRuntime ?? ''] : Object.keys(facts.Runtimes ?? {});
  const storageDriver = facts.Driver ?? 'unknown';
  const rootDir = facts.DockerRootDir ?? '/var/lib/docker';
  return {
    gpu: simulateGpus ? 'simulated' : gpuWay(facts, name, version, runtimes, host),
    runtimes,
    defaultRuntime: facts.DefaultRuntime ?? '',
    storageDriver,
    diskLimit: limitsDisk(storageDriver, facts, rootDir, host.mounts) ? 'enforced' : 'watched',
    liveRestore: name === 'podman' || facts.LiveRestoreEnabled === true,
    logDriver: name === 'podman' ? 'k8s-file' : (facts.Plugins?.Log ?? []).includes('local') ? 'local' : 'json-file',
    rootDir,
    rootless: (facts.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    cannotLimit: [
      ...(facts.MemoryLimit === false ? ['memory'] : []),
      ...(facts.CpuCfsQuota === false ? ['CPUs'] : []),
      ...(facts.PidsLimit === false ? ['processes'] : []),
    ],
    hasInit: name === 'podman' ? host.hasPodmanInit : (facts.InitBinary ?? '') !== '',
    addsToAnyUser: name === 'podman',
  };
}

function gpuWay(
  facts: EngineFacts,
  name: Connection['name'],
  version: string,
  runtimes: string[],
  { specDirHasNvidia }: Host,
): EngineInfo['gpu'] {
  if (name === 'podman') {
    // Its docker-compatible interface hands CDI devices over from version 5 on.
    const usable = Number.parseInt(version, 10) >= 5;
    return usable && ['/etc/cdi', '/var/run/cdi'].some(specDirHasNvidia) ? 'cdi' : 'none';
  }
  const discovered = (facts.DiscoveredDevices ?? []).some(
    (device) => device.ID?.startsWith('nvidia.com/gpu=') === true,
  );
  if (discovered || (facts.CDISpecDirs ?? []).some(specDirHasNvidia)) return 'cdi';
  return runtimes.includes('nvidia') ? 'nvidia-runtime' : 'none';
}

/** Drivers that can limit one container; overlay2 only on xfs mounted with project quotas. */
function limitsDisk(driver: string, facts: EngineFacts, rootDir: string, mounts: string): boolean {
  if (['btrfs', 'zfs', 'devicemapper'].includes(driver)) return true;
  if (driver !== 'overlay2' && driver !== 'overlay') return false;
  const backing = (facts.DriverStatus ?? []).find(([key]) => key === 'Backing Filesystem')?.[1];
  return backing === 'xfs' && /\b(pquota|prjquota)\b/.test(mountOptionsOf(rootDir, mounts));
}

/** Of the deepest mount that holds the path, from the text of /proc/mounts. */
function mountOptionsOf(path: string, mounts: string): string {
  let best: { point: string; options: string } = { point: '', options: '' };
  for (const line of mounts.split('\n')) {
    const [, point, , options] = line.split(' ');
    if (point === undefined || options === undefined) continue;
    const holds = point === '/' || path === point || path.startsWith(`${point}/`);
    if (holds && point.length >= best.point.length) best = { point, options };
  }
  return best.options;
}

/** Where distributions put the init process that podman itself does not bring. */
const PODMAN_INITS = ['/usr/libexec/podman/catatonit', '/usr/lib/podman/catatonit', '/usr/bin/catatonit'];

function thisHost(): Host {
  return {
    mounts: readMounts(),
    specDirHasNvidia: mentionsNvidia,
    hasPodmanInit: PODMAN_INITS.some((path) => existsSync(path)),
  };
}

function readMounts(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch {
    return '';
  }
}

/** A specification that names GPUs by UUID: those without were generated by an old toolkit, by index only. */
function mentionsNvidia(dir: string): boolean {
  try {
    return readdirSync(dir).some((file) => {
      const text = readFileSync(`${dir}/${file}`, 'utf8');
      return text.includes('nvidia.com/gpu') && text.includes('GPU-');
    });
  } catch {
    return false;
  }
}
