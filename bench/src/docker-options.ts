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
  };
};

/** The container that a lease of the agent was given last. */
export async function newestLease(agentId: string): Promise<LeaseContainer> {
  const own = ['--filter', `label=coop.agent=${agentId}`, '--filter', 'label=coop.lease'];
  const id = (await docker(['ps', '--all', '--latest', '--quiet', ...own])).trim();
  return (JSON.parse(await docker(['inspect', id])) as [LeaseContainer])[0];
}

/** The same cage for a container of `docker run`: the agent's network, limits, capabilities, log. */
export async function leaseOptions(agentId: string, { HostConfig: host }: LeaseContainer): Promise<string[]> {
  const flags: [string, string | number][] = [
    ['network', await networkOf(agentId)],
    ['sysctl', 'net.ipv6.conf.all.disable_ipv6=1'],
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
  ];
  return [...flags.map(([name, value]) => `--${name}=${value}`), ...(host.Init ? ['--init'] : [])];
}

/** The containers that hold a network for the agent's next lease, once nothing of an earlier one is left and one stands. */
export async function readyNetworks(agentId: string): Promise<string[]> {
  const listed = async (...filters: string[]): Promise<string[]> => {
    const wanted = [`label=coop.agent=${agentId}`, ...filters].flatMap((filter) => ['--filter', filter]);
    return (await docker(['ps', '--all', '--quiet', '--no-trunc', ...wanted])).split('\n').filter((id) => id !== '');
  };
  const deadline = performance.now() + 30_000;
  for (;;) {
    const holders = await listed('label=coop.network');
    const running = await listed('label=coop.network', 'status=running');
    const { NetworkMode: last } = (await newestLease(agentId)).HostConfig;
    if (holders.length === 1 && running[0] === holders[0] && last !== `container:${holders[0]}`) return holders;
    if (performance.now() > deadline) throw new Error('the agent made no network ready');
  }
}

/** Takes the ready network away from under the agent, which sees so when the next lease comes. */
export async function takeReadyNetwork(agentId: string): Promise<void> {
  const [holder] = await readyNetworks(agentId);
  await docker(['network', 'disconnect', '--force', await networkOf(agentId), holder!]);
}

async function networkOf(agentId: string): Promise<string> {
  return (await docker(['network', 'ls', '--quiet', '--filter', `label=coop.agent=${agentId}`])).trim();
}

export async function imageMegabytes(image: string): Promise<number> {
  return Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image])) / 1e6;
}

async function docker(args: string[]): Promise<string> {
  return (await run('docker', args)).stdout;
}
