import { classOf, findClasses, gpuClass } from '@gpucoop/protocol/gpu-classes.ts';
import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { failed, warning } from '../doctor/check.ts';
import type { BusGpu, ModuleGpu } from './kernel-lists.ts';
import type { NvidiaGpu, NvidiaReport } from './nvidia-xml.ts';

/**
 * What nvidia-smi says against what the kernel says. A program is easily replaced, a kernel less so, and neither is evidence: only the proof
 * is. But who lies in one place and not in the other is found here, before a checker finds it, and so is what will make an honest card fail.
 */
export type Sources = {
  report: NvidiaReport;
  /** Of the kernel module; empty where there is none to ask (WSL). */
  module: readonly ModuleGpu[];
  /** NVIDIA's display controllers on the PCI bus; empty where /sys does not show it. */
  bus: readonly BusGpu[];
};

/** Only what is worth a look: nothing, when all agree. */
export function crossChecks({ report, module, bus }: Sources): DoctorCheck[] {
  return [
    ...lists(report, module, bus),
    ...report.gpus.flatMap((gpu) => [
      ...identity(gpu, module, bus),
      ...memorySize(gpu),
      ...powerLimit(gpu),
      ...virtualGpu(gpu),
      ...heldMemory(gpu),
    ]),
  ];
}

function lists(report: NvidiaReport, module: readonly ModuleGpu[], bus: readonly BusGpu[]): DoctorCheck[] {
  const reported = report.gpus.flatMap(({ pciAddress }) => pciAddress ?? []);
  const inModule = module.map(({ address }) => address);
  const onBus = bus.map(({ address }) => address);
  const missing = (from: readonly string[], list: readonly string[]): string =>
    list.length === 0 ? '' : from.filter((address) => !list.includes(address)).join(', ');
  const moduleOnly = missing(inModule, reported);
  const notInModule = missing(reported, inModule);
  const notOnBus = missing(reported, onBus);
  const unused = bus.filter(({ address }) => !reported.includes(address) && !inModule.includes(address));
  const parts = [
    ...(moduleOnly === '' || reported.length === 0 ? [] : [`the kernel module also has ${moduleOnly}`]),
    ...(notInModule === '' ? [] : [`the kernel module does not have ${notInModule}`]),
    ...(notOnBus === '' ? [] : [`the PCI bus does not have ${notOnBus}`]),
  ];
  return [
    ...(parts.length === 0
      ? []
      : [
          warning(
            'GPU list',
            `nvidia-smi reports ${reported.length} GPUs, but ${parts.join(' and ')}`,
            'A GPU that fell off the bus shows in: sudo dmesg | grep -i xid',
          ),
        ]),
    ...unused.map(({ address, driver }) =>
      warning(
        'GPU list',
        `the NVIDIA GPU at ${address} is ${driver === null ? 'driven by nothing' : `held by ${driver}`} and is not offered`,
        driver === 'vfio-pci'
          ? 'It is set aside for a virtual machine'
          : 'Give it to the nvidia driver, or ignore this',
      ),
    ),
  ];
}

/** The same card must have the same numbers wherever it is asked for. */
function identity(gpu: NvidiaGpu, module: readonly ModuleGpu[], bus: readonly BusGpu[]): DoctorCheck[] {
  const hint = 'Something between the card and nvidia-smi changes what it says: checks will fail until it is gone';
  const onBus = bus.find(({ address }) => address === gpu.pciAddress);
  const inModule = module.find(({ address }) => address === gpu.pciAddress);
  const checks: DoctorCheck[] = [];
  // 20B210DE: the device, then the vendor.
  const said = gpu.pciDeviceId?.slice(0, 4).toLowerCase();
  if (onBus !== undefined && said !== undefined && said !== onBus.deviceId) {
    checks.push(
      failed(nameOf(gpu), `nvidia-smi says PCI device ${said} (${gpu.name}), the bus says ${onBus.deviceId}`, hint),
    );
  }
  if (inModule?.uuid != null && gpu.uuid !== null && inModule.uuid !== gpu.uuid) {
    checks.push(failed(nameOf(gpu), `nvidia-smi says ${gpu.uuid}, the kernel module says ${inModule.uuid}`, hint));
  }
  return checks;
}

/** A card that is sold with another amount of memory is another class: rebuilt, partly broken, or not what it says. */
function memorySize(gpu: NvidiaGpu): DoctorCheck[] {
  if (gpu.memoryMib === null || gpu.migEnabled) return [];
  const slug = classOf(gpu.name, gpu.memoryMib, gpu.pciDeviceId ?? undefined);
  const known = findClasses(gpu.name.replace(/^NVIDIA (?:GeForce )?/, ''));
  if (gpuClass(slug) !== undefined || !known.found) return [];
  return [
    warning(
      nameOf(gpu),
      `${gpu.name} with ${gpu.memoryMib} MiB is none of ${known.classes.join(', ')}`,
      `It is offered as ${slug}, a class of its own`,
    ),
  ];
}

/** Below this share of what the card was made for, bandwidth stays and arithmetic falls under that of its class. */
const POWER_SHARE_MIN = 0.8;

function powerLimit(gpu: NvidiaGpu): DoctorCheck[] {
  const { powerLimitW: limit, defaultPowerLimitW: usual } = gpu;
  if (limit === null || usual === null || limit >= POWER_SHARE_MIN * usual) return [];
  return [
    warning(
      nameOf(gpu),
      `limited to ${limit} W of ${usual} W: it may prove less arithmetic than its class needs`,
      `sudo nvidia-smi -i ${gpu.index} -pl ${usual}`,
    ),
  ];
}

function virtualGpu(gpu: NvidiaGpu): DoctorCheck[] {
  if (gpu.virtualisation !== 'VGPU') return [];
  return [
    warning(
      nameOf(gpu),
      `${gpu.name} is a virtual GPU: a part of a card that others use too`,
      'It can prove no more than its part, and less while the others are busy',
    ),
  ];
}

/** What the driver itself keeps is less than this. */
const UNSEEN_MIB_MAX = 1024;

/** A process in another container or virtual machine is not in the list, but its memory is. */
function heldMemory(gpu: NvidiaGpu): DoctorCheck[] {
  if (gpu.memoryUsedMib === null || gpu.migEnabled) return [];
  const seen = gpu.processes.reduce((sum, { memoryMib }) => sum + (memoryMib ?? 0), 0);
  const unseen = gpu.memoryUsedMib - seen;
  if (unseen <= UNSEEN_MIB_MAX || gpu.processes.some(({ memoryMib }) => memoryMib === null)) return [];
  return [
    warning(
      nameOf(gpu),
      `${unseen} MiB are in use by no process that can be seen from here`,
      'A check fills what is free and proves only that. See who holds it: sudo nvidia-smi   outside of any container',
    ),
  ];
}

const nameOf = (gpu: NvidiaGpu): string => `GPU ${gpu.index}`;
