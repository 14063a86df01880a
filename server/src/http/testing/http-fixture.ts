import { randomBytes } from 'node:crypto';
import { signerFromSecret, type Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { KeyScope } from '@gpucoop/protocol/resources.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../db/open.ts';
import { createLog } from '../../log.ts';
import { createMetrics } from '../../metrics.ts';
import { ensureUser, setAdmin, suspendUser } from '../../users/accounts.ts';
import { createIdempotency } from '../../users/idempotency.ts';
import { createKey } from '../../users/keys.ts';
import { createUsers } from '../../users/users.ts';
import { createApp } from '../app.ts';
import type { HttpConfig, HttpDeps } from '../deps.ts';
import { listen } from '../serve.ts';
import { recordedRooms, type Overrides } from './recorded-rooms.ts';

export type FixtureOptions = {
  over?: Overrides;
  config?: Partial<HttpConfig>;
  links?: Partial<HttpDeps['links']>;
  openSignup?: boolean;
  readiness?: HttpDeps['readiness'];
  waitMs?: number;
  takeOverMs?: number;
  welcome?: (userId: string) => Promise<void>;
};
export type Person = { id: string; signer: Signer; key: string };

/** The real app over a real database, with rooms at its edge that record, and a clock that a test turns. */
export function httpFixture({ db }: Pick<Database, 'db'>, options: FixtureOptions = {}) {
  let skippedMs = 0;
  const clock: Clock = { now: () => new Date(Date.now() + skippedMs) };
  const recorded = recordedRooms(options.over);
  const logged: string[] = [];
  const closing = new AbortController();
  const secret = randomBytes(32);
  const deps: HttpDeps = {
    rooms: recorded.rooms,
    users: createUsers({
      db,
      clock,
      serverName: 'coop-test',
      openSignup: options.openSignup ?? true,
      welcome: options.welcome ?? (async () => {}),
    }),
    idempotency: createIdempotency({
      db,
      clock,
      secret,
      ...(options.waitMs !== undefined && { waitMs: options.waitMs }),
      ...(options.takeOverMs !== undefined && { takeOverMs: options.takeOverMs }),
    }),
    links: {
      challenge: async () => ({ nonce: 'a nonce', expires_at: clock.now().toISOString() }),
      handleUpgrade: (_request, socket) => void socket.destroy(),
      ...options.links,
    },
    join: {
      script: async () => ({ status: 200, headers: { 'content-type': 'text/x-shellscript' }, body: '#!/bin/sh\n' }),
      agent: async () => ({ status: 200, headers: { 'content-type': 'text/javascript' }, body: '// agent\n' }),
      node: async () => {
        throw new CoopError('not_found', 'No Node here.');
      },
    },
    policy: localPolicy,
    config: { network: 'public', version: '0.0.0-test', rates: {}, ...options.config },
    log: createLog({ level: 'debug', destination: { write: (line) => void logged.push(line) } }),
    metrics: createMetrics(),
    clock,
    readiness: options.readiness ?? (async () => ({ database: 'ok' })),
    closing: closing.signal,
  };
  const app = createApp(deps);

  const person = async (wish: { admin?: boolean; suspended?: boolean } = {}): Promise<Person> => {
    const signer = signerFromSecret(randomBytes(32));
    const at = clock.now();
    const { id } = await ensureUser(db, { publicKey: signer.publicKey, name: null, at });
    if (wish.admin === true) await setAdmin(db, id, true);
    if (wish.suspended === true) await suspendUser(db, id, 'unpaid bills', at);
    const key = await createKey(db, { userId: id, name: 'login', scopes: [], session: true, expiresAt: null, at });
    return { id, signer, key: key.secret };
  };
  const keyOf = async (
    userId: string,
    scopes: KeyScope[],
    expiresAt: Date | null = null,
  ): Promise<{ id: string; secret: string }> =>
    createKey(db, { userId, name: 'a key', scopes, session: false, expiresAt, at: clock.now() });

  return {
    app,
    deps,
    clock,
    closing,
    ...recorded,
    person,
    keyOf,
    logged,
    skip: (ms: number) => void (skippedMs += ms),
    listen: (tls?: { cert: string; key: string }) =>
      listen(app, deps, { host: '127.0.0.1', port: 0, ...(tls !== undefined && { tls }) }),
  };
}

export type Fixture = ReturnType<typeof httpFixture>;
