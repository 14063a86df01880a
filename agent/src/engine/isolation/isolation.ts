import type Docker from 'dockerode';
import type { EngineLog } from '../engine.ts';
import { findIptables, iptables, presentTables, replaceChains } from './iptables.ts';
import type { Iptables } from './iptables.ts';
import { isolationNames } from './names.ts';
import type { IsolationNames } from './names.ts';
import { ensureNetwork, removeNetwork } from './network.ts';
import { PRIVATE_RANGES, attachedRanges, privateResolvers } from './private-ranges.ts';
import { chainRules, chainRulesV6, marked, stands } from './rules.ts';

export type Isolation = {
  /** The network for leases, made and closed off by `reassert`; null where that cannot be done, and they get none. */
  network(): string | null;
  /** Why there is none, for a person. */
  problem(): string | null;
  /** Checks everything and repairs what is not as it should be. */
  reassert(): Promise<{ restored: string[] }>;
};

export type IsolationOptions = {
  docker: Docker;
  agentId: string;
  /** The chain that sees forwarded packets before the engine's own rules. */
  hookChain: 'DOCKER-USER' | 'FORWARD';
  /** Why rules are not even tried here, e.g. a rootless engine, whose packets they would not see. */
  impossible: string | null;
  log: EngineLog;
};

/**
 * A bridge of our own whose workloads reach the internet and nothing private, kept so by two chains of firewall rules. Where the
 * rules cannot be set there is no network: fails closed.
 */
export async function openIsolation(options: IsolationOptions): Promise<Isolation> {
  const names = isolationNames(options.agentId);
  let problem: string | null = options.impossible;
  let underway: Promise<{ restored: string[] }> | undefined;

  const check = async (): Promise<{ restored: string[] }> => {
    if (options.impossible !== null) return { restored: [] };
    try {
      const tables = await findIptables(options.hookChain);
      const made = await ensureNetwork(options.docker, options.agentId, names);
      const restored = [...(made ? [`network ${names.network}`] : []), ...(await assertRules(tables, names, options.hookChain))];
      problem = null;
      return { restored };
    } catch (error) {
      problem = (error as Error).message;
      options.log.warn({ problem }, 'leases get no network: it cannot be closed off');
      return { restored: [] };
    }
  };
  const reassert = () => (underway ??= check().finally(() => (underway = undefined)));

  // Only looked at here: an agent that is not enrolled yet asks what the engine can do, and leaves nothing behind.
  if (options.impossible === null) {
    await findIptables(options.hookChain).catch((error: Error) => {
      problem = error.message;
      options.log.warn({ problem }, 'leases get no network: it cannot be closed off');
    });
  }
  return { network: () => (problem === null ? names.network : null), problem: () => problem, reassert };
}

/** Rules, then the network. Only what carries this agent's names; containers on the network must be gone. */
export async function removeIsolation(agentId: string, docker?: Docker): Promise<void> {
  const names = isolationNames(agentId);
  for (const command of await presentTables()) {
    const listing = await iptables(command, ['-S']).catch(() => '');
    for (const line of listing.split('\n')) {
      const isJump = line.startsWith('-A ') && (line.includes(`-j ${names.forwardChain}`) || line.includes(`-j ${names.inputChain}`));
      if (isJump) await iptables(command, ['-D', ...words(line.slice('-A '.length))]);
    }
    for (const chain of [names.forwardChain, names.inputChain]) {
      if (!listing.includes(`-N ${chain}`)) continue;
      await iptables(command, ['-F', chain]);
      await iptables(command, ['-X', chain]);
    }
  }
  if (docker !== undefined) await removeNetwork(docker, agentId);
}

async function assertRules(tables: Iptables, names: IsolationNames, hookChain: string): Promise<string[]> {
  const surface = { ranges: [...PRIVATE_RANGES, ...attachedRanges()], resolvers: privateResolvers() };
  const restored = await assertTable(tables.v4, names, chainRules(names, surface), hookChain);
  // Docker's chain is jumped to first; a firewall that was reloaded over it leaves it standing unused.
  if (hookChain !== 'FORWARD' && (await assertJump(tables.v4, 'FORWARD', [], hookChain, () => true))) restored.push(`${tables.v4} ${hookChain}`);
  if (tables.v6 !== null) restored.push(...(await assertTable(tables.v6, names, chainRulesV6(names), 'FORWARD')));
  return restored;
}

async function assertTable(command: string, names: IsolationNames, chains: Record<string, string[]>, hookChain: string): Promise<string[]> {
  const restored: string[] = [];
  const listings = await Promise.all(Object.keys(chains).map((chain) => iptables(command, ['-S', chain]).catch(() => '')));
  if (!Object.values(chains).every((rules, index) => stands(names, rules, listings[index] ?? ''))) {
    await replaceChains(command, mapValues(chains, (rules) => marked(names, rules)));
    restored.push(`${command} rules`);
  }
  const jumps: [chain: string, match: string[], target: string][] = [
    [hookChain, ['-o', names.bridge], names.forwardChain],
    [hookChain, ['-i', names.bridge], names.forwardChain],
    ['INPUT', ['-i', names.bridge], names.inputChain],
  ];
  for (const [chain, match, target] of jumps) {
    const tagged = [...match, '-m', 'comment', '--comment', names.tag];
    const isOurs = (line: string) => line.includes('--comment "coop:') || line.includes('--comment coop:');
    if (await assertJump(command, chain, tagged, target, isOurs)) restored.push(`${command} ${chain} ${match.join(' ')}`);
  }
  return restored;
}

/** Before any rule of others, which could let a packet through first; among the jumps of several agents the order is free. */
async function assertJump(command: string, chain: string, match: string[], target: string, mayPrecede: (line: string) => boolean): Promise<boolean> {
  const lines = (await iptables(command, ['-S', chain])).split('\n').filter((line) => line.startsWith('-A '));
  const isJump = (line: string) => line.endsWith(`-j ${target}`) && (match.length === 0 || line.includes(`${match[0]} ${match[1]} `));
  const index = lines.findIndex(isJump);
  if (index >= 0 && lines.slice(0, index).every(mayPrecede)) return false;
  await iptables(command, ['-I', chain, '1', ...match, '-j', target]);
  // The first one is ours now; one further down that lost its place goes.
  if (index >= 0) await iptables(command, ['-D', chain, String(index + 2)]);
  return true;
}

function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

function mapValues<V, W>(record: Record<string, V>, map: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
