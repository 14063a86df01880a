#!/usr/bin/env node
import '@hono/zod-openapi'; // first: only schemas made after it can be shown in the OpenAPI document
import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { findPolicy } from '@gpucoop/policy/find-policy.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { requireSafePolicy } from '@gpucoop/policy/unsafe.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { isLoopback, readConfig, usage, type Config } from './config.ts';
import { systemClock } from './clock.ts';
import { databaseClock } from './db/database-clock.ts';
import { migrate } from './db/migrate.ts';
import { openDatabase, type Database, type DatabaseLocation } from './db/open.ts';
import { restore } from './db/restore.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/serve.ts';
import type { HttpDeps } from './http/deps.ts';
import { createLog } from './log.ts';
import { agentFiles } from './machines/agent-bundle.ts';
import { joinCommand, joinRoutes, type JoinRoutes } from './machines/join.ts';
import { createMetrics } from './metrics.ts';
import { registerGauges } from './gauges.ts';
import { loadOrMakeKeys } from './network-keys.ts';
import { startNetwork } from './network.ts';
import { loadOrMakeTls, type Tls } from './tls.ts';
import { ensureUser } from './users/accounts.ts';
import { createIdempotency } from './users/idempotency.ts';
import { createUsers } from './users/users.ts';

const VERSION = '0.1.0';
const SWEEP_USERS_MS = 60_000;

if (process.argv.includes('--help')) console.log(usage);
else await main().catch(failed);

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  const log = createLog({ level: config.logLevel as 'info' });
  const policy = await readPolicy(config);
  requireSafe(config, policy);
  if (config.restoreFile !== undefined) return restoreFrom(config, config.restoreFile);
  const keys = await loadOrMakeKeys(config.dir);
  const database = await openDatabase(locationOf(config));
  await migrate(database);
  const shared = database.engine === 'postgres' ? await databaseClock(database.db, log) : undefined;
  const clock = shared?.clock ?? systemClock();
  await ensureUser(database.db, {
    publicKey: keys.admin.publicKey,
    name: 'administrator',
    isAdmin: true,
    at: clock.now(),
  });

  const tls = config.tls === undefined ? null : await readTls(config, clock.now());
  // The port may be known only once it listens, and what a joining machine fetches names it.
  const reachable = Promise.withResolvers<{ origin: string; join: JoinRoutes }>();
  const joinLine = async (token: string): Promise<string> => joinCommand((await reachable.promise).origin, tls, token);

  const network = await startNetwork({
    database,
    clock,
    policy,
    keys,
    log,
    joinCommand: joinLine,
    ...(config.peerListen !== undefined && { peerListen: config.peerListen }),
  });
  const users = createUsers({
    db: database.db,
    clock,
    serverName: keys.serverName,
    openSignup: config.openSignup,
    welcome: network.welcome,
  });
  const idempotency = createIdempotency({ db: database.db, clock, secret: keys.secrets });
  const metrics = createMetrics();
  registerGauges(metrics, { db: database.db, links: network.links });
  const closing = new AbortController();
  const deps: HttpDeps = {
    rooms: network.rooms,
    users,
    idempotency,
    links: network.links,
    join: {
      script: async () => (await reachable.promise).join.script(),
      agent: async (encoding) => (await reachable.promise).join.agent(encoding),
      node: async (encoding) => (await reachable.promise).join.node(encoding),
    },
    policy,
    config: { network: policy.network, version: VERSION, trustProxy: config.trustProxy },
    log,
    metrics,
    clock,
    readiness: async () => ({ database: await answers(database) }),
    closing: closing.signal,
  };
  const listening = await listen(createApp(deps), deps, {
    host: config.host,
    port: config.port,
    ...(tls !== null && { tls }),
  });
  const origin = originOf(config, listening.port);
  reachable.resolve({
    origin,
    join: joinRoutes({ origin, tls, files: agentFiles({ cacheDir: join(config.dir, 'agent-files') }) }),
  });

  const sweeping = setInterval(() => {
    Promise.all([users.sweep(), idempotency.sweep()]).catch((error: unknown) =>
      log.error({ err: error }, 'the sweep of users failed'),
    );
  }, SWEEP_USERS_MS);
  log.info(
    { url: origin, network: keys.serverName, database: database.engine, fingerprint: tls?.fingerprint256 },
    'listening',
  );

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping; running leases go on at their machines');
    clearInterval(sweeping);
    closing.abort();
    await listening.close();
    await network.stop();
    await shared?.stop();
    await database.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal).catch(failed));
}

function locationOf(config: Config): DatabaseLocation {
  return config.databaseUrl === undefined ? { dir: join(config.dir, 'db') } : { url: config.databaseUrl };
}

async function restoreFrom(config: Config, file: string): Promise<void> {
  await mkdir(config.dir, { recursive: true, mode: 0o700 });
  const database = await openDatabase(locationOf(config));
  try {
    const rows = await restore(database, createReadStream(file));
    await migrate(database);
    const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
    console.log(
      `Restored ${total} rows of ${Object.keys(rows).length} tables. Put the keys of that network beside it: ${config.dir}`,
    );
  } finally {
    await database.close();
  }
}

/** A network of plain processes and test credit must not be reachable by others. */
function requireSafe(config: Config, policy: Policy): void {
  if (policy.network !== 'local' || isLoopback(config.host) || config.tls !== undefined) return;
  throw new CoopError('invalid_request', `A local network does not listen on ${config.host} without TLS.`, {
    hint: `--listen ${config.host}:${config.port}`,
  });
}

/** Others may join a network only when its policy is not `local`: a plain process is no protection against a stranger. */
async function readPolicy(config: Config): Promise<Policy> {
  if (config.policyFile === undefined) {
    return isLoopback(config.host) ? localPolicy : { ...localPolicy, name: 'open', network: 'public' };
  }
  const { policy } = await findPolicy(config.policyFile, (path) => readFile(path, 'utf8'));
  requireSafePolicy(policy);
  return policy;
}

async function readTls(config: Config, now: Date): Promise<Tls> {
  const { certFile, keyFile } = config.tls ?? {};
  const given = certFile === undefined || keyFile === undefined ? {} : { certFile, keyFile };
  return loadOrMakeTls({
    dir: config.dir,
    ...given,
    names: ['localhost', '127.0.0.1', hostname(), ...addresses(config)],
    now,
  });
}

/** Under which addresses this server can be reached: the one it listens on, or all of the machine. */
function addresses(config: Config): string[] {
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => !address.internal && !address.address.startsWith('fe80:'))
    .map((address) => address.address);
  const any = config.host === '0.0.0.0' || config.host === '::';
  return [
    ...new Set([
      ...(config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname]),
      ...(any ? own : [config.host]),
    ]),
  ];
}

function originOf(config: Config, port: number): string {
  if (config.publicUrl !== undefined) return new URL(config.publicUrl).origin;
  const [host = '127.0.0.1'] = config.tls === undefined ? [config.host] : addresses(config);
  return `${config.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function answers(database: Database): Promise<string> {
  try {
    await database.db.selectFrom('policies').select('hash').limit(1).execute();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One line for a person or a parent process; the log has the rest. */
function failed(error: unknown): void {
  const hint = error instanceof CoopError && error.hint !== undefined ? ` (${error.hint})` : '';
  console.error(`coop server: ${error instanceof Error ? error.message : String(error)}${hint}`);
  process.exit(1);
}
