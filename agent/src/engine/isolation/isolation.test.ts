import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answers, openLan } from '../../../../test/support/lan.ts';
import type { Lan } from '../../../../test/support/lan.ts';
import { describeNeeding } from '../../../../test/support/needs.ts';
import { openTestBed, outputOf, shell, until } from '../test-bed.ts';
import type { TestBed } from '../test-bed.ts';
import { isolationNames } from './names.ts';

/**
 * Each place is shown to answer somebody who may, so that silence towards a lease means something. A lease's network is made with
 * its container or, by an agent that looks after docker, before it comes; it reaches the same.
 */
describeNeeding(['docker', 'iptables', 'root'], 'what a lease reaches', () => {
  describe('by a network made for it', () => reach('docker', false));
  describe('by a network that stood ready', () => reach('docker', true));
});
describeNeeding(['podman', 'iptables', 'root'], 'what a lease reaches in podman', () => reach('podman', false));

function reach(kind: 'docker' | 'podman', standsReady: boolean): void {
  const hookChain = kind === 'docker' ? 'DOCKER-USER' : 'FORWARD';
  let bed: TestBed;
  let lan: Lan;
  let hostService: Server;
  let hostPort: number;
  let base: string;
  beforeAll(async () => {
    lan = await openLan();
    bed = await openTestBed(kind, { readyNetwork: standsReady });
    base = (await bed.engine.info()).base_image as string;
    hostService = createServer((socket) => socket.end('host')).listen(0, '0.0.0.0');
    await new Promise((resolve) => hostService.once('listening', resolve));
    hostPort = (hostService.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
  });
  const run = async (on: TestBed, change?: Partial<LeaseOrder>): Promise<string> => {
    if (standsReady) await on.engine.reassert();
    const id = await on.run(change);
    const { HostConfig } = await on.docker.getContainer(id).inspect();
    expect(HostConfig.NetworkMode?.startsWith('container:')).toBe(standsReady);
    return id;
  };
  afterAll(async () => {
    hostService.close();
    await bed.close();
    lan.close();
  });

  /** What a fresh lease finds behind each of the addresses: what it is answered, or nothing. */
  const asLease = async (...places: [host: string, port: number][]) =>
    outputOf(bed.engine, await run(bed, shell(asking(places))));
  const gatewayOf = async () => {
    const network = await bed.docker.getNetwork(isolationNames(bed.agentId).network).inspect();
    const subnet = network.IPAM?.Config?.[0]?.Subnet as string;
    return { subnet, gateway: subnet.replace(/\.\d+\/\d+$/, '.1') };
  };

  test('the internet, and nothing private', async () => {
    const places: [string, number][] = [
      [lan.internetAddress, lan.port],
      [lan.privateAddress, lan.port],
      [lan.attachedPublicAddress, lan.port],
      [lan.metadataAddress, lan.port],
    ];
    for (const [host, port] of places) expect(await answers(host, port)).toBe(true);
    expect(await asLease(...places)).toBe('neighbour\n-\n-\n-\n');
  });

  test('not this host, by none of its addresses', async () => {
    await bed.engine.reassert();
    const { gateway } = await gatewayOf();
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const hosts = [
      ...new Set([
        gateway,
        '172.17.0.1',
        ...own.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
      ]),
    ];
    expect(hosts.length).toBeGreaterThan(2);
    expect(await answers(hosts[2] as string, hostPort)).toBe(true);
    expect(await asLease(...hosts.map((host): [string, number] => [host, hostPort]))).toBe('-\n'.repeat(hosts.length));
  });

  test('not other leases, of this agent or another, nor the provider’s own containers', async () => {
    const serve = { command: ['nc', '-ll', '-p', '8080', '-e', 'echo', 'served'] };
    const other = await openTestBed(kind, { ...bed.where, readyNetwork: standsReady });
    // podman would raise them beyond what this machine may allow.
    const limits = ['nofile', 'nproc'].map((Name) => ({ Name, Soft: 1024, Hard: 1024 }));
    const ordinary = await bed.docker.createContainer({
      Image: base,
      Cmd: serve.command,
      HostConfig: { Init: true, Ulimits: limits },
    });
    try {
      await ordinary.start();
      const served = [await run(bed, serve), await run(other, serve)];
      const addresses = await Promise.all([...served, ordinary.id].map((id) => addressOf(bed.docker, id)));
      for (const address of addresses) await until(`${address} serves the host`, () => answers(address, 8080));
      expect(await asLease(...addresses.map((address): [string, number] => [address, 8080]))).toBe('-\n-\n-\n');
    } finally {
      await ordinary.remove({ force: true });
      await other.close();
    }
  });

  test('nobody on the network reaches into a lease, but its agent does', async () => {
    const id = await run(bed, { command: ['nc', '-ll', '-p', '8080', '-e', 'echo', 'served'] });
    const address = await addressOf(bed.docker, id);
    const { subnet } = await gatewayOf();
    lan.routeThroughHost(subnet);
    await until('it serves its agent', () => answers(address, 8080));
    expect(await text(await bed.engine.connect(id, 8080))).toBe('served\n');
    const asked = lan.run(['timeout', '5', 'bash', '-c', `cat < /dev/tcp/${address}/8080`]);
    expect(asked).not.toContain('served');
  });

  test('names are resolved where the host resolves them', async () => {
    const ofHost = nslookup(['busybox', 'nslookup', 'example.com']);
    const id = await run(bed, { command: ['nslookup', 'example.com'] });
    const ofLease = await outputOf(bed.engine, id);
    // Whether there is such a name does not matter; whether somebody answered does.
    const wasAnswered = (output: string) => !/timed out|no servers|unreachable|refused/i.test(output);
    expect(wasAnswered(ofLease)).toBe(wasAnswered(ofHost));
  });

  test('there is no IPv6 but the lease’s own', async () => {
    const id = await run(bed, shell('cat /proc/net/if_inet6 2>/dev/null | grep -v " lo$"; echo end'));
    expect(await outputOf(bed.engine, id)).toBe('end\n');
  });

  test.each([
    ['rules are flushed', (names: Names) => iptables('-F', names.forwardChain)],
    [
      'one rule is taken out',
      (names: Names) => iptables('-D', names.forwardChain, placeOf(names.forwardChain, '10.0.0.0/8')),
    ],
    ['the way to them is cut', (names: Names) => iptables('-D', hookChain, ...jump(names, '-i', names.forwardChain))],
    ['the host is opened', (names: Names) => iptables('-D', 'INPUT', ...jump(names, '-i', names.inputChain))],
    ['another rule comes first', (names: Names) => iptables('-I', hookChain, '1', '-i', names.bridge, '-j', 'ACCEPT')],
  ])('is closed off again after %s', async (_, tamper) => {
    await bed.engine.reassert();
    const names = isolationNames(bed.agentId);
    const places: [string, number][] = [
      [lan.privateAddress, lan.port],
      [(await gatewayOf()).gateway, hostPort],
    ];
    const standing = await run(bed);
    const ask = async () =>
      text(
        (
          await bed.engine.exec(standing, {
            command: ['sh', '-c', asking(places)],
            tty: false,
            columns: null,
            rows: null,
            env: {},
            user: null,
          })
        ).stdout,
      );
    tamper(names);
    try {
      expect(await ask()).not.toBe('-\n-\n');
      expect((await bed.engine.reassert()).restored).not.toEqual([]);
      expect(await ask()).toBe('-\n-\n');
      expect((await bed.engine.reassert()).restored).toEqual([]);
    } finally {
      try {
        iptables('-D', hookChain, '-i', names.bridge, '-j', 'ACCEPT');
      } catch {
        // Only one of the cases put it there.
      }
    }
  });

  test('has its network again after somebody pruned it', async () => {
    await bed.engine.reassert();
    const names = isolationNames(bed.agentId);
    const network = bed.docker.getNetwork(names.network);
    const { Containers: holders } = (await network.inspect()) as { Containers?: Record<string, object> | null };
    for (const Container of Object.keys(holders ?? {})) await network.disconnect({ Container, Force: true });
    await network.remove();
    expect((await bed.engine.reassert()).restored).toContain(`network ${names.network}`);
    expect(await asLease([lan.internetAddress, lan.port], [lan.privateAddress, lan.port])).toBe('neighbour\n-\n');
  });

  test('agents do not disturb each other, and each removes only its own', async () => {
    const other = await openTestBed(kind, bed.where);
    await other.engine.reassert();
    await bed.engine.reassert();
    expect(await other.engine.reassert()).toEqual({ restored: [] });
    expect(await bed.engine.reassert()).toEqual({ restored: [] });
    await other.close();
    expect(await bed.engine.reassert()).toEqual({ restored: [] });
  });

  test('an agent that only asks what the engine can do leaves nothing', async () => {
    const asking_ = await openTestBed(kind, bed.where);
    await asking_.engine.info();
    const names = isolationNames(asking_.agentId);
    await expect(bed.docker.getNetwork(names.network).inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(iptables('-S')).not.toContain(names.bridge);
    await asking_.close();
  });
}

type Names = ReturnType<typeof isolationNames>;

function asking(places: [host: string, port: number][]): string {
  return places
    .map(([host, port]) => `answer=$(nc -w 2 ${host} ${port} </dev/null 2>/dev/null); echo "\${answer:--}"`)
    .join('; ');
}

function jump(names: Names, direction: string, chain: string): string[] {
  return [direction, names.bridge, '-m', 'comment', '--comment', names.tag, '-j', chain];
}

function placeOf(chain: string, part: string): string {
  const rules = iptables('-S', chain)
    .split('\n')
    .filter((line) => line.startsWith('-A '));
  return String(rules.findIndex((line) => line.includes(part)) + 1);
}

function iptables(...args: string[]): string {
  return execFileSync('iptables', ['-w', '10', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}

function nslookup([command, ...args]: string[]): string {
  try {
    return execFileSync(command as string, args, {
      encoding: 'utf8',
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return `${(error as { stdout?: string }).stdout}${(error as { stderr?: string }).stderr}`;
  }
}

async function addressOf(docker: Docker, containerId: string): Promise<string> {
  const { HostConfig, NetworkSettings: settings } = await docker.getContainer(containerId).inspect();
  const holder = /^container:(.+)/.exec(HostConfig.NetworkMode ?? '')?.[1];
  if (holder !== undefined) return addressOf(docker, holder);
  return Object.values(settings.Networks)[0]?.IPAddress as string;
}
