import { describe, expect, test } from 'vitest';
import { testOrder } from '../test-bed.ts';
import type { Capabilities } from './capabilities.ts';
import { containerConfig } from './container-config.ts';
import type { Surroundings } from './container-config.ts';

const capabilities: Capabilities = {
  gpu: 'none',
  runtimes: ['runc', 'nvidia', 'runsc'],
  defaultRuntime: 'runc',
  storageDriver: 'overlay2',
  diskLimit: 'watched',
  liveRestore: true,
  logDriver: 'local',
  rootDir: '/var/lib/docker',
  rootless: false,
  hasInit: true,
  cannotLimit: [],
  addsToAnyUser: false,
};
const around = (change: Partial<Capabilities> = {}, more: Partial<Surroundings> = {}): Surroundings => ({
  agentId: 'mch_a',
  image: { id: 'sha256:1', digest: null, sizeBytes: 100 * 1024 * 1024, user: '' },
  network: 'coop-1',
  networkHolder: undefined,
  openFilesMax: 20_000,
  processesMax: null,
  seccompProfile: null,
  capabilities: { ...capabilities, ...change },
  ...more,
});
const GPUS = ['GPU-1', 'GPU-2'];

describe('what a container is given', () => {
  test('no privilege beyond its own files, processes and ports', () => {
    const { HostConfig: host } = containerConfig(testOrder(), around());
    expect(host).toMatchObject({
      CapDrop: ['ALL'],
      CapAdd: [
        'CHOWN',
        'DAC_OVERRIDE',
        'FOWNER',
        'FSETID',
        'KILL',
        'NET_BIND_SERVICE',
        'SETGID',
        'SETUID',
        'SYS_CHROOT',
      ],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      RestartPolicy: { Name: '' },
      IpcMode: 'private',
      Init: true,
    });
    for (const opening of [
      'Binds',
      'Mounts',
      'PidMode',
      'UsernsMode',
      'CgroupParent',
      'Devices',
      'PortBindings',
      'VolumesFrom',
    ]) {
      expect(host).not.toHaveProperty(opening);
    }
  });

  test('capabilities for root alone, where the engine would give them to anybody', () => {
    const added = (user: string | null, imageUser: string, addsToAnyUser = true) =>
      containerConfig(
        testOrder({ user }),
        around({ addsToAnyUser }, { image: { id: 'sha256:1', digest: null, sizeBytes: 1, user: imageUser } }),
      ).HostConfig?.CapAdd;
    for (const root of ['', '0', 'root', '0:0', 'root:staff']) expect(added(null, root)).toHaveLength(9);
    for (const other of ['1000', 'nobody', '1000:0', '00']) expect(added(null, other)).toEqual([]);
    expect(added('1000', '')).toEqual([]);
    expect(added('0', 'nobody')).toHaveLength(9);
    expect(added('1000', '', false)).toHaveLength(9);
  });

  test('its limits, and the network or none', () => {
    const { HostConfig: host } = containerConfig(testOrder({ cpus: 1.5, memory_mib: 1000, shm_mib: null }), around());
    const mib = 1024 * 1024;
    expect(host).toMatchObject({
      NanoCpus: 1.5e9,
      Memory: 1000 * mib,
      MemorySwap: 1000 * mib,
      ShmSize: 500 * mib,
      PidsLimit: 1536,
      NetworkMode: 'coop-1',
    });
    expect(containerConfig(testOrder(), around({}, { network: null })).HostConfig?.NetworkMode).toBe('none');
  });

  test('devices by UUID, by CDI, by the NVIDIA runtime, or not at all', () => {
    const order = testOrder({ devices: GPUS });
    expect(containerConfig(order, around({ gpu: 'cdi' })).HostConfig?.DeviceRequests).toEqual([
      { Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=GPU-1', 'nvidia.com/gpu=GPU-2'] },
    ]);
    expect(containerConfig(order, around({ gpu: 'nvidia-runtime' })).HostConfig?.DeviceRequests).toMatchObject([
      { Driver: 'nvidia', DeviceIDs: GPUS },
    ]);
    expect(() => containerConfig(order, around())).toThrow(expect.objectContaining({ reason: 'device_unavailable' }));
  });

  test('only the devices that were rented, whatever the renter’s environment and the default runtime say', () => {
    const env = { NVIDIA_VISIBLE_DEVICES: 'all', OWN: '1' };
    const visible = ({ Env }: ReturnType<typeof containerConfig>) =>
      Env?.filter((entry) => entry.startsWith('NVIDIA_VISIBLE_DEVICES'));
    const none = containerConfig(testOrder({ env }), around({ gpu: 'nvidia-runtime', defaultRuntime: 'nvidia' }));
    expect(visible(none)).toEqual(['NVIDIA_VISIBLE_DEVICES=void']);
    expect(none.HostConfig?.Runtime).toBe('runc');
    expect(visible(containerConfig(testOrder({ env, devices: GPUS }), around({ gpu: 'nvidia-runtime' })))).toEqual([
      'NVIDIA_VISIBLE_DEVICES=GPU-1,GPU-2',
    ]);
    expect(visible(containerConfig(testOrder({ env, devices: GPUS }), around({ gpu: 'cdi' })))).toEqual([
      'NVIDIA_VISIBLE_DEVICES=void',
    ]);
  });

  test('a disk limit where the driver has one, with room for the image where that counts', () => {
    const size = (change: Partial<Capabilities>) =>
      containerConfig(testOrder({ disk_mib: 500 }), around(change)).HostConfig?.StorageOpt;
    expect(size({})).toBeUndefined();
    expect(size({ diskLimit: 'enforced' })).toEqual({ size: '500m' });
    expect(size({ diskLimit: 'enforced', storageDriver: 'btrfs' })).toEqual({ size: '600m' });
  });

  test('gVisor where it is asked for, refused where it is not there', () => {
    expect(containerConfig(testOrder({ isolation: 'sandbox' }), around()).HostConfig?.Runtime).toBe('runsc');
    expect(() => containerConfig(testOrder({ isolation: 'sandbox' }), around({ runtimes: ['runc'] }))).toThrow(
      expect.objectContaining({ reason: 'agent_refused' }),
    );
  });

  test('open files no more than this machine can give', () => {
    const files = (openFilesMax: number | null) =>
      containerConfig(testOrder(), around({}, { openFilesMax })).HostConfig?.Ulimits?.find(
        ({ Name }) => Name === 'nofile',
      );
    expect(files(20_000)).toMatchObject({ Soft: 20_000, Hard: 20_000 });
    expect(files(2 ** 30)).toMatchObject({ Soft: 65_536, Hard: 1_048_576 });
    expect(files(null)).toBeUndefined();
  });

  test('processes a user may have, where the engine must be told', () => {
    const limits = (processesMax: number | null) =>
      containerConfig(testOrder(), around({}, { processesMax })).HostConfig?.Ulimits?.filter(
        ({ Name }) => Name === 'nproc',
      );
    expect(limits(96_365)).toEqual([{ Name: 'nproc', Soft: 32_768, Hard: 32_768 }]);
    expect(limits(4096)).toEqual([{ Name: 'nproc', Soft: 4096, Hard: 4096 }]);
    expect(limits(null)).toEqual([]);
  });

  test('the image’s own command unless there is another', () => {
    expect(containerConfig(testOrder({ command: null }), around())).not.toHaveProperty('Cmd');
    expect(containerConfig(testOrder({ entrypoint: ['e'], command: ['c'] }), around())).toMatchObject({
      Entrypoint: ['e'],
      Cmd: ['c'],
    });
    expect(containerConfig(testOrder({ interactive: true, command: null }), around()).Entrypoint?.[0]).toBe('/bin/sh');
    expect(containerConfig(testOrder({ interactive: true, command: ['own'] }), around())).toMatchObject({
      Cmd: ['own'],
    });
  });
});
