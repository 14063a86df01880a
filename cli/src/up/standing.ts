import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { parsePolicy } from '@gpucoop/policy/policy.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import type { Context } from '../contexts.ts';
import type { Home } from '../home.ts';
import type { Standing } from '../look/standing.ts';
import { programs } from './programs.ts';

/** Asks the network what stands. */
export async function readStanding(
  client: Client,
  home: Home,
  context: Context,
  machineId: string | undefined,
  background: boolean,
): Promise<Standing> {
  const [{ user }, balance, { policy }, machine] = await Promise.all([
    client.auth.me(),
    client.money.balance(),
    client.policy(),
    machineId === undefined ? undefined : client.machines.get(machineId),
  ]);
  const rules = parsePolicy(policy);
  return {
    url: context.server,
    home: shortPath(home.dir),
    network: rules.network,
    policyName: rules.name,
    fingerprint: context.fingerprint,
    user,
    balance,
    machine,
    typed: howToType(process.env, process.cwd()),
    export: process.env['COOP_HOME'] === undefined ? undefined : `export COOP_HOME=${home.dir}`,
    background,
  };
}

export function shortPath(path: string): string {
  const own = homedir();
  return path === own || path.startsWith(`${own}/`) ? `~${path.slice(own.length)}` : path;
}

const checkout = resolve(dirname(programs.cli), '..', '..');

/**
 * `coop` where it is on the PATH. In the checkout npx finds the checkout's own; elsewhere npx would fetch a stranger's package of
 * that name, so there the path is spelt out.
 */
export function howToType(env: NodeJS.ProcessEnv, cwd: string): string {
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .some((directory) => directory !== join(checkout, 'node_modules', '.bin') && existsSync(join(directory, 'coop')));
  if (onPath) return 'coop';
  const linked = join(checkout, 'node_modules', '.bin', 'coop');
  const inside = !relative(checkout, cwd).startsWith('..');
  if (inside && existsSync(linked)) return 'npx coop';
  return existsSync(linked) ? linked : `node ${join(checkout, 'cli', 'bin', 'coop.mjs')}`;
}
