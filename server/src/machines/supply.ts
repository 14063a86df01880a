import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import type { DeviceInfo, MachineTerms } from '@gpucoop/protocol/resources.ts';
import { defaultAskingPrice } from './default-prices.ts';
import { isTimeZone } from './quiet-hours.ts';

/** How a machine becomes offers: one per class, in units of one device with its share of the machine (of class cpu: one CPU). */
export type OfferShape = {
  class: string;
  vendor: string;
  unit_cpus: number;
  unit_memory_mib: number;
  device_memory_mib: number;
  price_micros_per_unit_hour: bigint;
  /** Device UUIDs, one per unit; null of class cpu. */
  slots: (string | null)[];
};

const SYSTEM_MEMORY_MIB = 256; // never rented: the engine and the agent live in it

/**
 * Offers of a machine. Cards with MIG switched on are left out: their slices are not told apart yet. A machine whose engine cannot
 * hand a device over offers none; one that offers no device offers its CPUs.
 */
export function offersOf(facts: MachineFacts, terms: MachineTerms): OfferShape[] {
  const cpus = Math.max(1, facts.cpus - terms.reserve_cpus);
  const memoryMib = Math.max(256, facts.memory_mib - terms.reserve_memory_mib - SYSTEM_MEMORY_MIB);
  const devices = facts.engine.gpu === 'none' ? [] : distinct(facts.devices.filter((device) => !device.mig));
  if (devices.length === 0) return [cpuOffer(cpus, memoryMib, terms)];

  const byClass = Map.groupBy(devices, (device) => device.class);
  const shareCpus = Math.floor((cpus * 100) / devices.length) / 100;
  const shareMemory = Math.max(1, Math.floor(memoryMib / devices.length));
  return [...byClass.values()].map((group) => gpuOffer(group, shareCpus, shareMemory, terms));
}

/** One claim of a device is enough, however often a machine makes it. */
function distinct(devices: DeviceInfo[]): DeviceInfo[] {
  return [...new Map(devices.map((device) => [device.uuid, device])).values()];
}

function cpuOffer(cpus: number, memoryMib: number, terms: MachineTerms): OfferShape {
  return {
    class: 'cpu',
    vendor: 'cpu',
    unit_cpus: 1,
    unit_memory_mib: Math.max(1, Math.floor(memoryMib / cpus)),
    device_memory_mib: 0,
    price_micros_per_unit_hour: askingPrice(terms, 'cpu', 0),
    slots: Array.from({ length: cpus }, () => null),
  };
}

function gpuOffer(group: DeviceInfo[], cpus: number, memoryMib: number, terms: MachineTerms): OfferShape {
  const [first] = group;
  if (first === undefined) throw new Error('a group has at least one device');
  // Cards of one class differ by a few MiB with driver and ECC: the smallest is what the offer promises.
  const deviceMemory = Math.min(...group.map((device) => device.memory_mib));
  return {
    class: first.class,
    vendor: first.vendor,
    unit_cpus: cpus,
    unit_memory_mib: memoryMib,
    device_memory_mib: deviceMemory,
    price_micros_per_unit_hour: askingPrice(terms, first.class, deviceMemory),
    slots: group.toSorted((a, b) => a.index - b.index).map((device) => device.uuid),
  };
}

function askingPrice(terms: MachineTerms, deviceClass: string, deviceMemoryMib: number): bigint {
  const asked = terms.price_micros_per_unit_hour[deviceClass];
  return asked === undefined ? defaultAskingPrice(deviceClass, deviceMemoryMib) : BigInt(asked);
}

/** How much of the machine's disk may be rented at all, in MiB. */
export function rentableDiskMib(facts: MachineFacts, terms: MachineTerms): number {
  const free = Math.floor(facts.disk_free_mib * 0.9);
  return terms.disk_mib === null ? free : Math.min(free, terms.disk_mib);
}

export function defaultTerms(facts: MachineFacts): MachineTerms {
  return {
    price_micros_per_unit_hour: {},
    min_units: 1,
    max_units: null,
    min_duration_s: 60,
    max_duration_s: 30 * 86_400,
    quiet_hours: [],
    time_zone: isTimeZone(facts.time_zone) ? facts.time_zone : 'UTC',
    only_when_idle: true,
    reserve_cpus: 0,
    reserve_memory_mib: 0,
    disk_mib: null,
    region: 'unknown',
  };
}
