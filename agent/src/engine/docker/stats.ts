import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { within } from '../within.ts';
import { asEngineError } from './client.ts';

const MIB = 1024 * 1024;

/** Of a lease that was put into a network, the engine counts its traffic with the container that holds it. */
type Measured = { containerId: string; networkHolder: string | undefined; diskUsedMib: number | null };

export async function readStats(
  docker: Docker,
  { containerId, networkHolder, diskUsedMib }: Measured,
): Promise<LeaseStats> {
  const [stats, ofHolder] = await Promise.all([
    twoSamples(docker, containerId),
    networkHolder === undefined ? undefined : sample(docker, networkHolder).catch(() => undefined),
  ]);
  const counted = (ofHolder ?? stats).networks;
  const networks = counted === undefined ? null : Object.values(counted);
  return {
    cpu_percent: cpuPercent(stats),
    memory_used_mib: Math.round(memoryUsed(stats) / MIB),
    memory_limit_mib: Math.round(stats.memory_stats.limit / MIB),
    disk_used_mib: diskUsedMib,
    pids: stats.pids_stats?.current ?? 0,
    received_bytes: networks?.reduce((sum, network) => sum + network.rx_bytes, 0) ?? null,
    sent_bytes: networks?.reduce((sum, network) => sum + network.tx_bytes, 0) ?? null,
  };
}

/** docker takes a second for two samples; podman gives one at once, and nothing before it. */
async function twoSamples(docker: Docker, containerId: string): Promise<Docker.ContainerStats> {
  const first = await sample(docker, containerId);
  if (first.precpu_stats?.system_cpu_usage !== undefined) return first;
  await sleep(1000);
  return { ...(await sample(docker, containerId)), preread: first.read, precpu_stats: first.cpu_stats };
}

async function sample(docker: Docker, containerId: string): Promise<Docker.ContainerStats> {
  const stats = await within(10_000, 'stats', (abortSignal) =>
    docker.getContainer(containerId).stats({ stream: false, abortSignal } as { stream: false }),
  ).catch((error: unknown) => {
    throw asEngineError(error, 'stats');
  });
  if (stats.memory_stats?.usage === undefined) throw new CoopError('wrong_state', 'The container is not running.');
  return stats;
}

/**
 * 100 is one CPU. Measured against the clock: what the engines call the system's usage is, with podman and the older cgroups, only what
 * was busy, and a lone workload would seem to have the whole machine.
 */
function cpuPercent({ cpu_stats: now, precpu_stats: before, read, preread }: Docker.ContainerStats): number {
  const usedNs = now.cpu_usage.total_usage - (before.cpu_usage?.total_usage ?? 0);
  const passedMs = Date.parse(read) - Date.parse(preread);
  return passedMs > 0 && usedNs > 0 ? Math.round((usedNs / (passedMs * 1e6)) * 1000) / 10 : 0;
}

/** Without the cache of files, which the kernel gives back when asked: cgroup v1 and v2 call it differently. */
function memoryUsed({ memory_stats: memory }: Docker.ContainerStats): number {
  // podman gives no details.
  const { total_inactive_file: v1, inactive_file: v2 } = (memory.stats ?? {}) as {
    total_inactive_file?: number;
    inactive_file?: number;
  };
  return Math.max(0, memory.usage - (v1 ?? v2 ?? 0));
}
