import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export type Iptables = { v4: string; v6: string | null };

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** The program that sees the engine's own chain: hosts may have two kernels' worth of tables, and only one of them filters. */
export async function findIptables(hookChain: string): Promise<Iptables> {
  const problems: string[] = [];
  for (const suffix of ['', '-nft', '-legacy']) {
    try {
      await iptables(`iptables${suffix}`, ['-S', hookChain]);
      return { v4: `iptables${suffix}`, v6: await findIptablesV6(`ip6tables${suffix}`) };
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  throw new Error(problems[0]);
}

/** False once the kernel got IPv6 that it had not: then the rules for it are missing. */
export function isStillRight(tables: Iptables | undefined): boolean {
  return tables !== undefined && (tables.v6 !== null || !hasIpv6());
}

/** null only where the kernel has no IPv6 at all: with IPv6 and no rules, leases would get no network. */
async function findIptablesV6(command: string): Promise<string | null> {
  if (!hasIpv6()) return null;
  await iptables(command, ['-S', 'FORWARD']);
  return command;
}

function hasIpv6(): boolean {
  return existsSync('/proc/net/if_inet6');
}

/** Every program that may hold rules. The legacy one is asked only where its tables exist: asking would make them. */
export async function presentTables(): Promise<string[]> {
  const legacy = (await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '')).trim() !== '';
  return ['', '-nft', ...(legacy ? ['-legacy'] : [])].flatMap((suffix) => [`iptables${suffix}`, `ip6tables${suffix}`]);
}

/** Waits for the lock of other programs that change rules at the same time. */
export async function iptables(command: string, args: string[]): Promise<string> {
  return runCommand(command, ['-w', '10', ...args]);
}

/** Replaces whole chains in one step; chains that are not named stay. */
export async function replaceChains(command: string, chains: Record<string, string[]>): Promise<void> {
  const declared = Object.keys(chains).map((chain) => `:${chain} - [0:0]`);
  const rules = Object.entries(chains).flatMap(([chain, lines]) => lines.map((line) => `-A ${chain} ${line}`));
  const text = ['*filter', ...declared, ...rules, 'COMMIT', ''].join('\n');
  await runCommand(`${command}-restore`, ['-w', '10', '--noflush'], text);
}

function runCommand(command: string, args: string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { timeout: 20_000, env: { ...process.env, PATH } },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        reject(new Error(`${command} ${args.slice(2).join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
