import { existsSync } from 'node:fs';
import type Docker from 'dockerode';
import { removeIsolation } from './isolation/isolation.ts';
import { STATE_LABEL } from './isolation/network.ts';
import { within } from './within.ts';

export type Stray = { agentId: string; stateDir: string };

const TIMEOUT_MS = 30_000;

/**
 * What agents left in the engine whose directory somebody deleted: without its key such an agent cannot come back, so nobody will ever
 * ask for its containers. An agent whose directory cannot be seen from here (in a container of its own) looks the same.
 */
export async function findStrays(docker: Docker): Promise<Stray[]> {
  const networks = await within(TIMEOUT_MS, 'list networks', () =>
    docker.listNetworks({ filters: { label: ['coop.agent', STATE_LABEL] } }),
  );
  return networks
    .map(({ Labels: labels = {} }) => ({
      agentId: labels['coop.agent'] ?? '',
      stateDir: labels[STATE_LABEL] ?? '',
    }))
    .filter(({ agentId, stateDir }) => agentId !== '' && stateDir !== '' && !existsSync(stateDir));
}

/** Its containers, its network and its rules. */
export async function removeStray(docker: Docker, { agentId }: Stray): Promise<void> {
  const containers = await within(TIMEOUT_MS, 'list containers', () =>
    docker.listContainers({ all: true, filters: { label: [`coop.agent=${agentId}`] } }),
  );
  for (const { Id } of containers)
    await within(TIMEOUT_MS, 'remove', () => docker.getContainer(Id).remove({ force: true, v: true }));
  await removeIsolation(agentId, docker);
}
