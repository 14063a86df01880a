import { createHash } from 'node:crypto';
import type { IsolationNames } from './names.ts';

export type Surface = { ranges: string[]; resolvers: string[] };

/** The two chains of one agent as arguments of `-A`. Pure: what they let through is read here and tested from inside a lease. */
export function chainRules(names: IsolationNames, { ranges, resolvers }: Surface): Record<string, string[]> {
  const answered = '-m conntrack --ctstate RELATED,ESTABLISHED';
  const reject = '-j REJECT --reject-with icmp-admin-prohibited';
  const dns = (verdict: string) =>
    resolvers.flatMap((address) =>
      ['udp', 'tcp'].map((protocol) => `-d ${address}/32 -p ${protocol} --dport 53 -j ${verdict}`),
    );
  return {
    // Between the bridge and anything but this host.
    [names.forwardChain]: [
      `${answered} -j RETURN`,
      // Nothing begins a conversation with a lease from outside, another lease included.
      `-o ${names.bridge} ${reject}`,
      ...dns('RETURN'),
      ...ranges.map((range) => `-d ${range} ${reject}`),
    ],
    // From the bridge to this host, by whatever address. The agent's own connections into leases are answered.
    [names.inputChain]: [`${answered} -j ACCEPT`, ...dns('ACCEPT'), reject],
  };
}

/** Workloads have no IPv6: where an engine gives them some all the same, it leads nowhere. */
export function chainRulesV6(names: IsolationNames): Record<string, string[]> {
  return { [names.forwardChain]: ['-j DROP'], [names.inputChain]: ['-j DROP'] };
}

/**
 * Every rule carries the tag, the hash of all rules of its chain and its place, so that one look tells whether they all stand:
 * comparing rule texts would depend on how each version of iptables prints them.
 */
export function marked(names: IsolationNames, rules: string[]): string[] {
  return rules.map((rule, index) => `-m comment --comment ${markOf(names, rules)}:${index} ${rule}`);
}

export function stands(names: IsolationNames, rules: string[], lines: string[]): boolean {
  const mark = markOf(names, rules);
  return lines.length === rules.length && lines.every((line, index) => line.includes(`${mark}:${index}`));
}

function markOf(names: IsolationNames, rules: string[]): string {
  return `${names.tag}:${createHash('sha256').update(rules.join('\n')).digest('hex').slice(0, 12)}`;
}
