import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isOwnProcess, ownCpuSeconds, readMachineCpu } from './own-processes.ts';
import { watchOwnerUse, type OwnContainer, type OwnerUse, type OwnerUseOptions } from './owner-use.ts';

const T4 = 'GPU-d37e67a5-91dd-3774-a5cb-99096249601a';
const t4Report = fileURLToPath(new URL('fixtures/tesla-t4-v11.xml', import.meta.url));
const containerId = 'c0ffee'.padEnd(64, '0');
const facts = { devices: [{ uuid: T4, vendor: 'nvidia' as const, pci_address: '0000:00:1e.0', mig: false }] };

/** A made-up machine: files under /proc and /sys, and what nvidia-smi prints. */
async function machine(files: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'coop-owner-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  for (const [path, text] of Object.entries({ 'proc/stat': stat(0), ...files })) await write(path, text);
  const nvidiaSmi = join(root, 'nvidia-smi');
  const prints = async (script: string) => {
    await writeFile(nvidiaSmi, `#!/bin/sh\n${script}\n`);
    await chmod(nvidiaSmi, 0o755);
  };
  await prints(`cat ${t4Report}`);
  return { procRoot: join(root, 'proc'), sysRoot: join(root, 'sys'), nvidiaSmi, write, prints };
}

/** Four CPUs of which `busySeconds` were used by anybody. */
function stat(busySeconds: number): string {
  return `cpu  ${busySeconds * 100} 0 0 99999 0 0 0 0 0 0\n${[0, 1, 2, 3].map((cpu) => `cpu${cpu} 0 0 0 0 0 0 0 0 0 0\n`).join('')}`;
}

function watch(options: Omit<OwnerUseOptions, 'onChange' | 'facts'>) {
  const states: OwnerUse[] = [];
  const watcher = watchOwnerUse({
    intervalMs: 10,
    cpuWindowMs: 40,
    gpuCalmMs: 30,
    ...options,
    facts,
    onChange: (state) => states.push(state),
  });
  onTestFinished(() => watcher.stop());
  return { states, watcher };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

test("a GPU on which the owner's process runs is busy, and free again some time after it has left", async () => {
  const box = await machine({ 'proc/675/cgroup': '0::/user.slice\n', 'proc/5762/cgroup': '0::/user.slice\n' });
  const { states, watcher } = watch({ ...box, ownContainers: async () => [] });
  await until(() =>
    expect(watcher.current().devices.get(T4)).toEqual({
      owner_busy: true,
      owner_process: 'python',
      utilization_percent: 0,
      memory_used_mib: 1032,
    }),
  );
  await box.prints(`sed '/<type>C<.type>/s/C/G/; s/1005 MiB/5 MiB/' ${t4Report}`);
  await until(() =>
    expect(watcher.current().devices.get(T4)).toMatchObject({ owner_busy: false, owner_process: null }),
  );
  expect(states.map((state) => state.devices.get(T4)?.owner_busy)).toEqual([true, false]);
});

test('a process in the container of a lease is not the owner, and becomes so when it is no lease of ours', async () => {
  const box = await machine({
    'proc/675/cgroup': '0::/user.slice\n',
    'proc/5762/cgroup': `0::/system.slice/docker-${containerId}.scope\n`,
  });
  let own: OwnContainer[] = [{ id: containerId, pid: null }];
  const { watcher } = watch({ ...box, ownContainers: async () => own });
  await until(() => expect(watcher.current().devices.get(T4)).toMatchObject({ owner_busy: false }));
  own = [];
  await until(() => expect(watcher.current().devices.get(T4)).toMatchObject({ owner_busy: true }));
});

test('a driver that fails in between leaves everything as it was', async () => {
  const box = await machine({ 'proc/675/cgroup': '0::/user.slice\n', 'proc/5762/cgroup': '0::/user.slice\n' });
  const marker = join(box.procRoot, 'asked');
  const { states, watcher } = watch({ ...box, ownContainers: async () => [] });
  await until(() => expect(watcher.current().devices.get(T4)?.owner_busy).toBe(true));
  await box.prints(`echo x >>${marker}; exit 9`);
  await until(async () => expect((await readFile(marker, 'utf8').catch(() => '')).length).toBeGreaterThan(6));
  expect(watcher.current().devices.get(T4)?.owner_busy).toBe(true);
  expect(states).toHaveLength(1);
});

test('an engine that does not answer is told, and the watch goes on', async () => {
  const box = await machine({});
  const errors: string[] = [];
  let answers = false;
  const { watcher } = watch({
    ...box,
    ownContainers: async () => {
      if (!answers) throw new Error('the engine is away');
      return [];
    },
    onError: (error) => errors.push(error.message),
  });
  await until(() => expect(errors).toContain('the engine is away'));
  answers = true;
  await until(() => expect(watcher.current().devices.size).toBe(1));
});

test("the owner's use of the CPUs counts, and not that of our leases", async () => {
  const usage = `sys/fs/cgroup/docker/${containerId}/cpu.stat`;
  const box = await machine({
    'proc/900/cgroup': `0::/docker/${containerId}\n`,
    'proc/900/stat': '900 (a) b) R 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n',
    [usage]: 'usage_usec 0\n',
  });
  // Each sample finds a hundredth of a second more on each of four CPUs: far more than a quarter of ten milliseconds.
  let busy = 0;
  let ours = true;
  const tick = async () => {
    busy += 0.04;
    await box.write('proc/stat', stat(busy));
    if (ours) await box.write(usage, `usage_usec ${Math.round(busy * 1e6)}\n`);
    return [{ id: containerId, pid: null }];
  };
  const { watcher, states } = watch({ ...box, ownContainers: tick });
  await until(() => expect(busy).toBeGreaterThan(0.6));
  expect(watcher.current().cpu_owner_busy).toBe(false);
  ours = false;
  await until(() => expect(watcher.current().cpu_owner_busy).toBe(true));
  expect(states.at(-1)?.cpu_owner_busy).toBe(true);
});

test('stop waits for the sample under way, of which nothing is told any more', async () => {
  const box = await machine({});
  const gate = Promise.withResolvers<OwnContainer[]>();
  const asked = Promise.withResolvers<void>();
  const { states, watcher } = watch({
    ...box,
    ownContainers: () => {
      asked.resolve();
      return gate.promise;
    },
  });
  await asked.promise;
  const stopped = watcher.stop();
  gate.resolve([]);
  await stopped;
  expect(states).toEqual([]);
  expect(watcher.current().devices.size).toBe(0);
});

test('on this machine: a plain process of a lease and its children are ours, and their time is counted', async () => {
  const roots = { procRoot: '/proc', sysRoot: '/sys' };
  const shell = spawn(
    'sh',
    ['-c', 'sh -c "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done; echo done; read x"; true'],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  onTestFinished(() => void shell.kill('SIGKILL'));
  await once(shell.stdout, 'data');
  const own = [{ id: 'lse_notagroup', pid: shell.pid! }];
  const seconds = await ownCpuSeconds(own, roots);
  expect(seconds.get('lse_notagroup')).toBeGreaterThan(0);
  expect(await isOwnProcess(shell.pid!, own, roots)).toBe(true);
  expect(await isOwnProcess(process.pid, own, roots)).toBe(false);
  expect(await isOwnProcess(2 ** 22 + 1, own, roots)).toBeNull();
  expect((await readMachineCpu(roots)).busySeconds).toBeGreaterThan(0);
  shell.stdin.end('x\n');
});
