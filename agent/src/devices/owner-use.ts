import type { DeviceInfo } from '@gpucoop/protocol/resources.ts';
import { driverTool } from './driver-tool.ts';
import { readReport } from './nvidia.ts';
import {
  nextCpuBusy,
  nextGpuUse,
  ownerCpuShare,
  withinWindow,
  type CpuSample,
  type DeviceUse,
  type GpuMemory,
} from './owner-rules.ts';
import { isOwnProcess, ownCpuSeconds, readMachineCpu, type OwnContainer } from './own-processes.ts';
import { processesOf } from './nvidia-use.ts';

export type { OwnContainer } from './own-processes.ts';

export type OwnerUse = {
  cpu_owner_busy: boolean;
  /** By UUID; a device that cannot be looked at (AMD, Intel, a driver that does not answer yet) is absent. */
  devices: ReadonlyMap<string, DeviceUse>;
};

export type OwnerUseOptions = {
  facts: { devices: readonly Pick<DeviceInfo, 'uuid' | 'vendor' | 'pci_address' | 'mig'>[] };
  /** What runs on this machine for us; everything else is the owner's. */
  ownContainers(): Promise<readonly OwnContainer[]>;
  /** Called with the first sample and then whenever `owner_busy` or `owner_process` of anything changes. */
  onChange(state: OwnerUse): void;
  /** A sample could not be taken; the state stays as it was. */
  onError?(error: Error): void;
  intervalMs?: number;
  cpuWindowMs?: number;
  gpuCalmMs?: number;
  nvidiaSmi?: string;
  procRoot?: string;
  sysRoot?: string;
};

export type OwnerUseWatch = {
  current(): OwnerUse;
  /** Resolves when no sample is under way any more. */
  stop(): Promise<void>;
};

const INTERVAL_MS = 5_000;

/** Watches whether the owner uses the machine. Never throws: a sample that fails keeps the state. */
export function watchOwnerUse(options: OwnerUseOptions): OwnerUseWatch {
  const sample = sampler(options);
  let state: OwnerUse = { cpu_owner_busy: false, devices: new Map() };
  let first = true;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  const tick = async () => {
    try {
      const next = await sample();
      if (stopped) return;
      const changed = first || !sameUse(state, next);
      state = next;
      first = false;
      if (changed) options.onChange(state);
    } catch (error) {
      options.onError?.(error as Error);
    } finally {
      if (!stopped) timer = setTimeout(start, options.intervalMs ?? INTERVAL_MS).unref();
    }
  };
  const start = () => {
    running = tick();
  };
  start();

  return {
    current: () => state,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

function sampler(options: OwnerUseOptions): () => Promise<OwnerUse> {
  const roots = { procRoot: options.procRoot ?? '/proc', sysRoot: options.sysRoot ?? '/sys' };
  const nvidiaSmi = driverTool(options.nvidiaSmi ?? 'nvidia-smi');
  const gpus = options.facts.devices.filter((device) => device.vendor === 'nvidia');
  const memory = new Map<string, GpuMemory>();
  let devices = new Map<string, DeviceUse>();
  let cpuSamples: CpuSample[] = [];
  let cpuBusy = false;

  return async () => {
    // A driver that does not answer tells nothing: what was known of its devices stays.
    const report = gpus.length === 0 ? undefined : await readReport(nvidiaSmi);
    // Asked for after the driver's list, so that a lease that started in between is already known.
    const own = await options.ownContainers();
    const nowMs = performance.now();
    if (report?.kind === 'ok') {
      devices = new Map();
      for (const device of gpus) {
        const seen = processesOf(device, report.report);
        if (seen === undefined) continue;
        const processes = await Promise.all(
          seen.processes.map(async (process) => ({ ...process, own: await isOwnProcess(process.pid, own, roots) })),
        );
        const { owner_busy, ...next } = nextGpuUse(memory.get(device.uuid), processes, nowMs, options.gpuCalmMs);
        memory.set(device.uuid, next);
        devices.set(device.uuid, {
          owner_busy,
          owner_process: next.owner_process,
          utilization_percent: seen.utilizationPercent,
          memory_used_mib: seen.memoryUsedMib,
        });
      }
    }
    const machine = await readMachineCpu(roots);
    const taken = { atMs: nowMs, busySeconds: machine.busySeconds, ownSeconds: await ownCpuSeconds(own, roots) };
    cpuSamples = withinWindow([...cpuSamples, taken], nowMs, options.cpuWindowMs);
    cpuBusy = nextCpuBusy(cpuBusy, ownerCpuShare(cpuSamples, machine.cpus, options.cpuWindowMs));
    return { cpu_owner_busy: cpuBusy, devices };
  };
}

function sameUse(a: OwnerUse, b: OwnerUse): boolean {
  if (a.cpu_owner_busy !== b.cpu_owner_busy || a.devices.size !== b.devices.size) return false;
  return [...a.devices].every(([uuid, use]) => {
    const other = b.devices.get(uuid);
    return other?.owner_busy === use.owner_busy && other.owner_process === use.owner_process;
  });
}
