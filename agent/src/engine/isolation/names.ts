import { createHash } from 'node:crypto';

/** Everything on the host that belongs to one agent's isolation is found by these names, so that several agents share a host. */
export type IsolationNames = { network: string; bridge: string; forwardChain: string; inputChain: string; tag: string };

export function isolationNames(agentId: string): IsolationNames {
  // Interface names end at 15 characters, chain names at 28.
  const short = createHash('sha256').update(agentId).digest('hex').slice(0, 8);
  return {
    network: `coop-${short}`,
    bridge: `coop-${short}`,
    forwardChain: `COOP-${short}-FWD`,
    inputChain: `COOP-${short}-IN`,
    tag: `coop:${/^[\w.-]{1,64}$/.test(agentId) ? agentId : short}`,
  };
}

/** Marks a container that only holds a network for the next lease. */
export const HOLDER_LABEL = 'coop.network';
