import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { statusOf } from '../docker/client.ts';
import { within } from '../within.ts';
import { HOLDER_LABEL } from './names.ts';
import type { IsolationNames } from './names.ts';
import { toNumber } from './private-ranges.ts';

const TIMEOUT_MS = 30_000;
/** Room for a thousand leases. */
const PREFIX = 22;

/** Whose the network is, by the directory of its agent. */
export const STATE_LABEL = 'coop.state';

/** The agent's own bridge, made if it is not there (an administrator's `network prune` removes one that is empty). */
export async function ensureNetwork(
  docker: Docker,
  { agentId, stateDir }: { agentId: string; stateDir: string },
  names: IsolationNames,
): Promise<boolean> {
  if (await hasNetwork(docker, names)) return false;
  const taken = [...hostRoutes(), ...(await engineSubnets(docker))];
  const mtu = routeMtu();
  await within(TIMEOUT_MS, 'create network', () =>
    docker.createNetwork({
      Name: names.network,
      CheckDuplicate: true,
      Driver: 'bridge',
      EnableIPv6: false,
      IPAM: { Driver: 'default', Config: [{ Subnet: freeSubnet(agentId, taken) }] },
      Options: {
        'com.docker.network.bridge.name': names.bridge,
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
        ...(mtu !== undefined && { 'com.docker.network.driver.mtu': String(mtu) }),
      },
      Labels: { 'coop.agent': agentId, [STATE_LABEL]: stateDir },
    }),
  ).catch(async (error: unknown) => {
    // Two starts of the same agent at once: the other one made it.
    if (!(await hasNetwork(docker, names))) throw error;
  });
  return true;
}

export async function removeNetwork(docker: Docker, agentId: string): Promise<void> {
  const holders = await within(TIMEOUT_MS, 'list network holders', () =>
    docker.listContainers({ all: true, filters: { label: [`coop.agent=${agentId}`, HOLDER_LABEL] } }),
  );
  for (const { Id } of holders) await removeHolder(docker, Id);
  const networks = await within(TIMEOUT_MS, 'list networks', () =>
    docker.listNetworks({ filters: { label: [`coop.agent=${agentId}`] } }),
  );
  for (const network of networks) {
    await within(TIMEOUT_MS, 'remove network', () => docker.getNetwork(network.Id).remove()).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  }
}

export async function removeHolder(docker: Docker, holderId: string): Promise<void> {
  await within(TIMEOUT_MS, 'remove network holder', () =>
    docker.getContainer(holderId).remove({ force: true, v: true }),
  ).catch((error: unknown) => {
    // 409: somebody removes it already.
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  });
}

async function hasNetwork(docker: Docker, names: IsolationNames): Promise<boolean> {
  try {
    await within(TIMEOUT_MS, 'inspect network', () => docker.getNetwork(names.network).inspect());
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

export type Subnet = { network: number; prefix: number };

/** The first of 10.64.0.0/10 that meets nobody's, beginning at a place of this agent's own so that agents seldom meet. */
export function freeSubnet(agentId: string, taken: Subnet[]): string {
  const count = 2 ** (PREFIX - 10);
  const start = createHash('sha256').update(agentId).digest().readUInt16BE(0) % count;
  for (let index = 0; index < count; index++) {
    const network = (toNumber('10.64.0.0') + ((start + index) % count) * 2 ** (32 - PREFIX)) >>> 0;
    if (!taken.some((other) => overlaps(other, { network, prefix: PREFIX }))) {
      return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${PREFIX}`;
    }
  }
  throw new Error('no free subnet in 10.64.0.0/10');
}

function overlaps(one: Subnet, other: Subnet): boolean {
  const shift = 32 - Math.min(one.prefix, other.prefix);
  // A default route meets everything and takes nothing. Shifts by 32 do nothing in JavaScript, hence no prefix 0 below.
  if (one.prefix === 0 || other.prefix === 0) return false;
  return one.network >>> shift === other.network >>> shift;
}

async function engineSubnets(docker: Docker): Promise<Subnet[]> {
  const networks = await within(TIMEOUT_MS, 'list networks', () => docker.listNetworks());
  const subnets = networks.flatMap((network) => network.IPAM?.Config ?? []).map((config) => config.Subnet ?? '');
  return subnets
    .filter((subnet) => /^[\d.]+\/\d+$/.test(subnet))
    .map((subnet) => {
      const [address, prefix] = subnet.split('/') as [string, string];
      return { network: toNumber(address), prefix: Number(prefix) };
    });
}

type Route = Subnet & { interfaceName: string };

/** The kernel's table: addresses as hexadecimal numbers in the byte order of the machine, little-endian on all we serve. */
function hostRoutes(): Route[] {
  let text = '';
  try {
    text = readFileSync('/proc/net/route', 'utf8');
  } catch {
    return [];
  }
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const fields = line.split('\t');
      const mask = Number.parseInt(fields[7] ?? '0', 16);
      return {
        interfaceName: fields[0] ?? '',
        network: swap(Number.parseInt(fields[1] ?? '0', 16)),
        prefix: countOnes(mask),
      };
    });
}

function countOnes(value: number): number {
  return value.toString(2).split('1').length - 1;
}

function swap(value: number): number {
  return (((value & 255) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** Of the way to the internet, where it is smaller than usual: tunnels and some clouds drop what is longer without a word. */
function routeMtu(): number | undefined {
  const way = hostRoutes().find((route) => route.prefix === 0);
  if (way === undefined) return undefined;
  try {
    const mtu = Number.parseInt(readFileSync(`/sys/class/net/${way.interfaceName}/mtu`, 'utf8'), 10);
    return mtu >= 576 && mtu < 1500 ? mtu : undefined;
  } catch {
    return undefined;
  }
}
