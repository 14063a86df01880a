import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { DoctorCheck, type DeviceInfo, type MachineTerms } from '@gpucoop/protocol/resources.ts';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { timeZone } from './devices/host.ts';
import { engineChecks, gpuHandover } from './doctor/engine-checks.ts';
import { diskSpace, memory, nodeVersion } from './doctor/host-checks.ts';
import { otherAgents } from './doctor/other-agents.ts';
import { clock, serverChecks } from './doctor/server-checks.ts';
import { kernel, virtualisation } from './doctor/system-checks.ts';
import { quietMinutes, termsChecks } from './doctor/terms-checks.ts';
import { runDoctor } from './doctor.ts';

const docker: EngineInfo = {
  name: 'docker',
  version: '28.2.2',
  isolation: 'container',
  gpu: 'none',
  network: 'internet',
  disk_limit: 'enforced',
  live_restore: true,
  base_image: null,
  cached_images: [],
};
const terms: MachineTerms = {
  price_micros_per_unit_hour: {},
  min_units: 1,
  max_units: null,
  min_duration_s: 1,
  max_duration_s: 3600,
  quiet_hours: [],
  time_zone: timeZone(),
  only_when_idle: false,
  reserve_cpus: 0,
  reserve_memory_mib: 0,
  disk_mib: null,
  region: '',
};
const gpu = { vendor: 'nvidia' } as DeviceInfo;

async function directory(files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'coop-doctor-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

async function server(headers: Record<string, string> = {}): Promise<{ server: string; tls: null }> {
  const http = createServer((_, response) => response.writeHead(404, headers).end());
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => void http.close());
  return { server: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, tls: null };
}

const statuses = (checks: DoctorCheck[]) => Object.fromEntries(checks.map((check) => [check.name, check.status]));

test('on this machine every check has a name, something found, and a hint exactly where something is wrong', async () => {
  const checks = await runDoctor({
    stateDir: await directory(),
    server: await server(),
    engine: async () => docker,
    terms,
    nvidiaSmi: '/nowhere/nvidia-smi',
  });
  for (const check of checks) {
    DoctorCheck.parse(check);
    expect(check.found).not.toBe('');
    expect(check.hint === null).toBe(check.status === 'ok');
  }
  expect(new Set(checks.map((check) => check.name)).size).toBe(checks.length);
  expect(checks.map((check) => check.name)).toEqual(
    expect.arrayContaining([
      'Node',
      'kernel',
      'control groups',
      'memory',
      'disk space',
      'container engine',
      'engine restarts',
      'network isolation',
      'disk limits',
      'GPU driver',
      'server',
      'clock',
      'time zone',
      'quiet hours',
    ]),
  );
});

test('an engine and a server that do not answer are findings, and everything else is still looked at', async () => {
  const { server: gone } = await server();
  const checks = await runDoctor({
    stateDir: await directory(),
    server: { server: gone.replace(/\d+$/, '9'), tls: null },
    engine: () => Promise.reject(new Error('docker does not answer')),
    terms: null,
  });
  expect(statuses(checks)).toMatchObject({ 'container engine': 'failed', server: 'failed', Node: 'ok' });
  expect(checks.find((check) => check.name === 'container engine')?.found).toBe('docker does not answer');
});

test('the engine: what leases do not survive, get, or are held to', async () => {
  const weak = { ...docker, live_restore: false, network: 'none', disk_limit: 'watched' } as const;
  const checks = await engineChecks(Promise.resolve(weak), 'iptables: not found');
  expect(statuses(checks)).toEqual({
    'container engine': 'ok',
    'engine restarts': 'warning',
    'network isolation': 'warning',
    'disk limits': 'warning',
  });
  expect(checks[2]?.found).toContain('iptables: not found');
  expect(statuses(await engineChecks(Promise.resolve(docker), null))).toEqual({
    'container engine': 'ok',
    'engine restarts': 'ok',
    'network isolation': 'ok',
    'disk limits': 'ok',
  });
  expect(
    statuses(await engineChecks(Promise.resolve({ ...docker, name: 'process', isolation: 'none' }), null)),
  ).toEqual({ 'container engine': 'warning' });
});

test('a GPU that cannot be handed to a container says what to install or type', async () => {
  expect(await gpuHandover([], docker)).toEqual([]);
  expect(await gpuHandover([gpu], { ...docker, gpu: 'cdi' })).toMatchObject([{ status: 'ok' }]);
  expect(await gpuHandover([gpu], docker)).toMatchObject([
    { status: 'failed', hint: expect.stringMatching(/nvidia-ctk|nvidia-container-toolkit/) },
  ]);
  expect(await gpuHandover([{ ...gpu, vendor: 'amd' }], docker)).toMatchObject([
    { status: 'failed', hint: expect.stringContaining('class cpu') },
  ]);
});

test("the clock is compared with the server's, of which only whole seconds are known", async () => {
  expect(clock(0, 20)).toMatchObject({ status: 'ok' });
  expect(clock(5_900, 20)).toMatchObject({ status: 'ok' });
  expect(clock(7_000, 20)).toMatchObject({ status: 'warning', found: "7.0 s ahead of the server's" });
  expect(clock(-90_000, 20)).toMatchObject({ status: 'failed', found: "90.0 s behind the server's" });
  const wrong = await server({ date: new Date(Date.now() - 3_600_000).toUTCString() });
  expect(statuses(await serverChecks(wrong))).toEqual({ server: 'ok', clock: 'failed' });
  expect(statuses(await serverChecks(await server()))).toEqual({ server: 'ok', clock: 'ok' });
  expect(await serverChecks(null)).toMatchObject([
    { status: 'failed', hint: expect.stringContaining('coop machine add') },
  ]);
});

test('quiet hours that are no times, or leave no time, are refused', () => {
  const quiet = (...windows: [string, string][]) =>
    termsChecks({ ...terms, quiet_hours: windows.map(([from, to]) => ({ from, to })) })[1];
  expect(quiet(['22:00', '07:00'])).toMatchObject({ status: 'ok', found: expect.stringContaining('22:00-07:00') });
  expect(quiet(['25:00', '07:00'])).toMatchObject({ status: 'failed', found: expect.stringContaining('25:00-07:00') });
  expect(quiet(['08:00', '08:00'])).toMatchObject({ status: 'failed', found: expect.stringContaining('whole day') });
  expect(quiet(['00:00', '12:00'], ['12:00', '24:00'])).toMatchObject({ status: 'failed' });
});

test('quiet minutes: a window and the rest of the day make a whole day', () => {
  const time = fc
    .nat(1439)
    .map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
  fc.assert(
    fc.property(time, time, (from, to) => {
      fc.pre(from !== to);
      expect(quietMinutes([{ from, to }]) + quietMinutes([{ from: to, to: from }])).toBe(1440);
      expect(
        quietMinutes([
          { from, to },
          { from: to, to: from },
        ]),
      ).toBe(1440);
    }),
  );
});

test('a time zone that does not exist, or is not the one this machine lives in', () => {
  expect(termsChecks({ ...terms, time_zone: 'Europe/Atlantis' })[0]).toMatchObject({ status: 'failed' });
  const elsewhere = timeZone() === 'Asia/Tokyo' ? 'Europe/Paris' : 'Asia/Tokyo';
  expect(termsChecks({ ...terms, time_zone: elsewhere })[0]).toMatchObject({
    status: 'warning',
    found: expect.stringContaining(elsewhere),
  });
});

test('host: too old, too little', () => {
  expect(nodeVersion('20.20.2').status).toBe('failed');
  expect(nodeVersion('24.0.0').status).toBe('ok');
  expect(kernel('4.19.0-25-amd64').status).toBe('warning');
  expect(kernel('6.1.0').status).toBe('ok');
  expect(memory(16_384, { ...terms, reserve_memory_mib: 16_384 }).status).toBe('failed');
  expect(memory(900, null).status).toBe('warning');
  expect(diskSpace({ disk_free_mib: 500, disk_total_mib: 100_000 }).status).toBe('failed');
  expect(diskSpace({ disk_free_mib: 10_000, disk_total_mib: 100_000 }).status).toBe('warning');
  expect(diskSpace({ disk_free_mib: 50_000, disk_total_mib: 100_000 }).status).toBe('ok');
});

test('WSL is told apart by its kernel', async () => {
  const procRoot = await directory({ version: 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x)' });
  expect(await virtualisation(procRoot)).toMatchObject([{ status: 'warning', found: expect.stringContaining('WSL') }]);
});

test('another agent on the same machine is seen by what it runs, and our own is not taken for one', async () => {
  const alive = spawn('sleep', ['600']);
  await once(alive, 'spawn');
  onTestFinished(() => void alive.kill());
  const procRoot = await directory({
    [`${alive.pid}/cmdline`]: ['/opt/coop-agent/bin/node', '/opt/coop-agent/agent.mjs', 'run', ''].join('\0'),
    '7/cmdline': ['node', '/opt/coop-agent/agent.mjs', 'doctor', ''].join('\0'),
    '8/cmdline': ['vi', 'agent/src/main.ts', ''].join('\0'),
  });
  const stateDir = await directory();
  expect(await otherAgents(stateDir, procRoot)).toMatchObject([
    { name: 'other agents', status: 'warning', found: expect.stringContaining(`(process ${alive.pid})`) },
  ]);
  await writeFile(join(stateDir, 'agent.lock'), `${alive.pid} unknown\n`);
  expect(await otherAgents(stateDir, procRoot)).toMatchObject([
    { name: 'agent', status: 'ok', found: `running (process ${alive.pid})` },
  ]);
});
