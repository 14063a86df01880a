import { XMLParser } from 'fast-xml-parser';

/**
 * Reads `nvidia-smi -q -x`. One reader for the document types v11, v12 and v13 and for drivers older than any of them: what a
 * generation renamed is looked for under both names, and a value that is not a number with its unit ("N/A", "[Not Supported]",
 * "Requested functionality has been deprecated") is null.
 */
export function parseNvidiaSmi(xml: string): NvidiaReport {
  if (xml.length > XML_MAX_CHARS) throw new Error(`nvidia-smi printed more than ${XML_MAX_CHARS} characters`);
  const log = element(element(parser.parse(xml))?.nvidia_smi_log);
  if (log === undefined) throw new Error('nvidia-smi printed something that is not an nvidia_smi_log');
  return {
    driver: text(log.driver_version),
    cuda: text(log.cuda_version),
    gpus: list(log.gpu).map(readGpu),
  };
}

export type NvidiaReport = { driver: string | null; cuda: string | null; gpus: NvidiaGpu[] };

export type NvidiaGpu = {
  /** The position in the report, which is nvidia-smi's own index; `minor_number` is another order. */
  index: number;
  uuid: string | null;
  name: string;
  /** null: the GPU shares the machine's memory (GB10), or the driver does not say. */
  memoryMib: number | null;
  memoryUsedMib: number | null;
  pciAddress: string | null;
  /** Vendor and device as printed, `20B210DE`. */
  pciDeviceId: string | null;
  powerLimitW: number | null;
  /** What the card was made for. */
  defaultPowerLimitW: number | null;
  /** `None`, `Pass-Through`, `VGPU` and so on, as printed. */
  virtualisation: string | null;
  utilizationPercent: number | null;
  migEnabled: boolean;
  migs: MigInstance[];
  processes: NvidiaProcess[];
};

export type MigInstance = {
  index: number;
  gpuInstanceId: string | null;
  memoryMib: number | null;
  memoryUsedMib: number | null;
};

/** `type` is C (compute), G (graphics), C+G, or M+C for MPS. */
export type NvidiaProcess = {
  pid: number;
  name: string;
  type: string;
  memoryMib: number | null;
  gpuInstanceId: string | null;
};

/** A report is about 60 kB a GPU; 16 of them are 1 MB. */
const XML_MAX_CHARS = 8 * 1024 * 1024;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  // A driver's report defines no entities; whatever would define some is not expanded.
  processEntities: false,
  isArray: (name) => name === 'gpu' || name === 'mig_device' || name === 'process_info',
});

type Element = Record<string, unknown>;

function readGpu(gpu: Element, index: number): NvidiaGpu {
  const memory = element(gpu.fb_memory_usage);
  const pci = element(gpu.pci);
  const power = element(gpu.gpu_power_readings) ?? element(gpu.power_readings);
  const processes = element(gpu.processes);
  return {
    index,
    uuid: text(gpu.uuid),
    name: text(gpu.product_name) ?? 'unknown NVIDIA GPU',
    memoryMib: quantity(memory?.total, 'MiB'),
    memoryUsedMib: quantity(memory?.used, 'MiB'),
    pciAddress: pciAddress(text(pci?.pci_bus_id) ?? text(gpu['@id'])),
    pciDeviceId: text(pci?.pci_device_id)?.replace(/^0x/i, '') ?? null,
    powerLimitW:
      quantity(power?.current_power_limit, 'W') ??
      quantity(power?.enforced_power_limit, 'W') ??
      quantity(power?.power_limit, 'W'),
    defaultPowerLimitW: quantity(power?.default_power_limit, 'W'),
    virtualisation: text(element(gpu.gpu_virtualization_mode)?.virtualization_mode),
    utilizationPercent: quantity(element(gpu.utilization)?.gpu_util, '%'),
    migEnabled: text(element(gpu.mig_mode)?.current_mig) === 'Enabled',
    migs: list(element(gpu.mig_devices)?.mig_device).map(readMig),
    processes: list(processes?.process_info).flatMap(readProcess),
  };
}

function readMig(mig: Element): MigInstance {
  const memory = element(mig.fb_memory_usage);
  return {
    index: Number(text(mig.index) ?? Number.NaN),
    gpuInstanceId: text(mig.gpu_instance_id),
    memoryMib: quantity(memory?.total, 'MiB'),
    memoryUsedMib: quantity(memory?.used, 'MiB'),
  };
}

function readProcess(process: Element): NvidiaProcess[] {
  const pid = Number(text(process.pid) ?? Number.NaN);
  if (!Number.isSafeInteger(pid)) return [];
  return [
    {
      pid,
      name: decodeEntities(text(process.process_name) ?? ''),
      type: text(process.type) ?? 'C',
      memoryMib: quantity(process.used_memory, 'MiB'),
      gpuInstanceId: text(process.gpu_instance_id),
    },
  ];
}

/** `00000000:01:00.0` of nvidia-smi is `0000:01:00.0` everywhere else: in /proc, /sys and lspci the domain has four digits. */
export function pciAddress(printed: string | null): string | null {
  const parts = /^([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/i.exec(printed ?? '');
  if (parts === null) return null;
  return `${parts[1]!.replace(/^0+(?=[0-9a-f]{4})/i, '')}:${parts[2]!}`.toLowerCase();
}

function quantity(value: unknown, unit: string): number | null {
  const match = /^(\d+(?:\.\d+)?) *([A-Za-z%]+)$/.exec(text(value) ?? '');
  return match !== null && match[2] === unit ? Math.round(Number(match[1])) : null;
}

const absent = new Set([
  '',
  'N/A',
  '[N/A]',
  'None',
  'Not Supported',
  '[Not Supported]',
  'Unknown Error',
  '[Unknown Error]',
]);

function text(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const trimmed = value.trim();
  return absent.has(trimmed) || trimmed.startsWith('Requested functionality') ? null : trimmed;
}

function element(value: unknown): Element | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Element) : undefined;
}

function list(value: unknown): Element[] {
  return Array.isArray(value) ? value.filter((item): item is Element => element(item) !== undefined) : [];
}

function decodeEntities(name: string): string {
  return name
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
