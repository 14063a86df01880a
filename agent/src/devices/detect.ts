import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import type { DeviceInfo } from '@gpucoop/protocol/resources.ts';
import { driverTool } from './driver-tool.ts';
import { findDrm } from './drm.ts';
import { readHost } from './host.ts';
import { findNvidia, type FoundDevices } from './nvidia.ts';

export type DetectOptions = {
  stateDir: string;
  agentVersion: string;
  /** The engine's data directory, where images and containers lie: its file system is what renters get. */
  engineRoot?: string;
  nvidiaSmi?: string;
  procRoot?: string;
  sysRoot?: string;
};

export type HostFacts = Omit<MachineFacts, 'engine'>;

/** What this machine has. Never fails for a GPU that does not answer: it is left out, and `findDevices` says why. */
export async function detectMachine(options: DetectOptions): Promise<HostFacts> {
  const { procRoot = '/proc', sysRoot = '/sys' } = options;
  const host = await readHost({ stateDir: options.stateDir, engineRoot: options.engineRoot, procRoot, sysRoot });
  const { devices } = await findDevices({ ...options, hostMemoryMib: host.memory_mib });
  return { agent_version: options.agentVersion, ...host, devices };
}

type FindOptions = Pick<DetectOptions, 'nvidiaSmi' | 'procRoot' | 'sysRoot'> & { hostMemoryMib: number };

/** The GPUs, and what a doctor says of their drivers. */
export async function findDevices(options: FindOptions): Promise<FoundDevices> {
  const { procRoot = '/proc', sysRoot = '/sys', hostMemoryMib } = options;
  const [nvidia, others] = await Promise.all([
    findNvidia({ nvidiaSmi: driverTool(options.nvidiaSmi ?? 'nvidia-smi'), procRoot, sysRoot, hostMemoryMib }),
    findDrm({ sysRoot, rocmSmi: driverTool('rocm-smi') }),
  ]);
  const devices: DeviceInfo[] = [...nvidia.devices, ...others.devices];
  return {
    devices: devices.map((device, index) => ({ ...device, index })),
    checks: [...nvidia.checks, ...others.checks],
  };
}
