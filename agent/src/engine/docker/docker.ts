import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import type { EngineInfo } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { connectTcp } from '../connect-tcp.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerState, Engine, EngineOptions, OwnContainer } from '../engine.ts';
import { openIsolation, removeIsolation } from '../isolation/isolation.ts';
import { removeHolder } from '../isolation/network.ts';
import { within } from '../within.ts';
import { ensureBaseImage } from './base-image.ts';
import { detectCapabilities } from './capabilities.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';
import type { Connection } from './client.ts';
import { containerConfig, containerName, labels } from './container-config.ts';
import { DiskMeasure } from './disk.ts';
import { engineStartedAt } from './engine-life.ts';
import { startExec } from './exec.ts';
import { readFiles, writeFiles } from './files.ts';
import { parseImageReference } from './image-reference.ts';
import { obtainImage } from './image.ts';
import { readLogs } from './logs.ts';
import { explainEnd } from './end-reason.ts';
import { hardLimits } from './hard-limits.ts';
import { initContainer } from './init-container.ts';
import { inspectContainer } from './inspect-container.ts';
import { writePodmanSeccomp } from './podman-seccomp.ts';
import { openPrivateImages } from './private-images.ts';
import { createReadyNetworks, holderUsedBy, isHolder } from './ready-networks.ts';
import { startError } from './start-error.ts';
import { readState } from './state.ts';
import { readStats } from './stats.ts';

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

  /** undefined too for a container that is not this agent's: nobody else's is touched, whatever id is asked for. */
  const find = async (containerId: string): Promise<ContainerInspectInfo | undefined> => {
    try {
      const container = await inspectContainer(docker, containerId);
      return container.Config.Labels[labels.agent] === agentId ? container : undefined;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw asEngineError(error, 'inspect');
    }
  };
  const own = async (containerId: string): Promise<ContainerInspectInfo> => {
    const container = await find(containerId);
    if (container === undefined) throw new EngineError('container_vanished', 'The container is not there any more.');
    return container;
  };
  const stateOf = async (container: ContainerInspectInfo): Promise<ContainerState> => {
    const startedAt = container.State.Running ? null : ((await engineStartedAt(socketPath)) ?? null);
    const state = readState(container, { startedAt, liveRestore: capabilities.liveRestore });
    return explainEnd(state, container, socketPath);
  };
  const inspect = async (containerId: string): Promise<ContainerState | undefined> => {
    const container = await find(containerId);
    return container && stateOf(container);
  };
  /** podman's network programs put rules of their own before ours with a container's network: so that comes before its process. */
  const closeOffFirst = async ({ Id: id, HostConfig: host }: ContainerInspectInfo): Promise<void> => {
    if (host.NetworkMode === 'none') return;
    await within(60_000, 'set up network', () => initContainer(docker, id)).catch((error: unknown) => {
      throw startError(error, 'start');
    });
    await isolation.reassert();
    refuseOpenNetwork(host.NetworkMode);
  };
  const refuseOpenNetwork = (mode: string | undefined): void => {
    if (mode === 'none' || isolation.network() !== null) return;
    throw new EngineError('engine_unavailable', `The lease's network cannot be closed off: ${isolation.problem()}`);
  };
  /** Of a container that runs no more, or never did. */
  const releaseNetwork = async (container: ContainerInspectInfo): Promise<void> => {
    const holder = holderUsedBy(container);
    if (holder !== undefined) await removeHolder(docker, holder);
  };
  const diskUsedMib = async (containerId: string): Promise<number | null> => {
    const container = await find(containerId);
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
      // The rules are looked at while the rest is done: nothing is given back to be started on a network that is not closed off.
      const closedOff = isolation.reassert();
      const existing = await inspectContainer(docker, containerName(order.lease_id)).catch((error: unknown) => {
        if (statusOf(error) === 404) return undefined;
        throw asEngineError(error, 'find container');
      });
      if (existing !== undefined) {
        if (existing.Config.Labels[labels.agent] !== agentId)
          throw new EngineError('agent_refused', 'Another agent on this machine has a container of this lease.');
        await closedOff;
        refuseOpenNetwork(existing.HostConfig.NetworkMode);
        return { containerId: existing.Id };
      }
      const image =
        order.image === null
          ? baseImage?.image
          : await obtainImage(
              { docker, privateImages, ownImages },
              { ...order, image: order.image },
              onProgress,
              signal,
            );
      if (image === undefined)
        throw new EngineError('image_not_found', 'The spec names no image, and this machine has no base image.');
      // gVisor brings a network of its own up.
      const networkHolder = order.isolation === 'sandbox' ? undefined : await readyNetworks.take();
      try {
        if (networkHolder === undefined) await closedOff;
        signal.throwIfAborted();
        onProgress({ phase: 'creating', pulled_bytes: null, total_bytes: null });
        const config = containerConfig(order, {
          agentId,
          image,
          network: isolation.network(),
          networkHolder,
          capabilities,
          openFilesMax: limits.openFiles,
          processesMax: name === 'podman' ? limits.processes : null,
          seccompProfile,
        });
        const created = await within(CALL_MS, 'create container', () => docker.createContainer(config)).catch(
          (error: unknown) => {
            // podman has no status of its own for a name that is in use.
            if (statusOf(error) === 409 || /name .* is already in use/.test(engineMessage(error))) return undefined;
            throw startError(error, 'create');
          },
        );
        await closedOff;
        refuseOpenNetwork(config.HostConfig?.NetworkMode);
        // Asked twice at once: the other call made it.
        if (created === undefined) return await engine.prepare(order, onProgress, signal);
        unstarted.add(created.id);
        return { containerId: created.id };
      } finally {
        if (networkHolder !== undefined) readyNetworks.settle(networkHolder);
      }
    },

    async start(containerId) {
      if (!unstarted.delete(containerId) || name === 'podman') {
        const container = await own(containerId);
        // The engine would start one again that has ended: whoever was killed while it was started asks once more.
        const { state } = readState(container, { startedAt: null, liveRestore: capabilities.liveRestore });
        if (state !== 'created') return;
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
          if (running)
            await docker.getContainer(containerId).wait({ condition: 'not-running', abortSignal: signal } as object);
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof EngineError && error.reason === 'container_vanished') throw error;
          // The engine is away: it will come back, or the caller's patience ends.
          await sleep(ENGINE_AWAY_MS, undefined, { signal });
        }
        if (!running) await sleep(POLL_MS, undefined, { signal });
      }
    },

    async list() {
      const found = await within(CALL_MS, 'list containers', () =>
        docker.listContainers({ all: true, filters: { label: [`${labels.agent}=${agentId}`] } }),
      ).catch((error: unknown) => {
        throw asEngineError(error, 'list containers');
      });
      const leases = found.filter((container) => !isHolder(container));
      const containers = await Promise.all(leases.map(({ Id }) => find(Id)));
      return Promise.all(
        containers
          .filter((container) => container !== undefined)
          .map(async (container): Promise<OwnContainer> => ({
            lease_id: container.Config.Labels[labels.lease] ?? '',
            container_id: container.Id,
            state: await stateOf(container),
            order: orderOf(container),
          })),
      );
    },

    async stop(containerId, graceS) {
      const container = await find(containerId);
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
      const container = await find(containerId);
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
      const container = await own(containerId);
      const losesLineEnds = container.HostConfig.LogConfig?.Type === 'local';
      // Why it ended does not matter here, and finding out takes long.
      const briefly = (found: ContainerInspectInfo) =>
        readState(found, { startedAt: null, liveRestore: capabilities.liveRestore });
      const state = async () => {
        const found = await find(container.Id);
        return found && briefly(found);
      };
      const source = {
        socketPath,
        containerId: container.Id,
        createdAt: container.Created,
        losesLineEnds,
        first: briefly(container),
        state,
      };
      yield* readLogs(source, range, signal);
    },

    async exec(containerId, request) {
      return startExec(docker, (await own(containerId)).Id, request);
    },

    async readFiles(containerId, path) {
      return readFiles(docker, (await own(containerId)).Id, path);
    },

    async writeFiles(containerId, path, tar) {
      const container = await own(containerId);
      const used = (await disk.usedMib(container.Id, orderOf(container).disk_mib)) ?? 0;
      disk.forget(container.Id);
      await writeFiles(docker, container.Id, path, tar, Math.max(0, orderOf(container).disk_mib - used) * MIB);
    },

    async stats(containerId) {
      const container = await own(containerId);
      if (!container.State.Running) throw new CoopError('wrong_state', 'The container is not running.');
      return readStats(docker, {
        containerId: container.Id,
        networkHolder: holderUsedBy(container),
        diskUsedMib: await diskUsedMib(container.Id),
      });
    },

    diskUsedMib,

    async connect(containerId, port) {
      const container = await own(containerId);
      if (!container.State.Running) throw new CoopError('wrong_state', 'The container is not running.');
      const holder = holderUsedBy(container);
      const { NetworkSettings: networks } = holder === undefined ? container : await own(holder);
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

function orderOf(container: ContainerInspectInfo): LeaseOrder {
  return LeaseOrder.parse(JSON.parse(container.Config.Labels[labels.order] ?? '{}'));
}

function whyNoRules(rootless: boolean): string | null {
  if (rootless) return 'the engine is rootless: firewall rules do not see what its containers send';
  if (process.platform !== 'linux') return 'firewall rules can be set on Linux only';
  return process.getuid?.() === 0 ? null : 'the agent does not run as root, so it cannot set firewall rules';
}
