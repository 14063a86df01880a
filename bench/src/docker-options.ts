import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `docker inspect` says of the container of a lease, as far as `docker run` can be told the same. */
export type LeaseContainer = {
  HostConfig: {
    NetworkMode: string;
    CapDrop: string[];
    CapAdd: string[];
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
  const flags: [string, string | number][] = [
    ['network', host.NetworkMode],
    ...host.CapDrop.map((capability): [string, string] => ['cap-drop', capability]),
    ...host.CapAdd.map((capability): [string, string] => ['cap-add', capability]),
    ...host.SecurityOpt.map((option): [string, string] => ['security-opt', option]),
    ['cpus', host.NanoCpus / 1e9],
    ['memory', host.Memory],
    ['memory-swap', host.MemorySwap],
    ['pids-limit', host.PidsLimit],
    ['shm-size', host.ShmSize],
    ['oom-score-adj', host.OomScoreAdj],
    ['ipc', host.IpcMode],
    ...host.Ulimits.map(({ Name, Soft, Hard }): [string, string] => ['ulimit', `${Name}=${Soft}:${Hard}`]),
    ['log-driver', host.LogConfig.Type],
    ...Object.entries(host.LogConfig.Config).map(([name, value]): [string, string] => ['log-opt', `${name}=${value}`]),
    ...Object.entries(host.Sysctls ?? {}).map(([name, value]): [string, string] => ['sysctl', `${name}=${value}`]),
  ];
  return [...flags.map(([name, value]) => `--${name}=${value}`), ...(host.Init ? ['--init'] : [])];
}

export async function imageMegabytes(image: string): Promise<number> {
  return Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image])) / 1e6;
}

async function docker(args: string[]): Promise<string> {
  return (await run('docker', args)).stdout;
}
