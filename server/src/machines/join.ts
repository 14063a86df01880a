import { createReadStream, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { AgentFiles, ServedFile } from './agent-bundle.ts';

/** How other computers come to be machines of this network: one line to type, which fetches everything from this server. */

export type JoinTls = { spkiPin: string; cert: string; selfSigned: boolean };

/**
 * The line for the other computer. The token travels in the environment of `sh`, so that no process list shows it there. `-k`
 * beside a pin is safe: curl checks the pin whatever else it is told.
 */
export function joinCommand(
  origin: string,
  tls: JoinTls | null,
  token: string,
  options: { service?: boolean } = {},
): string {
  if (!isId('joinToken', token)) throw new CoopError('invalid_request', 'That is not a join token.');
  const url = `${checkedOrigin(origin, tls)}/join.sh`;
  const curl =
    tls?.selfSigned === true
      ? `curl -fsSk --pinnedpubkey sha256//${checkedPin(tls.spkiPin)} ${url}`
      : `curl -fsS ${url}`;
  return `${curl} | COOP_JOIN_TOKEN=${token} sh${options.service === true ? ' -s -- --service' : ''}`;
}

export type JoinScriptValues = {
  origin: string;
  /** null: a public authority vouches for the certificate, or there is no TLS. */
  spkiPin: string | null;
  certPem: string | null;
  agentSha256: string;
  node: { sha256: string; version: string; arch: 'x64' | 'arm64'; bytes: number } | null;
};

const scriptBody = readFileSync(new URL('join.sh', import.meta.url), 'utf8');

/** POSIX sh; the values come first, quoted. */
export function joinScript({ origin, spkiPin, certPem, agentSha256, node }: JoinScriptValues): string {
  const values = {
    ORIGIN: origin,
    SPKI_PIN: spkiPin ?? '',
    CERT_PEM: certPem?.trim() ?? '',
    AGENT_SHA256: agentSha256,
    NODE_SHA256: node?.sha256 ?? '',
    NODE_VERSION: node?.version ?? '',
    NODE_BYTES: String(node?.bytes ?? 0),
    NODE_ARCH: node?.arch ?? 'none',
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${shellQuoted(value)}`);
  return `#!/bin/sh\nset -eu\n\n${lines.join('\n')}\n\n${scriptBody}`;
}

export type Served = { status: number; headers: Record<string, string>; body: string | Readable };

export type JoinRoutes = {
  /** GET /join.sh */
  script(): Promise<Served>;
  /** GET /agent/agent.mjs */
  agent(acceptEncoding: string | null): Promise<Served>;
  /** GET /agent/node */
  node(acceptEncoding: string | null): Promise<Served>;
};

/** The bodies and headers of what a joining computer fetches; anonymous, as there is no secret in any of it. */
export function joinRoutes(options: { origin: string; tls: JoinTls | null; files: AgentFiles }): JoinRoutes {
  const { tls, files } = options;
  const origin = checkedOrigin(options.origin, tls);
  return {
    script: async () => {
      const [agent, node] = await Promise.all([files.agent(), files.node()]);
      const pinned = tls?.selfSigned === true ? tls : null;
      const body = joinScript({
        origin,
        spkiPin: pinned === null ? null : checkedPin(pinned.spkiPin),
        certPem: pinned?.cert ?? null,
        agentSha256: agent.sha256,
        node,
      });
      return {
        status: 200,
        headers: { 'content-type': 'text/x-shellscript; charset=utf-8', 'cache-control': 'no-store' },
        body,
      };
    },
    agent: async (acceptEncoding) => serveFile(await files.agent(), 'text/javascript; charset=utf-8', acceptEncoding),
    node: async (acceptEncoding) => {
      const node = await files.node();
      if (node === null) {
        throw new CoopError('not_found', 'This server has no Node that would run on another computer.', {
          hint: 'Install Node 24 or newer there, then run the join command again',
        });
      }
      return serveFile(node, 'application/octet-stream', acceptEncoding);
    },
  };
}

async function serveFile(file: ServedFile, type: string, acceptEncoding: string | null): Promise<Served> {
  const gzip = /(^|,)\s*gzip\s*(,|$)/i.test(acceptEncoding ?? '') ? await file.gzip() : null;
  const { path, bytes } = gzip ?? file;
  return {
    status: 200,
    headers: {
      'content-type': type,
      'content-length': String(bytes),
      ...(gzip !== null && { 'content-encoding': 'gzip' }),
      vary: 'accept-encoding',
      'cache-control': 'no-cache',
      etag: `"${file.sha256}${gzip === null ? '' : '-gzip'}"`,
      'x-coop-sha256': file.sha256,
    },
    body: createReadStream(path),
  };
}

/** Without TLS anybody on the way could replace the agent, so only the loopback goes without. */
function checkedOrigin(origin: string, tls: JoinTls | null): string {
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (url.protocol !== (tls === null ? 'http:' : 'https:') || url.origin !== origin.replace(/\/$/, '')) {
    throw new CoopError('invalid_request', `${origin} is not an origin that this server answers under.`);
  }
  if (tls === null && !loopback) {
    throw new CoopError(
      'invalid_request',
      `${origin} is not safe for others to join: without TLS anybody on the way could replace the agent.`,
      {
        hint: 'Start the server with --listen, which makes a certificate',
      },
    );
  }
  return url.origin;
}

function checkedPin(pin: string): string {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(pin)) throw new RangeError('a pin is the base64 of 32 bytes');
  return pin;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
