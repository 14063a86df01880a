import { describe, expect, test } from 'vitest';
import { readCapabilities } from './capabilities.ts';
import type { EngineFacts } from './capabilities.ts';

const docker = { name: 'docker', version: '28.2.2' } as const;
const read = (
  facts: EngineFacts,
  mounts = '',
  dirs: string[] = [],
  engine: { name: 'docker' | 'podman'; version: string } = docker,
  hasPodmanInit = true,
) => readCapabilities(facts, engine, false, { mounts, specDirHasNvidia: (dir) => dirs.includes(dir), hasPodmanInit });
const podman = { name: 'podman', version: '4.3.1' } as const;

describe('what an engine says of itself', () => {
  test('devices: CDI before the NVIDIA runtime, neither without either', () => {
    expect(read({}).gpu).toBe('none');
    expect(read({ Runtimes: { runc: {}, nvidia: {} } }).gpu).toBe('nvidia-runtime');
    const withCdi = { Runtimes: { runc: {}, nvidia: {} }, CDISpecDirs: ['/etc/cdi', '/var/run/cdi'] };
    expect(read(withCdi, '', ['/var/run/cdi']).gpu).toBe('cdi');
    expect(read(withCdi).gpu).toBe('nvidia-runtime');
    expect(read({ DiscoveredDevices: [{ Source: 'cdi', ID: 'nvidia.com/gpu=GPU-1' }] }).gpu).toBe('cdi');
    expect(read({ DiscoveredDevices: [{ Source: 'cdi', ID: 'vendor.com/nic=0' }] }).gpu).toBe('none');
  });

  test('devices: podman from version 5 on', () => {
    expect(read({}, '', ['/etc/cdi'], { name: 'podman', version: '4.3.1' }).gpu).toBe('none');
    expect(read({}, '', ['/etc/cdi'], { name: 'podman', version: '5.4.0' }).gpu).toBe('cdi');
  });

  test('disk: enforced only where the storage driver can', () => {
    const overlay = (backing: string): EngineFacts => ({
      Driver: 'overlay2',
      DriverStatus: [['Backing Filesystem', backing]],
      DockerRootDir: '/data/docker',
    });
    const mounts = '/dev/a / ext4 rw 0 0\n/dev/b /data xfs rw,prjquota 0 0\n/dev/c /data/other xfs rw 0 0';
    expect(read(overlay('extfs'), mounts).diskLimit).toBe('watched');
    expect(read(overlay('xfs'), mounts).diskLimit).toBe('enforced');
    expect(read({ ...overlay('xfs'), DockerRootDir: '/data/other/docker' }, mounts).diskLimit).toBe('watched');
    expect(read(overlay('xfs'), '/dev/b /data xfs rw,noquota 0 0').diskLimit).toBe('watched');
    expect(read({ Driver: 'btrfs' }).diskLimit).toBe('enforced');
  });

  test('logs: the driver that keeps bytes as they came, where there is one', () => {
    expect(read({ Plugins: { Log: ['json-file', 'local'] } }).logDriver).toBe('local');
    expect(read({ Plugins: { Log: ['json-file'] } }).logDriver).toBe('json-file');
    expect(read({}, '', [], { name: 'podman', version: '5.0.0' }).logDriver).toBe('k8s-file');
  });

  test('podman’s list of runtimes is no promise: only its default one is used', () => {
    const runtimes = { runc: {}, runsc: {} };
    expect(read({ Runtimes: runtimes, DefaultRuntime: 'runc' }).runtimes).toEqual(['runc', 'runsc']);
    expect(read({ Runtimes: runtimes, DefaultRuntime: 'runc' }, '', [], podman).runtimes).toEqual(['runc']);
  });

  test('an init process only where it is installed', () => {
    expect(read({ InitBinary: 'docker-init' }).hasInit).toBe(true);
    expect(read({}).hasInit).toBe(false);
    expect(read({}, '', [], podman, true).hasInit).toBe(true);
    expect(read({}, '', [], podman, false).hasInit).toBe(false);
  });

  test('what it cannot limit', () => {
    expect(read({ MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true }).cannotLimit).toEqual([]);
    expect(read({}).cannotLimit).toEqual([]);
    const rootlessOld = { MemoryLimit: false, CpuCfsQuota: false, PidsLimit: false };
    expect(read(rootlessOld).cannotLimit).toEqual(['memory', 'CPUs', 'processes']);
  });

  test('a rootless engine is known as one', () => {
    expect(read({ SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }).rootless).toBe(true);
    expect(read({ SecurityOptions: null }).rootless).toBe(false);
  });
});
