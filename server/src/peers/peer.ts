import type { ServerRow } from './servers.ts';

/** Another server that takes requests for the machines whose links it has. */
export type Peer = { id: string; url: URL; certificate: string };

export function peerOf({
  id,
  peer_url,
  peer_certificate,
}: Pick<ServerRow, 'id' | 'peer_url' | 'peer_certificate'>): Peer | undefined {
  if (peer_url === null || peer_certificate === null || !URL.canParse(peer_url)) return undefined;
  return { id, url: new URL(peer_url), certificate: peer_certificate };
}

/** As people and logs see it; its address is nobody's business but the operator's. */
export const nameOf = (serverId: string): string => `server ${serverId.slice(0, 8)}`;

/** Between servers: for which machine, and that the answer is not the machine's but of a server that has no link to it. */
export const MACHINE_HEADER = 'x-coop-machine';
export const NO_LINK_HEADER = 'x-coop-no-link';

/** Nobody's stream is held back for another's reader: a stream that stands still keeps its own window, not the connection's. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;
export const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
/** Thousands of renters may share one connection. */
export const SESSION_MIB = 1024;
