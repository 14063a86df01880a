import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { crossChecks } from './cross-checks.ts';
import type { Sources } from './cross-checks.ts';
import { busGpus, moduleGpus } from './kernel-lists.ts';
import { parseNvidiaSmi } from './nvidia-xml.ts';

/** Two cards, of which every source says the same. */
function twoCards(change: (xml: string) => string = (xml) => xml): Sources {
  const xml = readFileSync(join(import.meta.dirname, 'fixtures/dual-a5000-v13.xml'), 'utf8');
  return {
    report: parseNvidiaSmi(change(xml)),
    module: [
      { address: '0000:81:00.0', uuid: 'GPU-12345678-aaaa-bbbb-cccc-0123456789ab' },
      { address: '0000:c1:00.0', uuid: 'GPU-12345678-aaaa-bbbb-cccc-0123456789cd' },
    ],
    bus: [
      { address: '0000:81:00.0', deviceId: '2231', driver: 'nvidia' },
      { address: '0000:c1:00.0', deviceId: '2231', driver: 'nvidia' },
    ],
  };
}
const found = (sources: Sources): string[] =>
  crossChecks(sources).map(({ name, status, found: what }) => `${status} ${name}: ${what}`);

test('where all agree nothing is said, also where the kernel does not show its lists', () => {
  expect(found(twoCards())).toEqual([]);
  expect(found({ ...twoCards(), module: [], bus: [] })).toEqual([]);
});

test('a card that only one list has', () => {
  const sources = twoCards();
  const without = { ...sources, report: { ...sources.report, gpus: sources.report.gpus.slice(0, 1) } };
  expect(found(without)).toEqual([
    'warning GPU list: nvidia-smi reports 1 GPUs, but the kernel module also has 0000:c1:00.0',
  ]);
  expect(found({ ...sources, module: sources.module.slice(0, 1), bus: sources.bus.slice(1) })).toEqual([
    'warning GPU list: nvidia-smi reports 2 GPUs, but the kernel module does not have 0000:c1:00.0 and the PCI bus does not have 0000:81:00.0',
  ]);
});

test('a card that a virtual machine holds is named, as one without any driver', () => {
  const sources = twoCards();
  const more = [
    { address: '0000:c2:00.0', deviceId: '2231', driver: 'vfio-pci' },
    { address: '0000:c3:00.0', deviceId: '2231', driver: null },
  ];
  expect(found({ ...sources, bus: [...sources.bus, ...more] })).toEqual([
    'warning GPU list: the NVIDIA GPU at 0000:c2:00.0 is held by vfio-pci and is not offered',
    'warning GPU list: the NVIDIA GPU at 0000:c3:00.0 is driven by nothing and is not offered',
  ]);
});

test('a card that nvidia-smi calls another than the bus does is a failure', () => {
  const sources = twoCards();
  const bus = [{ ...sources.bus[0]!, deviceId: '1eb8' }, sources.bus[1]!];
  expect(found({ ...sources, bus })).toEqual([
    'failed GPU 0: nvidia-smi says PCI device 2231 (NVIDIA RTX A5000), the bus says 1eb8',
  ]);
  const module = [sources.module[0]!, { ...sources.module[1]!, uuid: sources.module[0]!.uuid }];
  expect(found({ ...sources, module })).toEqual([
    'failed GPU 1: nvidia-smi says GPU-12345678-aaaa-bbbb-cccc-0123456789cd, the kernel module says GPU-12345678-aaaa-bbbb-cccc-0123456789ab',
  ]);
});

test('memory that no card of that name has', () => {
  const doubled = twoCards((xml) => xml.replace('<total>24564 MiB</total>', '<total>49140 MiB</total>'));
  expect(found(doubled)).toEqual(['warning GPU 0: NVIDIA RTX A5000 with 49140 MiB is none of rtx-a5000']);
});

test('a power limit far below what the card was made for', () => {
  const limited = (watts: number) =>
    twoCards((xml) => xml.replace('<current_power_limit>230.00 W', `<current_power_limit>${watts}.00 W`));
  expect(found(limited(184))).toEqual([]);
  expect(found(limited(183))).toEqual([
    'warning GPU 0: limited to 183 W of 230 W: it may prove less arithmetic than its class needs',
  ]);
});

test('a virtual GPU', () => {
  const virtual = twoCards((xml) =>
    xml.replace(
      '<utilization>',
      '<gpu_virtualization_mode><virtualization_mode>VGPU</virtualization_mode></gpu_virtualization_mode><utilization>',
    ),
  );
  expect(found(virtual)).toEqual([
    'warning GPU 0: NVIDIA RTX A5000 is a virtual GPU: a part of a card that others use too',
  ]);
});

test('memory that is held by a process in another container', () => {
  const hidden = twoCards((xml) => xml.replace(/<process_info>[\s\S]*?<\/process_info>/, ''));
  expect(found(hidden)).toEqual(['warning GPU 0: 22437 MiB are in use by no process that can be seen from here']);
});

test('the kernel’s lists are read from /proc and /sys', async () => {
  const root = await mkdtemp(join(tmpdir(), 'coop-lists-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const uuid = 'GPU-12345678-aaaa-bbbb-cccc-0123456789ab';
  const files = {
    'driver/nvidia/gpus/0000:81:00.0/information': `Model: \t\t NVIDIA RTX A5000\nIRQ:   \t\t 120\nGPU UUID: \t ${uuid}\n`,
    'driver/nvidia/gpus/0000:C1:00.0/information':
      'Model: Unknown\nGPU UUID: \t GPU-????????-????-????-????-????????????\n',
    'bus/pci/devices/0000:81:00.0/vendor': '0x10de\n',
    'bus/pci/devices/0000:81:00.0/class': '0x030000\n',
    'bus/pci/devices/0000:81:00.0/device': '0x2231\n',
    'bus/pci/devices/0000:81:00.1/vendor': '0x10de\n',
    'bus/pci/devices/0000:81:00.1/class': '0x040300\n',
    'bus/pci/devices/0000:00:02.0/vendor': '0x8086\n',
    'bus/pci/devices/0000:00:02.0/class': '0x030000\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await symlink('../../../bus/pci/drivers/vfio-pci', join(root, 'bus/pci/devices/0000:81:00.0/driver'));
  expect(await moduleGpus(root)).toEqual([
    { address: '0000:81:00.0', uuid },
    { address: '0000:c1:00.0', uuid: null },
  ]);
  expect(await busGpus(root)).toEqual([{ address: '0000:81:00.0', deviceId: '2231', driver: 'vfio-pci' }]);
  expect([await moduleGpus('/nowhere'), await busGpus('/nowhere')]).toEqual([[], []]);
});
