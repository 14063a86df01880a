import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { BlockList, isIPv4 } from 'node:net';

/** What is not the internet: workloads reach none of it. */
export const PRIVATE_RANGES = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier's and overlay networks
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, metadata services of clouds
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks, virtual resolvers
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
] as const;

/** Networks this host is directly attached to under public addresses: the provider's own too, in a lab or a data centre. */
export function attachedRanges(interfaces = networkInterfaces()): string[] {
  const ranges = new Set<string>();
  for (const address of Object.values(interfaces).flat()) {
    if (address === undefined || address.family !== 'IPv4' || address.internal || address.cidr === null) continue;
    const prefix = Number(address.cidr.split('/')[1]);
    const range = `${networkOf(address.address, prefix)}/${prefix}`;
    if (prefix >= 8 && !holds([...PRIVATE_RANGES], address.address)) ranges.add(range);
  }
  return [...ranges].sort();
}

/**
 * Resolvers that workloads may ask although they are private (a home router, mostly): the engine's resolver asks them out of the
 * container's own network, so that without this nothing has names. Only port 53 of exactly these.
 */
export function privateResolvers(
  files = resolverFiles(),
  ranges: string[] = [...PRIVATE_RANGES, ...attachedRanges()],
): string[] {
  const found = new Set(files.flatMap(({ text, isJson }) => (isJson ? jsonResolvers(text) : textResolvers(text))));
  return [...found]
    .filter((address) => isIPv4(address) && !address.startsWith('127.') && holds(ranges, address))
    .sort();
}

export function holds(ranges: string[], address: string): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, prefix] = range.split('/') as [string, string];
    list.addSubnet(network, Number(prefix), 'ipv4');
  }
  return list.check(address, 'ipv4');
}

export function networkOf(address: string, prefix: number): string {
  const bits = toNumber(address) & maskOf(prefix);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

type ResolverFile = { text: string; isJson: boolean };

/** Where engines look: the host's resolvers, those behind systemd's local one, and the engine's own setting. */
function resolverFiles(): ResolverFile[] {
  return [
    { path: '/etc/resolv.conf', isJson: false },
    { path: '/run/systemd/resolve/resolv.conf', isJson: false },
    { path: '/etc/docker/daemon.json', isJson: true },
  ].map(({ path, isJson }) => ({ text: readOrEmpty(path), isJson }));
}

function textResolvers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] as string);
}

function jsonResolvers(text: string): string[] {
  try {
    const { dns } = JSON.parse(text) as { dns?: unknown };
    return Array.isArray(dns) ? dns.filter((entry) => typeof entry === 'string') : [];
  } catch {
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
