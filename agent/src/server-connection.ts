import http from 'node:http';
import https from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import type { AgentConfig } from './config.ts';

export type ServerAddress = Pick<AgentConfig, 'server' | 'tls'>;

const ANSWER_BYTES = 1024 * 1024;

/** TLS options that accept the pinned certificate and no other; none where the server has a public one. */
export function pinnedTls({ tls }: ServerAddress): https.RequestOptions {
  if (tls === null) return {};
  return {
    ca: tls.certificate,
    // The pin replaces the name: the same certificate is good under any address of the server.
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      certificate.fingerprint256 === tls.fingerprint
        ? undefined
        : new Error('the server shows another certificate than the one it was pinned to'),
  };
}

/** Loopback only: whoever sits between could read and change everything. */
export function assertProtected({ server }: ServerAddress): void {
  const url = new URL(server);
  if (url.protocol === 'https:' || isLoopback(server)) return;
  throw new CoopError('invalid_request', `${url.origin} is not encrypted.`, {
    hint: 'Use the https address of the server; plain http serves only on loopback.',
  });
}

export function isLoopback(server: string): boolean {
  const { hostname } = new URL(server);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** POSTs JSON, gives parsed JSON. A Problem is thrown as CoopError; `unavailable` when the server cannot be reached. */
export function postJson(address: ServerAddress, path: string, body: unknown, timeoutMs = 15_000): Promise<unknown> {
  assertProtected(address);
  const url = new URL(path, address.server);
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error) =>
      reject(unreachable(address, limit.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error));
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      signal: limit,
      agent: false,
      ...pinnedTls(address),
    });
    request.on('error', fail);
    request.on('response', (response) => {
      readBody(response)
        .then((answer) => resolve(parseServerAnswer(response.statusCode ?? 0, answer)), fail)
        .catch(reject);
    });
    request.end(text);
  });
}

/** The body, at most a megabyte. */
export async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function parseServerAnswer(status: number, body: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new CoopError('unavailable', `The server answered with status ${status} and no JSON.`, {
      hint: 'Is this the address of a Coop server?',
    });
  }
  if (status >= 200 && status < 300) return json;
  const problem = Problem.safeParse(json);
  if (!problem.success) throw new CoopError('unavailable', `The server answered with status ${status}.`);
  const { code, detail, hint, details } = problem.data;
  throw new CoopError(code, detail, { ...(hint !== undefined && { hint }), ...(details !== undefined && { details }) });
}

function unreachable({ server }: ServerAddress, cause: Error): CoopError {
  return new CoopError('unavailable', `The server at ${new URL(server).origin} cannot be reached: ${cause.message}`, {
    cause,
    hint: 'Check the address and that the server runs.',
  });
}
