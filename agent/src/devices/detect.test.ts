import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { expect, onTestFinished, test } from 'vitest';
import { detectMachine, findDevices } from './detect.ts';
import { driverTool } from './driver-tool.ts';
import { parseRocmNames } from './drm.ts';
import { usableCpus } from './host.ts';
import { readCgroupLimits } from './cgroup.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.xml`, import.meta.url));

async function directory(files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'coop-detect-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** A program that answers like nvidia-smi. */
async function fakeSmi(script: string): Promise<string> {
  const path = join(await directory(), 'nvidia-smi');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const nowhere = { procRoot: '/nowhere', sysRoot: '/nowhere', hostMemoryMib: 128_000 };

test('a machine with two GPUs, as the server will see it', async () => {
  const stateDir = await directory();
  const nvidiaSmi = await fakeSmi(`cat ${fixture('dual-a5000-v13')}`);
  const found = await detectMachine({
    stateDir: join(stateDir, 'not', 'yet', 'there'),
    agentVersion: '0.1.0',
    nvidiaSmi,
    sysRoot: await directory(),
  });
  const facts = MachineFacts.omit({ engine: true }).parse(found);
  expect(facts.devices).toMatchObject([
    {
      uuid: 'GPU-12345678-aaaa-bbbb-cccc-0123456789ab',
      class: 'rtx-a5000',
      vendor: 'nvidia',
      memory_mib: 24564,
      index: 0,
      driver: '590.44.01',
      mig: false,
    },
    {
      uuid: 'GPU-12345678-aaaa-bbbb-cccc-0123456789cd',
      class: 'rtx-a5000',
      index: 1,
      pci_address: '0000:c1:00.0',
      power_limit_w: 230,
    },
  ]);
  expect(facts.cpus).toBeGreaterThan(0);
  expect(facts.memory_mib).toBeGreaterThan(100);
  expect(facts.disk_free_mib).toBeLessThanOrEqual(facts.disk_total_mib);
  expect(facts.agent_version).toBe('0.1.0');
  expect(Intl.supportedValuesOf('timeZone').concat('UTC')).toContain(facts.time_zone);
});

test('MIG instances are devices of their own, with the UUIDs that only `nvidia-smi -L` tells', async () => {
  const list = [
    'GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-513536b6-7d19-9063-b049-1e69664bb298)',
    ...[0, 1, 2].map(
      (index) => `  MIG 1g.20gb     Device  ${index}: (UUID: MIG-00000000-0000-5000-8000-00000000000${index})`,
    ),
  ].join('\n');
  const nvidiaSmi = await fakeSmi(
    `case "$*" in -L) cat <<'END'\n${list}\nEND\n;; *) cat ${fixture('a100-sxm4-mig-v12')} ;; esac`,
  );
  const { devices } = await findDevices({ ...nowhere, nvidiaSmi });
  expect(devices.map((device) => device.uuid)).toEqual(
    [0, 1, 2].map((index) => `MIG-00000000-0000-5000-8000-00000000000${index}`),
  );
  expect(devices[0]).toMatchObject({
    mig: true,
    memory_mib: 19968,
    name: 'NVIDIA A100-SXM4-80GB MIG 1g.20gb',
    power_limit_w: null,
  });
  expect(devices[0]?.class).not.toBe('a100-sxm-80gb');
});

test('a GPU in MIG mode without instances is not offered, and the doctor says how to make some', async () => {
  const nvidiaSmi = await fakeSmi(
    `case "$*" in -L) echo 'GPU 0: NVIDIA A100 (UUID: GPU-513536b6)' ;; *) cat ${fixture('a100-sxm4-mig-v12')} ;; esac`,
  );
  const { devices, checks } = await findDevices({ ...nowhere, nvidiaSmi });
  expect(devices).toEqual([]);
  expect(checks.find((check) => check.status === 'warning')?.hint).toMatch(/mig -i 0 -cgi/);
});

test('a GPU without memory of its own has that of the machine', async () => {
  const nvidiaSmi = await fakeSmi(`sed 's|<total>10240 MiB|<total>N/A|' ${fixture('rtx-3080-v12')}`);
  expect((await findDevices({ ...nowhere, nvidiaSmi })).devices[0]?.memory_mib).toBe(128_000);
});

test("nvidia-smi is compared with the kernel module's own list", async () => {
  const nvidiaSmi = await fakeSmi(`cat ${fixture('tesla-t4-v11')}`);
  const same = await directory({ 'driver/nvidia/gpus/0000:00:1e.0/information': '' });
  const more = await directory({
    'driver/nvidia/gpus/0000:00:1e.0/information': '',
    'driver/nvidia/gpus/0000:00:1f.0/information': '',
  });
  const warnings = async (procRoot: string) =>
    (await findDevices({ ...nowhere, nvidiaSmi, procRoot })).checks.filter((check) => check.status !== 'ok');
  expect(await warnings(same)).toEqual([]);
  expect(await warnings(more)).toMatchObject([{ name: 'GPU list', found: expect.stringContaining('0000:00:1f.0') }]);
});

test('no NVIDIA tools is no fault, unless there is an NVIDIA driver', async () => {
  const absent = { ...nowhere, nvidiaSmi: '/nowhere/nvidia-smi' };
  expect(await findDevices(absent)).toEqual({ devices: [], checks: [] });
  const procRoot = await directory({ 'driver/nvidia/gpus/0000:00:1e.0/information': '' });
  expect((await findDevices({ ...absent, procRoot })).checks).toMatchObject([
    { status: 'failed', found: expect.stringContaining('0000:00:1e.0') },
  ]);
});

test('a driver that fails is a finding with its own words, and the machine goes on without the GPU', async () => {
  const nvidiaSmi = await fakeSmi(`echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18`);
  const { devices, checks } = await findDevices({ ...nowhere, nvidiaSmi });
  expect(devices).toEqual([]);
  expect(checks).toMatchObject([
    {
      name: 'GPU driver',
      status: 'failed',
      found: expect.stringContaining('version mismatch'),
      hint: expect.stringContaining('reboot'),
    },
  ]);
});

test('a driver that hangs does not hang the agent', async () => {
  const tool = driverTool(await fakeSmi('exec sleep 600'));
  expect(await tool([], { timeoutMs: 200 })).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('did not answer within 0.2 s'),
  });
});

test('AMD and Intel cards come from /sys, with the names that rocm-smi knows; small built-in graphics are left out', async () => {
  const sysRoot = await directory({
    'devices/pci/0000:03:00.0/vendor': '0x1002\n',
    'devices/pci/0000:03:00.0/device': '0x744c\n',
    'devices/pci/0000:03:00.0/mem_info_vram_total': '25753026560\n',
    'devices/pci/0000:03:00.0/mem_info_vram_used': '1048576\n',
    'devices/pci/0000:03:00.0/gpu_busy_percent': '7\n',
    'devices/pci/0000:03:00.0/unique_id': 'a1b2c3\n',
    'devices/pci/0000:00:02.0/vendor': '0x8086\n',
    'devices/pci/0000:00:02.0/device': '0x9a49\n',
    'devices/pci/0000:04:00.0/vendor': '0x8086\n',
    'devices/pci/0000:04:00.0/device': '0x56a0\n',
    'class/drm/card2/lmem_total_bytes': '17095983104\n',
    'class/drm/card0-DP-1/status': 'connected\n',
  });
  for (const [card, address] of [
    ['card0', '0000:00:02.0'],
    ['card1', '0000:03:00.0'],
    ['card2', '0000:04:00.0'],
  ]) {
    await mkdir(join(sysRoot, 'class/drm', card!), { recursive: true });
    await symlink(join(sysRoot, 'devices/pci', address!), join(sysRoot, 'class/drm', card!, 'device'));
  }
  const { devices } = await findDevices({ ...nowhere, sysRoot, nvidiaSmi: '/nowhere/nvidia-smi' });
  expect(devices).toMatchObject([
    {
      vendor: 'amd',
      uuid: 'GPU-amd-a1b2c3',
      memory_mib: 24560,
      memory_used_mib: 1,
      utilization_percent: 7,
      pci_address: '0000:03:00.0',
      index: 0,
    },
    { vendor: 'intel', uuid: 'GPU-intel-0000:04:00.0', memory_mib: 16304, index: 1 },
  ]);
  // The shape of rocm-smi as other projects' tests have it; not a recording.
  const named = parseRocmNames(
    'WARNING: AMD GPU device(s) is/are in a low-power state\n{"card0": {"Card Series": "AMD Radeon RX 7900 XTX", "PCI Bus": "0000:03:00.0"}, "system": {"Driver version": "6.7.0"}}',
  );
  expect(named.get('0000:03:00.0')).toEqual({ name: 'AMD Radeon RX 7900 XTX', driver: '6.7.0' });
  expect(parseRocmNames('not json').size).toBe(0);
});

test('CPUs are whole ones, limited by quota and by affinity', () => {
  expect(usableCpus(16, null)).toBe(16);
  expect(usableCpus(16, 2.5)).toBe(2);
  expect(usableCpus(4, 8)).toBe(4);
  expect(usableCpus(4, 0.5)).toBe(1);
});

test('the strictest limit of all groups above counts, in both versions of control groups', async () => {
  const v2 = {
    procRoot: await directory({ 'self/cgroup': '0::/machine.slice/agent.service\n' }),
    sysRoot: await directory({
      'fs/cgroup/machine.slice/cpu.max': '200000 100000\n',
      'fs/cgroup/machine.slice/memory.max': '8589934592\n',
      'fs/cgroup/machine.slice/agent.service/cpu.max': 'max 100000\n',
      'fs/cgroup/machine.slice/agent.service/memory.max': 'max\n',
    }),
  };
  expect(await readCgroupLimits(v2)).toEqual({ version: 'v2', cpus: 2, memoryBytes: 8 * 2 ** 30 });
  const v1 = {
    procRoot: await directory({ 'self/cgroup': '5:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/\n0::/a\n' }),
    sysRoot: await directory({
      'fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      'fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '150000\n',
      'fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
      'fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'fs/cgroup/memory/a/memory.limit_in_bytes': '1073741824\n',
    }),
  };
  expect(await readCgroupLimits(v1)).toEqual({ version: 'v1', cpus: 1.5, memoryBytes: 2 ** 30 });
  expect(await readCgroupLimits({ procRoot: await directory(), sysRoot: await directory() })).toEqual({
    version: 'none',
    cpus: null,
    memoryBytes: null,
  });
});
