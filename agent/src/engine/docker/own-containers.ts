import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerState, OwnContainer } from '../engine.ts';
import { within } from '../within.ts';
import { asEngineError, statusOf } from './client.ts';
import type { Connection } from './client.ts';
import { labels } from './container-config.ts';
import { explainEnd } from './end-reason.ts';
import { engineStartedAt } from './engine-life.ts';
import { inspectContainer } from './inspect-container.ts';
import { isHolder } from './ready-networks.ts';
import { readState } from './state.ts';

const CALL_MS = 30_000;

/** The containers with this agent's label. Nobody else's is touched, whatever id is asked for. */
export type OwnContainers = {
  /** undefined too for a container that is not this agent's. */
  find(containerId: string): Promise<ContainerInspectInfo | undefined>;
  /** Rejects with `container_vanished` where `find` has nothing. */
  get(containerId: string): Promise<ContainerInspectInfo>;
  /** What the container says of itself, and nothing that takes long to find out. */
  stateInBrief(container: ContainerInspectInfo): ContainerState;
  /** With the reason of its end, as far as the engine's own story tells it. */
  stateOf(container: ContainerInspectInfo): Promise<ContainerState>;
  list(): Promise<OwnContainer[]>;
};

export function openOwnContainers(
  { docker, socketPath }: Pick<Connection, 'docker' | 'socketPath'>,
  { agentId, liveRestore }: { agentId: string; liveRestore: boolean },
): OwnContainers {
  const find: OwnContainers['find'] = async (containerId) => {
    try {
      const container = await inspectContainer(docker, containerId);
      return container.Config.Labels[labels.agent] === agentId ? container : undefined;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw asEngineError(error, 'inspect');
    }
  };
  const stateOf: OwnContainers['stateOf'] = async (container) => {
    const startedAt = container.State.Running ? null : ((await engineStartedAt(socketPath)) ?? null);
    return explainEnd(readState(container, { startedAt, liveRestore }), container, socketPath);
  };
  return {
    find,
    async get(containerId) {
      const container = await find(containerId);
      if (container === undefined) throw new EngineError('container_vanished', 'The container is not there any more.');
      return container;
    },
    stateInBrief: (container) => readState(container, { startedAt: null, liveRestore }),
    stateOf,
    async list() {
      const containers = await Promise.all((await leaseContainerIds(docker, agentId)).map(find));
      return Promise.all(
        containers
          .filter((container) => container !== undefined)
          .map(async (container) => ({
            lease_id: container.Config.Labels[labels.lease] ?? '',
            container_id: container.Id,
            state: await stateOf(container),
            order: orderOf(container),
          })),
      );
    },
  };
}

/** What was ordered, without the secrets. */
export function orderOf(container: ContainerInspectInfo): LeaseOrder {
  return LeaseOrder.parse(JSON.parse(container.Config.Labels[labels.order] ?? '{}'));
}

async function leaseContainerIds(docker: Docker, agentId: string): Promise<string[]> {
  const found = await within(CALL_MS, 'list containers', () =>
    docker.listContainers({ all: true, filters: { label: [`${labels.agent}=${agentId}`] } }),
  ).catch((error: unknown) => {
    throw asEngineError(error, 'list containers');
  });
  return found.filter((container) => !isHolder(container)).map(({ Id }) => Id);
}
