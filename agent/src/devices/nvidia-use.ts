import type { DeviceInfo } from '@gpucoop/protocol/resources.ts';
import type { NvidiaProcess, NvidiaReport } from './nvidia-xml.ts';

type Seen = { processes: NvidiaProcess[]; utilizationPercent: number | null; memoryUsedMib: number | null };

/**
 * What the driver's report says of one device. Of a MIG instance only its GPU can be told, as the report names instances by
 * number and devices by UUID: a process anywhere on the GPU then counts for each of its instances.
 */
export function processesOf(
  device: Pick<DeviceInfo, 'uuid' | 'pci_address' | 'mig'>,
  report: NvidiaReport,
): Seen | undefined {
  const gpu = report.gpus.find((candidate) =>
    device.mig ? candidate.pciAddress === device.pci_address : candidate.uuid === device.uuid,
  );
  if (gpu === undefined) return undefined;
  return {
    processes: gpu.processes,
    utilizationPercent: device.mig ? null : gpu.utilizationPercent,
    memoryUsedMib: device.mig ? null : gpu.memoryUsedMib,
  };
}
