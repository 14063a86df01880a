import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The GPUs as the kernel lists them, without NVIDIA's tools. */

export type ModuleGpu = { address: string; uuid: string | null };

/** Of NVIDIA's kernel module. Empty without it, or where it has no /proc (WSL). */
export async function moduleGpus(procRoot: string): Promise<ModuleGpu[]> {
  const directory = join(procRoot, 'driver/nvidia/gpus');
  return Promise.all(
    (await namesIn(directory)).map(async (name) => ({
      address: name.toLowerCase(),
      uuid:
        /^GPU UUID:\s*(GPU-[0-9a-f-]{36})\s*$/m.exec(await textOf(join(directory, name, 'information')))?.[1] ?? null,
    })),
  );
}

export type BusGpu = {
  address: string;
  /** Four hex digits, without the vendor. */
  deviceId: string;
  /** The kernel driver that holds it. */
  driver: string | null;
};

const NVIDIA = '0x10de';
/** VGA and 3D controllers: a card also shows up as sound and USB. */
const DISPLAY = /^0x030[02]/;

/** NVIDIA's display controllers on the PCI bus. */
export async function busGpus(sysRoot: string): Promise<BusGpu[]> {
  const directory = join(sysRoot, 'bus/pci/devices');
  const found = (await namesIn(directory)).map(async (name): Promise<BusGpu[]> => {
    const device = join(directory, name);
    const [vendor, kind, id] = await Promise.all(
      ['vendor', 'class', 'device'].map((file) => textOf(join(device, file))),
    );
    if (vendor !== NVIDIA || !DISPLAY.test(kind!)) return [];
    const driver = await readlink(join(device, 'driver')).then(basename, () => null);
    return [{ address: name.toLowerCase(), deviceId: id!.replace(/^0x/, '').toLowerCase(), driver }];
  });
  return (await Promise.all(found)).flat();
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = await readdir(directory).catch(() => []);
  return names.toSorted();
}

async function textOf(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}
