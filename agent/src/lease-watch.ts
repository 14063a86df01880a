import type { Logger } from 'pino';
import { isIdle, type DeviceLoad } from './lease-rules.ts';
import type { Engine } from './engine/engine.ts';
import type { Lease } from './lease.ts';

type WatchOptions = {
  leases(): readonly Lease[];
  engine: Pick<Engine, 'diskUsedMib'>;
  diskLimit(): 'enforced' | 'watched';
  loads(): ReadonlyMap<string, DeviceLoad>;
  log: Logger;
  intervalMs?: number;
};

/** An engine that limits disks counts a little otherwise than we do, and volumes of the image it does not count at all. */
const ENFORCED_ROOM = 1.1;

/** Ends leases that use more disk than they rented and those idle longer than their spec allows. */
export function watchLeases(options: WatchOptions): { stop(): void } {
  const { leases, engine, log, intervalMs = 10_000 } = options;
  const busyAt = new Map<string, number>();
  let stopped = false;
  let timer = setTimeout(tick, intervalMs);

  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };

  function tick(): void {
    const running = leases().filter(
      (lease) => !lease.ended && lease.record.container_id !== null && lease.record.start_called !== null,
    );
    for (const id of busyAt.keys()) if (!running.some((lease) => lease.id === id)) busyAt.delete(id);
    Promise.all(running.map((lease) => look(lease)))
      .catch((error: unknown) => log.warn({ err: error }, 'leases could not be looked at'))
      .finally(() => {
        if (!stopped) timer = setTimeout(tick, intervalMs);
      });
  }

  async function look(lease: Lease): Promise<void> {
    lease.diskUsedMib = await engine.diskUsedMib(lease.record.container_id!).catch(() => lease.diskUsedMib);
    const { disk_mib, stop_grace_s } = lease.record.order;
    const limitMib = options.diskLimit() === 'watched' ? disk_mib : disk_mib * ENFORCED_ROOM;
    if ((lease.diskUsedMib ?? 0) > limitMib) {
      log.warn(
        { lease_id: lease.id, disk_used_mib: lease.diskUsedMib, disk_mib },
        'a lease uses more disk than it rented',
      );
      await lease.stop('disk_full', Math.min(stop_grace_s, 10));
    }
    if (lease.ready && idleTooLong(lease)) await lease.stop('idle', stop_grace_s);
  }

  /** A restart of the agent begins a new window. */
  function idleTooLong(lease: Lease): boolean {
    const { devices, utilization_policy: policy } = lease.record.order;
    if (policy === null) return false;
    const now = performance.now();
    if (!busyAt.has(lease.id) || !isIdle(devices, options.loads(), policy.min_gpu_utilization))
      busyAt.set(lease.id, now);
    return now - busyAt.get(lease.id)! >= policy.time_window_s * 1000;
  }
}
