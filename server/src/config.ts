import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CoopError } from '@gpucoop/protocol/problem.ts';

/** What the server is started with. Flags win over the environment; secrets come by environment or file alone. */
export type Config = {
  /** Keys, certificate and, without `databaseUrl`, the database. */
  dir: string;
  databaseUrl: string | undefined;
  host: string;
  port: number;
  /** How others reach it; null: as they came. */
  publicUrl: string | undefined;
  tls: { certFile: string | undefined; keyFile: string | undefined } | undefined;
  policyFile: string | undefined;
  openSignup: boolean;
  trustProxy: boolean;
  logLevel: string;
  /** Where other servers on the same database reach this one; undefined: nowhere. */
  peerListen: { host: string; port: number; url?: string } | undefined;
  /** Read this archive into an empty database, and end. */
  restoreFile: string | undefined;
};

export const usage = `coop-server [options]
  --home DIR          keys and embedded database (default $COOP_HOME or ~/.coop)
  --port N            default 7070; 0 takes a free one
  --listen HOST:PORT  also for other machines: turns TLS on
  --tls-cert FILE --tls-key FILE   default: a pair made at the first start
  --public-url URL    how others reach this server, if not by its own names
  --policy NAME|FILE  a preset (standby, ionet, aethir) or a file; default: the local policy
  --closed            only users who are known already may log in
  --restore FILE      read an archive of coop admin backup into an empty database, and end
  --peer-listen [HOST:]PORT   for other servers on the same PostgreSQL; default host: loopback
  --peer-url https://HOST:PORT   how they reach it, if not there
  --trust-proxy       X-Forwarded-For of the proxy before it is believed
Environment: DATABASE_URL (PostgreSQL), COOP_LOG_LEVEL.`;

export function readConfig(args: string[], env: NodeJS.ProcessEnv): Config {
  const { values } = parseArgs({
    args,
    options: {
      home: { type: 'string' },
      port: { type: 'string', default: '7070' },
      listen: { type: 'string' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'public-url': { type: 'string' },
      policy: { type: 'string' },
      closed: { type: 'boolean', default: false },
      'trust-proxy': { type: 'boolean', default: false },
      'peer-listen': { type: 'string' },
      'peer-url': { type: 'string' },
      restore: { type: 'string' },
    },
  });
  const at =
    values.listen === undefined
      ? { host: '127.0.0.1', port: parsePort(values.port) }
      : parseListen('--listen', values.listen);
  return {
    dir: join(values.home ?? env['COOP_HOME'] ?? join(homedir(), '.coop'), 'network'),
    databaseUrl: env['DATABASE_URL'],
    ...at,
    publicUrl: values['public-url'],
    tls:
      values.listen === undefined && values['tls-cert'] === undefined
        ? undefined
        : { certFile: values['tls-cert'], keyFile: values['tls-key'] },
    policyFile: values.policy,
    openSignup: !values.closed,
    trustProxy: values['trust-proxy'],
    peerListen:
      values['peer-listen'] === undefined
        ? undefined
        : parsePeerListen(values['peer-listen'], values['peer-url'], env['DATABASE_URL']),
    logLevel: env['COOP_LOG_LEVEL'] ?? 'info',
    restoreFile: values.restore,
  };
}

function parsePeerListen(text: string, url: string | undefined, databaseUrl: string | undefined): Config['peerListen'] {
  if (databaseUrl === undefined) {
    throw new CoopError(
      'invalid_request',
      'The embedded database has one server, so there are no others to listen for.',
      {
        at: '--peer-listen',
        hint: 'Set DATABASE_URL to the PostgreSQL that the servers share',
      },
    );
  }
  const at = /^\d+$/.test(text) ? { host: '127.0.0.1', port: parsePort(text) } : parseListen('--peer-listen', text);
  if (url === undefined && ['0.0.0.0', '::'].includes(at.host)) {
    throw new CoopError('invalid_request', `Others cannot reach this server at ${at.host}.`, {
      at: '--peer-listen',
      hint: 'Say how: --peer-url https://HOST:PORT, or listen on one address',
    });
  }
  if (url === undefined) return at;
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new CoopError('invalid_request', `--peer-url ${url} is not https://HOST:PORT.`, { at: '--peer-url' });
  }
  return { ...at, url: new URL(url).origin };
}

function parseListen(flag: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  if (match === null) {
    throw new CoopError('invalid_request', `${flag} ${text} is not HOST:PORT.`, {
      hint: `${flag} 0.0.0.0:7070, or [::]:7070`,
    });
  }
  return { host: match[1] ?? match[2] ?? '', port: parsePort(match[3] ?? '') };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new CoopError('invalid_request', `${text} is not a port.`, { hint: '0 to 65535' });
  return port;
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
