import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `docker inspect` says of the container of a lease, as far as `docker run` can be told the same. */
export type LeaseContainer = {
  HostConfig: {
    NetworkMode: string;
    CapDrop: string[];
    SecurityOpt: string[];
    Init: boolean;
    NanoCpus: number;
    Memory: number;
    MemorySwap: number;
    PidsLimit: number;
    ShmSize: number;
    OomScoreAdj: number;
    IpcMode: string;
    Ulimits: { Name: string; Soft: number; Hard: number }[];
    LogConfig: { Type: string; Config: Record<string, string> };
    Sysctls?: Record<string, string>;
  };
};

/** The container that a lease was given last on this machine. */
export async function newestLease(): Promise<LeaseContainer> {
  const id = (await docker(['ps', '--all', '--latest', '--quiet', '--filter', 'label=coop.lease'])).trim();
  return (JSON.parse(await docker(['inspect', id])) as [LeaseContainer])[0];
}

/** The same cage for a container of `docker run`: network, limits, capabilities, log. */
export function leaseOptions({ HostConfig: host }: LeaseContainer): string[] {
  return [
    ...['--network', host.NetworkMode],
    ...host.CapDrop.flatMap((capability) => ['--cap-drop', capability]),
    ...host.SecurityOpt.flatMap((option) => ['--security-opt', option]),
    ...(host.Init ? ['--init'] : []),
    ...['--cpus', String(host.NanoCpus / 1e9)],
    ...['--memory', String(host.Memory), '--memory-swap', String(host.MemorySwap)],
    ...['--pids-limit', String(host.PidsLimit), '--shm-size', String(host.ShmSize)],
    ...['--oom-score-adj', String(host.OomScoreAdj), '--ipc', host.IpcMode],
    ...host.Ulimits.flatMap(({ Name, Soft, Hard }) => ['--ulimit', `${Name}=${Soft}:${Hard}`]),
    ...['--log-driver', host.LogConfig.Type],
    ...Object.entries(host.LogConfig.Config).flatMap(([name, value]) => ['--log-opt', `${name}=${value}`]),
    ...Object.entries(host.Sysctls ?? {}).flatMap(([name, value]) => ['--sysctl', `${name}=${value}`]),
  ];
}

export async function imageMegabytes(image: string): Promise<number> {
  return Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image])) / 1e6;
}

async function docker(args: string[]): Promise<string> {
  return (await run('docker', args)).stdout;
}
