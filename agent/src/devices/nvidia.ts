import { classOf } from '@gpucoop/protocol/gpu-classes.ts';
import type { DeviceInfo, DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { crossChecks } from './cross-checks.ts';
import type { DriverTool } from './driver-tool.ts';
import { busGpus, moduleGpus } from './kernel-lists.ts';
import { parseNvidiaSmi, type NvidiaGpu, type NvidiaReport } from './nvidia-xml.ts';

export type FoundDevices = { devices: DeviceInfo[]; checks: DoctorCheck[] };

type Options = { nvidiaSmi: DriverTool; procRoot: string; sysRoot: string; hostMemoryMib: number };

/** The NVIDIA GPUs of this machine, or their MIG instances where MIG is on, with what a doctor says of the driver. */
export async function findNvidia({ nvidiaSmi, procRoot, sysRoot, hostMemoryMib }: Options): Promise<FoundDevices> {
  const [answer, module, bus] = await Promise.all([readReport(nvidiaSmi), moduleGpus(procRoot), busGpus(sysRoot)]);
  if (answer.kind === 'absent')
    return { devices: [], checks: module.length > 0 ? [toolMissing(module.map(({ address }) => address))] : [] };
  if (answer.kind === 'failed') return { devices: [], checks: [driverFailed(answer.reason)] };
  const { report } = answer;
  const migUuids = report.gpus.some((gpu) => gpu.migEnabled)
    ? await listMigUuids(nvidiaSmi)
    : new Map<string, MigName>();
  const checks: DoctorCheck[] = [driverWorks(report), ...crossChecks({ report, module, bus })];
  const devices: DeviceInfo[] = [];
  for (const gpu of report.gpus) {
    if (gpu.uuid === null) checks.push(withoutUuid(gpu));
    else if (!gpu.migEnabled) devices.push(wholeGpu(gpu, gpu.uuid, report.driver, hostMemoryMib));
    else {
      const instances = migInstances(gpu, gpu.uuid, report.driver, migUuids);
      if (instances.length === 0) checks.push(migEmpty(gpu));
      devices.push(...instances);
    }
  }
  return { devices: devices.map((device, index) => ({ ...device, index })), checks };
}

export async function readReport(
  nvidiaSmi: DriverTool,
): Promise<{ kind: 'ok'; report: NvidiaReport } | { kind: 'absent' } | { kind: 'failed'; reason: string }> {
  const answer = await nvidiaSmi(['-q', '-x']);
  if (answer.kind !== 'ok') return answer;
  try {
    return { kind: 'ok', report: parseNvidiaSmi(answer.stdout) };
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message };
  }
}

function wholeGpu(gpu: NvidiaGpu, uuid: string, driver: string | null, hostMemoryMib: number): DeviceInfo {
  // Without a frame buffer of its own (GB10) a GPU uses the machine's memory.
  const memoryMib = gpu.memoryMib ?? hostMemoryMib;
  return {
    uuid,
    class: classOf(gpu.name, memoryMib, gpu.pciDeviceId ?? undefined),
    name: gpu.name,
    vendor: 'nvidia',
    memory_mib: memoryMib,
    index: gpu.index,
    pci_address: gpu.pciAddress,
    driver,
    power_limit_w: gpu.powerLimitW,
    mig: false,
    owner_busy: false,
    owner_process: null,
    utilization_percent: gpu.utilizationPercent,
    memory_used_mib: gpu.memoryUsedMib,
  };
}

function migInstances(
  gpu: NvidiaGpu,
  gpuUuid: string,
  driver: string | null,
  names: Map<string, MigName>,
): DeviceInfo[] {
  return gpu.migs.flatMap((mig) => {
    const known = names.get(migKey(gpuUuid, mig.index));
    if (known === undefined || mig.memoryMib === null) return [];
    const name = `${gpu.name} MIG ${known.profile}`;
    return [
      {
        ...wholeGpu(gpu, known.uuid, driver, mig.memoryMib),
        class: classOf(name, mig.memoryMib, gpu.pciDeviceId ?? undefined),
        name,
        memory_mib: mig.memoryMib,
        memory_used_mib: mig.memoryUsedMib,
        // The limit is the whole board's, which the instances share.
        power_limit_w: null,
        utilization_percent: null,
        mig: true,
      },
    ];
  });
}

type MigName = { uuid: string; profile: string };

/** The XML does not tell the UUIDs of MIG instances; `nvidia-smi -L` does, and also their profile. */
async function listMigUuids(nvidiaSmi: DriverTool): Promise<Map<string, MigName>> {
  const answer = await nvidiaSmi(['-L']);
  return answer.kind === 'ok' ? parseMigList(answer.stdout) : new Map();
}

export function parseMigList(printed: string): Map<string, MigName> {
  const names = new Map<string, MigName>();
  let gpuUuid: string | undefined;
  for (const line of printed.split('\n')) {
    gpuUuid = /^GPU \d+: .*\(UUID: (GPU-[^)]+)\)/.exec(line)?.[1] ?? gpuUuid;
    const mig = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)/.exec(line);
    if (mig !== null && gpuUuid !== undefined) {
      names.set(migKey(gpuUuid, Number(mig[2])), { profile: mig[1]!, uuid: mig[3]! });
    }
  }
  return names;
}

export function migKey(gpuUuid: string, index: number): string {
  return `${gpuUuid}/${index}`;
}

function driverWorks({ driver, cuda, gpus }: NvidiaReport): DoctorCheck {
  const count = `${gpus.length} ${gpus.length === 1 ? 'GPU' : 'GPUs'}`;
  return {
    name: 'GPU driver',
    status: 'ok',
    found: `NVIDIA ${driver ?? '?'}, CUDA ${cuda ?? '?'}, ${count}`,
    hint: null,
  };
}

function driverFailed(reason: string): DoctorCheck {
  const mismatch = /version mismatch/i.test(reason);
  return {
    name: 'GPU driver',
    status: 'failed',
    found: reason,
    hint: mismatch
      ? 'The driver was updated while loaded: reboot this machine'
      : 'Try: nvidia-smi   and if it fails too, reinstall the driver or reboot',
  };
}

function toolMissing(addresses: string[]): DoctorCheck {
  return {
    name: 'GPU driver',
    status: 'failed',
    found: `the NVIDIA kernel module has ${addresses.join(', ')}, but there is no nvidia-smi`,
    hint: 'Install the tools of the same driver version, on Debian and Ubuntu: sudo apt install nvidia-utils-VERSION',
  };
}

function withoutUuid(gpu: NvidiaGpu): DoctorCheck {
  return {
    name: `GPU ${gpu.index}`,
    status: 'warning',
    found: `${gpu.name} has no UUID and is not offered`,
    hint: 'The driver does not answer for it; a reboot often helps',
  };
}

function migEmpty(gpu: NvidiaGpu): DoctorCheck {
  return {
    name: `GPU ${gpu.index}`,
    status: 'warning',
    found: `MIG is on, but ${gpu.name} has no instance that can be offered`,
    hint: `Make instances: sudo nvidia-smi mig -i ${gpu.index} -cgi 9,9 -C   or turn MIG off: sudo nvidia-smi -i ${gpu.index} -mig 0`,
  };
}
