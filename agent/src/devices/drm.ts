import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { classOf } from '@gpucoop/protocol/gpu-classes.ts';
import type { DeviceInfo } from '@gpucoop/protocol/resources.ts';
import type { DriverTool } from './driver-tool.ts';
import type { FoundDevices } from './nvidia.ts';

type Options = { sysRoot: string; rocmSmi: DriverTool };

const MIB = 1024 * 1024;
const vendors: Record<string, 'amd' | 'intel'> = { '0x1002': 'amd', '0x8086': 'intel' };

/** Less than this is a processor's own graphics with a little borrowed memory, which nobody rents. */
const MEMORY_MIN_MIB = 2048;

/**
 * AMD's and Intel's discrete GPUs, as the kernel shows them under /sys/class/drm. What the kernel does not know, the product's
 * name and the version of the driver, is asked of rocm-smi where there is one.
 */
export async function findDrm({ sysRoot, rocmSmi }: Options): Promise<FoundDevices> {
  const cards = (await Promise.all((await cardDirectories(sysRoot)).map(readCard))).filter((card) => card !== null);
  if (cards.length === 0) return { devices: [], checks: [] };
  const names = cards.some((card) => card.vendor === 'amd') ? await rocmNames(rocmSmi) : new Map<string, RocmName>();
  const devices = cards.map((card, index) => describe(card, names.get(card.pciAddress), index));
  return {
    devices,
    checks: [
      {
        name: 'GPU driver',
        status: 'ok',
        found: devices.map((device) => `${device.name}, ${device.memory_mib} MiB`).join('; '),
        hint: null,
      },
    ],
  };
}

type Card = {
  vendor: 'amd' | 'intel';
  pciAddress: string;
  /** `744c`, without the vendor. */
  deviceId: string;
  memoryMib: number;
  memoryUsedMib: number | null;
  utilizationPercent: number | null;
  uniqueId: string | null;
  productName: string | null;
};

async function cardDirectories(sysRoot: string): Promise<string[]> {
  try {
    const names = await readdir(join(sysRoot, 'class/drm'));
    return names
      .filter((name) => /^card\d+$/.test(name))
      .toSorted((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
      .map((name) => join(sysRoot, 'class/drm', name));
  } catch {
    return [];
  }
}

async function readCard(directory: string): Promise<Card | null> {
  const device = join(directory, 'device');
  const vendor = vendors[(await readText(join(device, 'vendor'))) ?? ''];
  if (vendor === undefined) return null;
  const memory = await firstNumber([
    join(device, 'mem_info_vram_total'), // amdgpu
    join(directory, 'lmem_total_bytes'), // i915
    join(device, 'tile0/physical_vram_size_bytes'), // xe
  ]);
  if (memory === null || memory / MIB < MEMORY_MIN_MIB) return null;
  const used = await firstNumber([join(device, 'mem_info_vram_used')]);
  return {
    vendor,
    pciAddress: basename(await realpath(device)).toLowerCase(),
    deviceId: ((await readText(join(device, 'device'))) ?? '').replace(/^0x/, ''),
    memoryMib: Math.round(memory / MIB),
    memoryUsedMib: used === null ? null : Math.round(used / MIB),
    utilizationPercent: await firstNumber([join(device, 'gpu_busy_percent')]),
    uniqueId: await readText(join(device, 'unique_id')),
    productName: await readText(join(device, 'product_name')),
  };
}

function describe(card: Card, known: RocmName | undefined, index: number): DeviceInfo {
  const brand = card.vendor === 'amd' ? 'AMD' : 'Intel';
  const name = known?.name ?? (card.productName || null) ?? `${brand} GPU ${card.deviceId}`;
  return {
    // Consumer cards have no unique id; the slot is the next best thing that stays.
    uuid: `GPU-${card.vendor}-${card.uniqueId || card.pciAddress}`,
    class: classOf(name, card.memoryMib, card.deviceId),
    name,
    vendor: card.vendor,
    memory_mib: card.memoryMib,
    index,
    pci_address: card.pciAddress,
    driver: known?.driver ?? null,
    power_limit_w: null,
    mig: false,
    owner_busy: false,
    owner_process: null,
    utilization_percent: card.utilizationPercent,
    memory_used_mib: card.memoryUsedMib,
  };
}

type RocmName = { name: string | null; driver: string | null };

async function rocmNames(rocmSmi: DriverTool): Promise<Map<string, RocmName>> {
  const answer = await rocmSmi(['--showproductname', '--showbus', '--showdriverversion', '--json']);
  return answer.kind === 'ok' ? parseRocmNames(answer.stdout) : new Map();
}

/** By PCI address. The keys change their case between releases ("Card series", "Card Series"). */
export function parseRocmNames(printed: string): Map<string, RocmName> {
  const names = new Map<string, RocmName>();
  let report: unknown;
  try {
    report = JSON.parse(printed.slice(printed.indexOf('{')));
  } catch {
    return names;
  }
  if (typeof report !== 'object' || report === null) return names;
  const cards = new Map(Object.entries(report).map(([key, value]) => [key.toLowerCase(), lowerKeys(value)]));
  const driver = cards.get('system')?.get('driver version') ?? null;
  for (const [key, card] of cards) {
    const address = card.get('pci bus')?.toLowerCase();
    if (!/^card\d+$/.test(key) || address === undefined) continue;
    const printedName = card.get('card series') ?? card.get('card model');
    names.set(address, { name: printedName !== undefined && printedName !== 'N/A' ? printedName : null, driver });
  }
  return names;
}

function lowerKeys(value: unknown): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key.toLowerCase(), text]] : [])),
  );
}

async function firstNumber(paths: string[]): Promise<number | null> {
  for (const path of paths) {
    const text = await readText(path);
    if (text !== null && /^\d+$/.test(text)) return Number(text);
  }
  return null;
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return null;
  }
}
