import type { ContainerCreateOptions } from 'dockerode';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { EngineError } from '../engine-error.ts';
import type { Capabilities } from './capabilities.ts';
import type { Image } from './image.ts';

export const labels = { agent: 'coop.agent', lease: 'coop.lease', order: 'coop.order', image: 'coop.image' } as const;

const MIB = 1024 * 1024;

/**
 * What root of an ordinary image needs on its own files, processes and ports (apt, gosu, postgres, sshd), and nothing that reaches
 * beyond them: docs/decisions/005.
 */
const ROOT_MAY = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
  'SYS_CHROOT',
];

export type Surroundings = {
  agentId: string;
  image: Image;
  /** null: no network at all. */
  network: string | null;
  /** A container that holds a network for this lease, which is then put into it. */
  networkHolder: string | undefined;
  capabilities: Capabilities;
  /** The hard limit of open files here, which the engine's is taken to be; null: unknown. */
  openFilesMax: number | null;
  /** The same of processes, where the engine has to be told (podman asks for more than its service may give); else null. */
  processesMax: number | null;
  /** A file, where the engine's own profile of system calls will not do; else null. */
  seccompProfile: string | null;
};

/** Everything that keeps a workload inside its lease. Pure, so that a test reads what a container will be given. */
export function containerConfig(order: LeaseOrder, around: Surroundings): ContainerCreateOptions {
  const { capabilities } = around;
  return {
    name: containerName(order.lease_id),
    Image: around.image.id,
    ...commandOf(order),
    Env: environmentOf(order, capabilities),
    ...(order.working_dir !== null && { WorkingDir: order.working_dir }),
    ...(order.user !== null && { User: order.user }),
    Labels: {
      [labels.agent]: around.agentId,
      [labels.lease]: order.lease_id,
      [labels.order]: JSON.stringify(withoutSecrets(order)),
      [labels.image]: around.image.digest ?? around.image.id,
    },
    // Whoever joins a network bears the name that is there.
    ...(around.networkHolder === undefined && { Hostname: order.lease_id.replaceAll('_', '-').slice(0, 63) }),
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      NetworkMode:
        around.networkHolder === undefined ? (around.network ?? 'none') : `container:${around.networkHolder}`,
      CapDrop: ['ALL'],
      CapAdd: capabilities.addsToAnyUser && !isRoot(order.user ?? around.image.user) ? [] : ROOT_MAY,
      SecurityOpt: [
        'no-new-privileges',
        ...(around.seccompProfile === null ? [] : [`seccomp=${around.seccompProfile}`]),
      ],
      Privileged: false,
      ReadonlyRootfs: false,
      Init: capabilities.hasInit,
      // Never: a lease that ended must not come back with the engine.
      RestartPolicy: { Name: '' },
      AutoRemove: false,
      IpcMode: 'private',
      NanoCpus: Math.round(order.cpus * 1e9),
      Memory: order.memory_mib * MIB,
      MemorySwap: order.memory_mib * MIB,
      PidsLimit: pidsLimit(order.cpus),
      // Shared memory counts towards the limit above, so half of it (Linux's own default) costs the provider nothing.
      ShmSize: (order.shm_mib ?? Math.floor(order.memory_mib / 2)) * MIB,
      OomScoreAdj: capabilities.rootless ? 0 : 500,
      Ulimits: ulimits(around),
      LogConfig: logConfig(capabilities),
      ...(around.network !== null &&
        around.networkHolder === undefined &&
        !capabilities.rootless && { Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' } }),
      ...runtimeOf(order, capabilities),
      ...devicesOf(order, capabilities),
      ...storageOf(order, around),
    },
  };
}

/** By name or number; root by any other name gets less than it could, never more. */
function isRoot(user: string): boolean {
  return ['', '0', 'root'].includes(user.split(':')[0] as string);
}

export function containerName(leaseId: string): string {
  return `coop-${leaseId}`;
}

/** What is kept in a label for re-adoption: values of the environment may be secrets, so none is kept. */
export function withoutSecrets(order: LeaseOrder): LeaseOrder {
  return { ...order, env: {}, registry_auth: null };
}

/** Also the limit that podman's service sets itself. */
const PIDS_MAX = 32_768;

/** Processes and threads: enough for data loaders on many cores, a bound on a fork bomb. */
export function pidsLimit(cpus: number): number {
  return Math.min(PIDS_MAX, 1024 + 256 * Math.ceil(cpus));
}

/** The two ends of a dev-environment that has nothing of its own to run: it stands, and ends at once when asked to. */
const KEEP_STANDING = 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done';

function commandOf(order: LeaseOrder): Pick<ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  if (order.interactive && order.command === null) return { Entrypoint: ['/bin/sh', '-c', KEEP_STANDING], Cmd: [] };
  return {
    ...(order.entrypoint !== null && { Entrypoint: order.entrypoint }),
    ...(order.command !== null && { Cmd: order.command }),
  };
}

/**
 * Which devices a container sees is never the renter's word: a machine whose default runtime is NVIDIA's hands over what
 * NVIDIA_VISIBLE_DEVICES names, and images set it to `all`.
 */
function environmentOf(order: LeaseOrder, { gpu }: Capabilities): string[] {
  const byVariable = order.devices.length > 0 && (gpu === 'nvidia-runtime' || gpu === 'simulated');
  const entries = Object.entries(order.env).filter(([name]) => name !== 'NVIDIA_VISIBLE_DEVICES');
  return [
    ...entries.map(([name, value]) => `${name}=${value}`),
    `NVIDIA_VISIBLE_DEVICES=${byVariable ? order.devices.join(',') : 'void'}`,
  ];
}

function devicesOf(order: LeaseOrder, { gpu }: Capabilities): object {
  if (order.devices.length === 0) return {};
  switch (gpu) {
    case 'cdi':
      return { DeviceRequests: [{ Driver: 'cdi', DeviceIDs: order.devices.map((uuid) => `nvidia.com/gpu=${uuid}`) }] };
    case 'nvidia-runtime':
      return {
        DeviceRequests: [
          {
            Driver: 'nvidia',
            DeviceIDs: order.devices,
            Capabilities: [['gpu', 'compute', 'utility', 'graphics', 'video']],
          },
        ],
      };
    case 'simulated':
      return {
        Devices: order.devices.map((_, index) => ({
          PathOnHost: '/dev/null',
          PathInContainer: `/dev/nvidia${index}`,
          CgroupPermissions: 'rw',
        })),
      };
    default:
      throw new EngineError(
        'device_unavailable',
        'The engine cannot hand GPUs over: it knows neither CDI devices nor the NVIDIA runtime (install nvidia-container-toolkit).',
      );
  }
}

function runtimeOf(order: LeaseOrder, { runtimes, defaultRuntime }: Capabilities): { Runtime?: string } {
  if (order.isolation === 'sandbox') {
    if (!runtimes.includes('runsc'))
      throw new EngineError('agent_refused', 'The engine has no gVisor (runtime runsc) for isolation: sandbox.');
    return { Runtime: 'runsc' };
  }
  // A default runtime that hooks in devices is used for those who rented devices only.
  return order.devices.length === 0 && defaultRuntime === 'nvidia' && runtimes.includes('runc')
    ? { Runtime: 'runc' }
    : {};
}

function storageOf(order: LeaseOrder, { capabilities, image }: Surroundings): { StorageOpt?: Record<string, string> } {
  if (capabilities.diskLimit !== 'enforced') return {};
  // overlay2 counts what the container wrote; the others count its image too.
  const imageMib = capabilities.storageDriver.startsWith('overlay') ? 0 : Math.ceil(image.sizeBytes / MIB);
  return { StorageOpt: { size: `${order.disk_mib + imageMib}m` } };
}

function ulimits({ openFilesMax, processesMax }: Surroundings): { Name: string; Soft: number; Hard: number }[] {
  const files = Math.min(openFilesMax ?? 0, 1_048_576);
  const processes = Math.min(processesMax ?? 0, PIDS_MAX);
  return [
    { Name: 'core', Soft: 0, Hard: 0 },
    ...(openFilesMax === null ? [] : [{ Name: 'nofile', Soft: Math.min(files, 65_536), Hard: files }]),
    ...(processesMax === null ? [] : [{ Name: 'nproc', Soft: processes, Hard: processes }]),
  ];
}

/** At most 20 MB a lease, whatever it prints. `local` keeps bytes as they came; json-file spoils characters cut at 16 KiB. */
function logConfig({ logDriver }: Capabilities): { Type: string; Config: Record<string, string> } {
  if (logDriver === 'k8s-file') return { Type: 'k8s-file', Config: { 'max-size': '20m' } };
  const rotation = { 'max-size': '10m', 'max-file': '2' };
  return { Type: logDriver, Config: logDriver === 'local' ? { ...rotation, compress: 'false' } : rotation };
}
