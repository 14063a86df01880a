import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { EngineError } from '../engine-error.ts';
import type { PrepareProgress } from '../engine.ts';
import type { Isolation } from '../isolation/isolation.ts';
import { within } from '../within.ts';
import { asEngineError, engineMessage, statusOf } from './client.ts';
import { containerConfig, containerName, labels } from './container-config.ts';
import type { Surroundings } from './container-config.ts';
import { obtainImage } from './image.ts';
import type { Image, ImageSource } from './image.ts';
import { inspectContainer } from './inspect-container.ts';
import type { ReadyNetworks } from './ready-networks.ts';
import { startError } from './start-error.ts';

const CALL_MS = 30_000;

export type Preparing = {
  images: ImageSource;
  /** What runs where the order names no image; undefined: nothing does. */
  baseImage: Image | undefined;
  isolation: Pick<Isolation, 'network' | 'problem' | 'reassert'>;
  readyNetworks: Pick<ReadyNetworks, 'take' | 'settle'>;
  /** What every container of this agent is given alike. */
  surroundings: Omit<Surroundings, 'image' | 'network' | 'networkHolder'>;
};

/** The container of a lease: the one that is there, or a new one of the ordered image on a network that is closed off. */
export async function prepareLease(
  parts: Preparing,
  order: LeaseOrder,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<{ containerId: string; isNew: boolean }> {
  const { isolation, readyNetworks, surroundings } = parts;
  // The rules are looked at while the rest is done: nothing is given back to be started on a network that is not closed off.
  const closedOff = isolation.reassert();
  const existing = await findPrepared(parts, order);
  if (existing !== undefined) {
    await closedOff;
    refuseOpenNetwork(isolation, existing.HostConfig.NetworkMode);
    return { containerId: existing.Id, isNew: false };
  }
  let networkHolder: string | undefined;
  try {
    const image = await imageOf(parts, order, onProgress, signal);
    // gVisor brings a network of its own up.
    if (order.isolation !== 'sandbox') networkHolder = await readyNetworks.take();
    if (networkHolder === undefined) await closedOff;
    signal.throwIfAborted();
    onProgress({ phase: 'creating', pulled_bytes: null, total_bytes: null });
    const config = containerConfig(order, { ...surroundings, image, network: isolation.network(), networkHolder });
    const id = await create(parts, config);
    await closedOff;
    refuseOpenNetwork(isolation, config.HostConfig?.NetworkMode);
    // Asked twice at once: the other call made it.
    if (id === undefined) return await prepareLease(parts, order, onProgress, signal);
    return { containerId: id, isNew: true };
  } finally {
    // Whoever is told that it failed may take the rules away at once.
    await closedOff;
    if (networkHolder !== undefined) readyNetworks.settle(networkHolder);
  }
}

/** @throws where a container would run on a network that has no rules now. */
export function refuseOpenNetwork(
  isolation: Pick<Isolation, 'network' | 'problem'>,
  networkMode: string | undefined,
): void {
  if (networkMode === 'none' || isolation.network() !== null) return;
  throw new EngineError('engine_unavailable', `The lease's network cannot be closed off: ${isolation.problem()}`);
}

async function findPrepared(
  { images: { docker }, surroundings }: Preparing,
  order: LeaseOrder,
): Promise<ContainerInspectInfo | undefined> {
  const existing = await inspectContainer(docker, containerName(order.lease_id)).catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined;
    throw asEngineError(error, 'find container');
  });
  if (existing !== undefined && existing.Config.Labels[labels.agent] !== surroundings.agentId)
    throw new EngineError('agent_refused', 'Another agent on this machine has a container of this lease.');
  return existing;
}

async function imageOf(
  { images, baseImage }: Preparing,
  order: LeaseOrder,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<Image> {
  if (order.image !== null) return obtainImage(images, { ...order, image: order.image }, onProgress, signal);
  if (baseImage !== undefined) return baseImage;
  throw new EngineError('image_not_found', 'The spec names no image, and this machine has no base image.');
}

/** undefined: a container of this name is there already. */
async function create({ images: { docker } }: Preparing, config: ContainerCreateOptions): Promise<string | undefined> {
  try {
    return (await within(CALL_MS, 'create container', () => docker.createContainer(config))).id;
  } catch (error) {
    // podman has no status of its own for a name that is in use.
    if (statusOf(error) === 409 || /name .* is already in use/.test(engineMessage(error))) return undefined;
    throw startError(error, 'create');
  }
}
