import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { connectTcp } from '../connect-tcp.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerState, Engine, EngineOptions } from '../engine.ts';
import { openIsolation, removeIsolation } from '../isolation/isolation.ts';
import { removeHolder } from '../isolation/network.ts';
import { within } from '../within.ts';
import { ensureBaseImage } from './base-image.ts';
import { detectCapabilities } from './capabilities.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';
import type { Connection } from './client.ts';
import { DiskMeasure } from './disk.ts';
import { startExec } from './exec.ts';
import { readFiles, writeFiles } from './files.ts';
import { hardLimits } from './hard-limits.ts';
import { parseImageReference } from './image-reference.ts';
import { initContainer } from './init-container.ts';
import { readLogs } from './logs.ts';
import { openOwnContainers, orderOf } from './own-containers.ts';
import { writePodmanSeccomp } from './podman-seccomp.ts';
import { prepareLease, refuseOpenNetwork } from './prepare.ts';
import type { Preparing } from './prepare.ts';
import { openPrivateImages } from './private-images.ts';
import { createReadyNetworks, holderUsedBy } from './ready-networks.ts';
import { startError } from './start-error.ts';
import { readStats } from './stats.ts';
import { waitForEnd } from './wait-for-end.ts';

const MIB = 1024 * 1024;
const CALL_MS = 30_000;
const ENGINE_AWAY_MS = 1000;
const POLL_MS = 100;

/** The engine over docker's HTTP interface, which podman speaks too. It touches only containers with its agent's label. */
export async function openDocker(connection: Connection, options: EngineOptions): Promise<Engine> {
  const { docker, name, version, socketPath } = connection;
  const { agentId, log } = options;
  const capabilities = await detectCapabilities(connection, options.simulateGpus === true);
  if (capabilities.cannotLimit.length > 0) {
    throw new EngineError(
      'engine_unavailable',
      `${name} cannot limit ${capabilities.cannotLimit.join(', ')} on this machine, so a workload could take all of it. ` +
        'Without root it needs cgroups v2 with the controllers cpu, memory and pids delegated to the user; else run it as root.',
    );
  }
  const isolation = await openIsolation({
    docker,
    agentId,
    stateDir: options.stateDir,
    hookChain: name === 'podman' ? 'FORWARD' : 'DOCKER-USER',
    impossible: options.network === false ? 'the agent is told to give leases none' : whyNoRules(capabilities.rootless),
    log,
  });
  const privateImages = openPrivateImages(options.stateDir);
  const ownImages = options.ownImages !== false;
  const disk = new DiskMeasure(docker, capabilities.rootDir);
  const limits = await hardLimits();
  const seccompProfile = name === 'podman' ? await writePodmanSeccomp(options.stateDir) : null;
  const baseImage = await ensureBaseImage(docker).catch((error: unknown) => {
    log.warn({ error: engineMessage(error) }, 'the base image could not be made: specs must name an image');
    return undefined;
  });

  const readyNetworks = createReadyNetworks({
    docker,
    agentId,
    network: () => isolation.network(),
    // podman sets rules of its own with each container's network, which docker does with the bridge.
    imageId: name === 'docker' && options.readyNetwork !== false ? baseImage?.image.id : undefined,
    log,
  });
  /** Made by this agent and not asked to start yet, so that nobody needs to look whether they have ended. */
  const unstarted = new Set<string>();

  const containers = openOwnContainers(connection, { agentId, liveRestore: capabilities.liveRestore });
  const preparing: Preparing = {
    images: { docker, privateImages, ownImages },
    baseImage: baseImage?.image,
    isolation,
    readyNetworks,
    surroundings: {
      agentId,
      capabilities,
      openFilesMax: limits.openFiles,
      processesMax: name === 'podman' ? limits.processes : null,
      seccompProfile,
    },
  };
  const inspect = async (containerId: string): Promise<ContainerState | undefined> => {
    const container = await containers.find(containerId);
    return container && containers.stateOf(container);
  };
  /** podman's network programs put rules of their own before ours with a container's network: so that comes before its process. */
  const closeOffFirst = async ({ Id: id, HostConfig: host }: ContainerInspectInfo): Promise<void> => {
    if (host.NetworkMode === 'none') return;
    await within(60_000, 'set up network', () => initContainer(docker, id)).catch((error: unknown) => {
      throw startError(error, 'start');
    });
    await isolation.reassert();
    refuseOpenNetwork(isolation, host.NetworkMode);
  };
  /** Of a container that runs no more, or never did. */
  const releaseNetwork = async (container: ContainerInspectInfo): Promise<void> => {
    const holder = holderUsedBy(container);
    if (holder !== undefined) await removeHolder(docker, holder);
  };
  const diskUsedMib = async (containerId: string): Promise<number | null> => {
    const container = await containers.find(containerId);
    return container === undefined ? null : disk.usedMib(container.Id, orderOf(container).disk_mib);
  };

  const engine: Engine = {
    async info() {
      const now = await detectCapabilities(connection, options.simulateGpus === true);
      const images = await within(CALL_MS, 'list images', () => docker.listImages());
      return {
        name,
        version,
        isolation: now.runtimes.includes('runsc') && now.gpu === 'none' ? 'sandbox' : 'container',
        gpu: now.gpu,
        network: isolation.network() === null ? 'none' : 'internet',
        disk_limit: now.diskLimit,
        live_restore: now.liveRestore,
        base_image: baseImage?.name ?? null,
        cached_images: images
          .filter((image) => ownImages || (image.RepoDigests ?? []).length > 0)
          .flatMap((image) => image.RepoTags ?? [])
          .filter((tag) => !privateImages.has(parseImageReference(tag)?.repository ?? ''))
          .filter((tag) => tag !== '<none>:<none>')
          .sort(),
      } satisfies EngineInfo;
    },

    async prepare(order, onProgress, signal) {
      const { containerId, isNew } = await prepareLease(preparing, order, onProgress, signal);
      if (isNew) unstarted.add(containerId);
      return { containerId };
    },

    async start(containerId) {
      if (!unstarted.delete(containerId) || name === 'podman') {
        const container = await containers.get(containerId);
        // The engine would start one again that has ended: whoever was killed while it was started asks once more.
        if (containers.stateInBrief(container).state !== 'created') return;
        if (name === 'podman') await closeOffFirst(container);
      }
      try {
        await within(60_000, 'start', (abortSignal) =>
          docker.getContainer(containerId).start({ abortSignal } as object),
        );
      } catch (error) {
        if (statusOf(error) !== 304) throw startError(error, 'start');
      } finally {
        readyNetworks.keepSoon();
      }
    },

    inspect,

    async wait(containerId, signal) {
      for (;;) {
        signal.throwIfAborted();
        let running = false;
        try {
          const state = await inspect(containerId);
          if (state === undefined) throw new EngineError('container_vanished', 'The container is not there any more.');
          if (state.state === 'ended') {
            readyNetworks.keepSoon();
            return state;
          }
          running = state.running;
          if (running) await waitForEnd(docker, containerId, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof EngineError && error.reason === 'container_vanished') throw error;
          // The engine is away: it will come back, or the caller's patience ends.
          await sleep(ENGINE_AWAY_MS, undefined, { signal });
        }
        if (!running) await sleep(POLL_MS, undefined, { signal });
      }
    },

    list: () => containers.list(),

    async stop(containerId, graceS) {
      const container = await containers.find(containerId);
      unstarted.delete(containerId);
      if (container === undefined) return;
      if (!container.State.Running) return await releaseNetwork(container);
      try {
        await within((graceS + 30) * 1000, 'stop', (abortSignal) =>
          docker.getContainer(container.Id).stop({ t: graceS, abortSignal } as object),
        );
      } catch (error) {
        if (statusOf(error) !== 304 && statusOf(error) !== 404) throw asEngineError(error, 'stop');
      }
      readyNetworks.keepSoon();
    },

    async remove(containerId) {
      const container = await containers.find(containerId);
      if (container === undefined) return;
      disk.forget(container.Id);
      try {
        await within(60_000, 'remove', () => docker.getContainer(container.Id).remove({ force: true, v: true }));
      } catch (error) {
        // 409: somebody removes it already.
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw asEngineError(error, 'remove');
      }
      unstarted.delete(containerId);
      await releaseNetwork(container);
    },

    async *logs(containerId, range, signal) {
      const container = await containers.get(containerId);
      const losesLineEnds = container.HostConfig.LogConfig?.Type === 'local';
      const state = async () => {
        const found = await containers.find(container.Id);
        return found && containers.stateInBrief(found);
      };
      const source = {
        socketPath,
        containerId: container.Id,
        createdAt: container.Created,
        losesLineEnds,
        // Why it ended does not matter here, and finding out takes long.
        first: containers.stateInBrief(container),
        state,
      };
      yield* readLogs(source, range, signal);
    },

    async exec(containerId, request) {
      return startExec(docker, (await containers.get(containerId)).Id, request);
    },

    async readFiles(containerId, path) {
      return readFiles(docker, (await containers.get(containerId)).Id, path);
    },

    async writeFiles(containerId, path, tar) {
      const container = await containers.get(containerId);
      const used = (await disk.usedMib(container.Id, orderOf(container).disk_mib)) ?? 0;
      disk.forget(container.Id);
      await writeFiles(docker, container.Id, path, tar, Math.max(0, orderOf(container).disk_mib - used) * MIB);
    },

    async stats(containerId) {
      const container = await containers.get(containerId);
      if (!container.State.Running) throw new CoopError('wrong_state', 'The container is not running.');
      return readStats(docker, {
        containerId: container.Id,
        networkHolder: holderUsedBy(container),
        diskUsedMib: await diskUsedMib(container.Id),
      });
    },

    diskUsedMib,

    async connect(containerId, port) {
      const container = await containers.get(containerId);
      if (!container.State.Running) throw new CoopError('wrong_state', 'The container is not running.');
      const holder = holderUsedBy(container);
      const { NetworkSettings: networks } = holder === undefined ? container : await containers.get(holder);
      const address = Object.values(networks.Networks).find((network) => network.IPAddress !== '')?.IPAddress;
      if (address === undefined) {
        throw new CoopError(
          'wrong_state',
          'Leases on this machine have no network, so their ports cannot be reached.',
          {
            hint: isolation.problem() ?? 'Ask the provider to run `coop machine doctor`.',
          },
        );
      }
      return connectTcp(address, port);
    },

    async reassert() {
      const done = await isolation.reassert();
      await readyNetworks.keep();
      return done;
    },

    async leave() {
      await readyNetworks.close();
      await removeIsolation(agentId, docker);
    },
    close: () => readyNetworks.close(),
  };
  return engine;
}

function whyNoRules(rootless: boolean): string | null {
  if (rootless) return 'the engine is rootless: firewall rules do not see what its containers send';
  if (process.platform !== 'linux') return 'firewall rules can be set on Linux only';
  return process.getuid?.() === 0 ? null : 'the agent does not run as root, so it cannot set firewall rules';
}
