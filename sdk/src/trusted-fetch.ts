import { Agent, fetch as undiciFetch } from 'undici';
import { tlsOptionsFor, type TlsOptions, type TrustOptions } from './trust.ts';

/**
 * A fetch that trusts what `trust` says. The built-in fetch takes no certificate but for the whole process
 * (tls.setDefaultCACertificates), and never a pin; undici is the same code as a package, with its own agent.
 */
export async function fetchTrusting(
  server: URL,
  trust: TrustOptions,
): Promise<{ fetch: typeof globalThis.fetch; tls: TlsOptions; close(): Promise<void> }> {
  const tls = await tlsOptionsFor(server, trust);
  const dispatcher = new Agent({ connect: tls });
  const fetch = (input: string, init: object) => undiciFetch(input, { ...init, dispatcher });
  return { fetch: fetch as unknown as typeof globalThis.fetch, tls, close: () => dispatcher.close() };
}
