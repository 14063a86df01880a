import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { EngineLog } from '../engine.ts';
import { findIptables, iptables, isStillRight, presentTables, replaceChains } from './iptables.ts';
import type { Iptables } from './iptables.ts';
import { isolationNames } from './names.ts';
import type { IsolationNames } from './names.ts';
import { ensureNetwork, removeNetwork } from './network.ts';
import { PRIVATE_RANGES, attachedRanges, privateResolvers } from './private-ranges.ts';
import { chainRules, chainRulesV6, marked, stands } from './rules.ts';

const CNI_STATE = '/var/lib/cni/networks';

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
  stateDir: string;
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
  let tables: Iptables | undefined;

  const assertAll = async (): Promise<{ restored: string[] }> => {
    tables ??= await findIptables(options.hookChain);
    const [made, rules] = await Promise.all([
      ensureNetwork(options.docker, options, names),
      assertRules(tables, names, options.hookChain),
    ]);
    return { restored: [...(made ? [`network ${names.network}`] : []), ...rules] };
  };

  const check = async (): Promise<{ restored: string[] }> => {
    if (options.impossible !== null) return { restored: [] };
    try {
      // Which program to ask is remembered, and found anew where it fails: an engine may move its rules with an update.
      const remembered = isStillRight(tables) ? await assertAll().catch(() => undefined) : undefined;
      if (remembered === undefined) tables = undefined;
      const done = remembered ?? (await assertAll());
      problem = null;
      return done;
    } catch (error) {
      problem = (error as Error).message;
      options.log.warn({ problem }, 'leases get no network: it cannot be closed off');
      return { restored: [] };
    }
  };
  const reassert = () => (underway ??= check().finally(() => (underway = undefined)));

  // Only looked at here: an agent that is not enrolled yet asks what the engine can do, and leaves nothing behind.
  if (options.impossible === null) {
    await findIptables(options.hookChain).catch((error: unknown) => {
      problem = (error as Error).message;
      options.log.warn({ problem }, 'leases get no network: it cannot be closed off');
    });
  }
  return { network: () => (problem === null ? names.network : null), problem: () => problem, reassert };
}

/** Rules, then the network. Only what carries this agent's names; containers on the network must be gone. */
export async function removeIsolation(agentId: string, docker?: Docker): Promise<void> {
  const names = isolationNames(agentId);
  for (const command of await presentTables()) {
    await removeRules(command, (line) => [names.forwardChain, names.inputChain].some((chain) => isJumpTo(chain, line)));
    const listing = await iptables(command, ['-S']).catch(() => '');
    for (const chain of [names.forwardChain, names.inputChain]) {
      if (!listing.includes(`-N ${chain}`)) continue;
      await iptables(command, ['-F', chain]);
      await iptables(command, ['-X', chain]);
    }
  }
  if (docker === undefined) return;
  await removeNetwork(docker, agentId);
  // podman's network programs leave rules and addresses of a network that is gone.
  await rm(join(CNI_STATE, names.network), { recursive: true, force: true });
  for (const command of await presentTables())
    await removeRules(command, (line) => line.includes(`-i ${names.bridge} `) || line.includes(`-o ${names.bridge} `));
}

async function removeRules(command: string, matches: (line: string) => boolean): Promise<void> {
  const listing = await iptables(command, ['-S']).catch(() => '');
  for (const line of listing.split('\n')) {
    if (line.startsWith('-A ') && matches(line)) await iptables(command, ['-D', ...words(line.slice('-A '.length))]);
  }
}

function isJumpTo(chain: string, line: string): boolean {
  return line.includes(`-j ${chain}`);
}

async function assertRules(tables: Iptables, names: IsolationNames, hookChain: string): Promise<string[]> {
  const surface = { ranges: [...PRIVATE_RANGES, ...attachedRanges()], resolvers: privateResolvers() };
  const jumps = jumpsOf(names, hookChain);
  // Docker's chain is jumped to first; a firewall that was reloaded over it leaves it standing unused.
  const hook: Jump = { chain: 'FORWARD', match: [], target: hookChain, mayPrecede: () => true };
  const [v4, v6] = await Promise.all([
    assertTable(tables.v4, names, chainRules(names, surface), hookChain === 'FORWARD' ? jumps : [...jumps, hook]),
    tables.v6 === null ? [] : assertTable(tables.v6, names, chainRulesV6(names), jumpsOf(names, 'FORWARD')),
  ]);
  return [...v4, ...v6];
}

type Jump = { chain: string; match: string[]; target: string; mayPrecede(line: string): boolean };

function jumpsOf(names: IsolationNames, hookChain: string): Jump[] {
  const tag = ['-m', 'comment', '--comment', names.tag];
  // Among the jumps of several agents the order is free.
  const mayPrecede = (line: string) => line.includes('--comment "coop:') || line.includes('--comment coop:');
  return [
    { chain: hookChain, match: ['-o', names.bridge, ...tag], target: names.forwardChain, mayPrecede },
    { chain: hookChain, match: ['-i', names.bridge, ...tag], target: names.forwardChain, mayPrecede },
    { chain: 'INPUT', match: ['-i', names.bridge, ...tag], target: names.inputChain, mayPrecede },
  ];
}

/** Everything is read at once, and only what is not as it should be costs more: before each lease all of it mostly is. */
async function assertTable(
  command: string,
  names: IsolationNames,
  chains: Record<string, string[]>,
  jumps: Jump[],
): Promise<string[]> {
  const restored: string[] = [];
  const listing = await iptables(command, ['-S']);
  if (!Object.entries(chains).every(([chain, rules]) => stands(names, rules, rulesIn(chain, listing)))) {
    await replaceChains(
      command,
      mapValues(chains, (rules) => marked(names, rules)),
    );
    restored.push(`${command} rules`);
  }
  for (const jump of jumps) {
    if (isInPlace(jump, rulesIn(jump.chain, listing))) continue;
    await putInPlace(command, jump);
    restored.push(`${command} ${jump.chain} ${jump.match.slice(0, 2).join(' ')}`.trim());
  }
  return restored;
}

/** Before any rule of others, which could let a packet through first. */
function isInPlace(jump: Jump, lines: string[]): boolean {
  const index = lines.findIndex((line) => isJump(jump, line));
  return index >= 0 && lines.slice(0, index).every((line) => jump.mayPrecede(line));
}

async function putInPlace(command: string, jump: Jump): Promise<void> {
  const lines = rulesIn(jump.chain, await iptables(command, ['-S', jump.chain]));
  const index = lines.findIndex((line) => isJump(jump, line));
  await iptables(command, ['-I', jump.chain, '1', ...jump.match, '-j', jump.target]);
  // The first one is ours now; one further down that lost its place goes.
  if (index >= 0) await iptables(command, ['-D', jump.chain, String(index + 2)]);
}

function isJump({ match, target }: Jump, line: string): boolean {
  return line.endsWith(`-j ${target}`) && (match.length === 0 || line.includes(`${match[0]} ${match[1]} `));
}

function rulesIn(chain: string, listing: string): string[] {
  return listing.split('\n').filter((line) => line.startsWith(`-A ${chain} `));
}

function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

function mapValues<V, W>(record: Record<string, V>, map: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
