import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import type { ContainerInfo } from 'dockerode';
import type { EngineLog } from '../engine.ts';
import { HOLDER_LABEL } from '../isolation/names.ts';
import { removeHolder } from '../isolation/network.ts';
import { within } from '../within.ts';
import { engineMessage } from './client.ts';

/**
 * A network that stands before its lease comes: making a network namespace and joining it to a bridge is half of what an engine does
 * to start a container. A container that only sleeps holds it, on the agent's bridge, behind the same rules. One lease's container is
 * put into it, and never a second one's: what a workload may have left there (answers it waits for, its hosts file) goes with it.
 */
export type ReadyNetworks = {
  /** The container whose network a lease may have now; undefined: none is ready, the lease's own container makes one. */
  take(): Promise<string | undefined>;
  /** The container that was to use it exists now, or never will. */
  settle(holderId: string): void;
  /** Removes what no lease uses (any more), and sees to it that one is ready. Harmless at any time, and never throws. */
  keep(): Promise<void>;
  /** Soon, once a lease that is starting has the engine for itself no more. Nothing before `keep` was called for the first time. */
  keepSoon(): void;
  /** What no lease uses goes; from now on none is made. */
  close(): Promise<void>;
};

export type ReadyNetworksOptions = {
  docker: Docker;
  agentId: string;
  /** null: there is no closed-off network now. */
  network(): string | null;
  /** Something that has `sleep`; undefined: there is no such image, and nothing is ever ready. */
  imageId: string | undefined;
  log: EngineLog;
};

const CALL_MS = 30_000;
const MIB = 1024 * 1024;
const SOON_MS = 250;
const GONE: readonly string[] = ['exited', 'dead', 'removing'];

export function createReadyNetworks(options: ReadyNetworksOptions): ReadyNetworks {
  const { docker, agentId, network, log } = options;
  let ready: string | undefined;
  /** Taken, and the container of the lease is not made yet. */
  const promised = new Set<string>();
  let closed = false;
  let underway: Promise<void> = Promise.resolve();
  /** A look that has not begun yet serves all who ask for one meanwhile. */
  let next: Promise<void> | undefined;
  let soon: NodeJS.Timeout | undefined;
  let kept = false;

  function keep(): Promise<void> {
    kept = true;
    next ??= underway = underway.then(() => {
      next = undefined;
      return lookAfter();
    });
    return next;
  }

  async function lookAfter(): Promise<void> {
    try {
      await removeUnused();
      if (ready === undefined && !closed) ready = await makeOne(options);
    } catch (error) {
      log.warn({ error: engineMessage(error) }, 'no network could be made ready: the next lease makes its own');
    }
  }

  async function removeUnused(): Promise<void> {
    const spared = new Set(promised); // before the look: what is used in the meantime does not look so yet
    if (ready !== undefined && !closed) spared.add(ready);
    const own = await within(CALL_MS, 'list containers', () =>
      docker.listContainers({ all: true, filters: { label: [`coop.agent=${agentId}`] } }),
    );
    const used = new Set(own.filter(({ State }) => !GONE.includes(State)).map(holderUsedBy));
    for (const holder of own.filter(isHolder)) {
      const serves = holder.State === 'running' && isOn(network(), holder.NetworkSettings.Networks);
      if (used.has(holder.Id) || (serves && spared.has(holder.Id))) continue;
      if (holder.Id === ready) ready = undefined;
      if (!promised.has(holder.Id)) await removeHolder(docker, holder.Id);
    }
  }

  return {
    async take() {
      const id = ready;
      if (id === undefined || network() === null) return undefined;
      ready = undefined;
      promised.add(id);
      if (await isConnected(docker, id, network())) return id;
      promised.delete(id);
      return undefined;
    },
    settle: (holderId) => void promised.delete(holderId),
    keep,
    keepSoon() {
      if (!kept || closed) return;
      clearTimeout(soon);
      soon = setTimeout(() => void keep(), SOON_MS);
    },
    async close() {
      closed = true;
      clearTimeout(soon);
      if (kept) await keep();
    },
  };
}

/** The container whose network another one uses, by what the engine says of the latter. */
export function holderUsedBy({
  HostConfig,
}: {
  HostConfig?: { NetworkMode?: string | undefined };
}): string | undefined {
  return /^container:(.+)$/.exec(HostConfig?.NetworkMode ?? '')?.[1];
}

export function isHolder({ Labels }: Pick<ContainerInfo, 'Labels'>): boolean {
  return Labels[HOLDER_LABEL] !== undefined;
}

async function makeOne({ docker, agentId, network, imageId }: ReadyNetworksOptions): Promise<string | undefined> {
  const name = network();
  if (name === null || imageId === undefined) return undefined;
  const container = await within(CALL_MS, 'create network holder', () =>
    docker.createContainer({
      Image: imageId,
      Entrypoint: ['sleep'],
      Cmd: ['2147483647'],
      User: '65534:65534',
      // The workload is called so too: the engine gives it the name of the network that it is put into.
      Hostname: `coop-${randomBytes(5).toString('hex')}`,
      Labels: { 'coop.agent': agentId, [HOLDER_LABEL]: '' },
      HostConfig: {
        NetworkMode: name,
        Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' },
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        IpcMode: 'private',
        RestartPolicy: { Name: '' },
        Memory: 32 * MIB,
        MemorySwap: 32 * MIB,
        PidsLimit: 16,
        LogConfig: { Type: 'none', Config: {} },
      },
    }),
  );
  try {
    await within(CALL_MS, 'start network holder', () => container.start());
    return container.id;
  } catch (error) {
    await removeHolder(docker, container.id);
    throw error;
  }
}

/** It may have been ended, or the bridge been taken from it, by somebody's hand or with the engine. */
async function isConnected(docker: Docker, holderId: string, name: string | null): Promise<boolean> {
  try {
    const { State, NetworkSettings } = await within(CALL_MS, 'inspect network holder', () =>
      docker.getContainer(holderId).inspect(),
    );
    return State.Running && isOn(name, NetworkSettings.Networks);
  } catch {
    return false;
  }
}

function isOn(name: string | null, networks: Record<string, { IPAddress: string }>): boolean {
  const joined = Object.keys(networks);
  return joined.length === 1 && joined[0] === name && networks[name]!.IPAddress !== '';
}
