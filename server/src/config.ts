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
      restore: { type: 'string' },
    },
  });
  const at =
    values.listen === undefined ? { host: '127.0.0.1', port: parsePort(values.port) } : parseListen(values.listen);
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
    logLevel: env['COOP_LOG_LEVEL'] ?? 'info',
    restoreFile: values.restore,
  };
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  if (match === null) {
    throw new CoopError('invalid_request', `--listen ${text} is not HOST:PORT.`, {
      hint: '--listen 0.0.0.0:7070, or [::]:7070',
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
