import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { LinkChallenge } from '@gpucoop/protocol/agent-api.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { JoinRoutes } from '../machines/join.ts';
import type { Metrics } from '../metrics.ts';
import type { Caller, Rooms } from '../rooms.ts';
import type { Idempotency } from '../users/idempotency.ts';
import type { Users } from '../users/users.ts';
import type { Rates } from './rate-limit.ts';

/** All that the HTTP room needs; `main.ts` gives it. */
export type HttpDeps = {
  rooms: Rooms;
  users: Users;
  idempotency: Idempotency;
  links: {
    challenge(machineId: string): Promise<LinkChallenge>;
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  };
  join: JoinRoutes;
  policy: Policy;
  config: HttpConfig;
  log: Logger;
  metrics: Metrics;
  clock: Clock;
  /** Each check by name, with `ok` or what is wrong. */
  readiness(): Promise<Record<string, string>>;
  /** Aborted when the server stops: streams are then cut, and clients resume at the next server. */
  closing?: AbortSignal;
};

export type HttpConfig = {
  network: 'local' | 'public';
  version: string;
  /** Behind a proxy of our own: its last X-Forwarded-For is who calls. */
  trustProxy?: boolean;
  rates?: Rates;
  heartbeatMs?: number;
  maxJsonBytes?: number;
  maxTarBytes?: number;
};

/** Present on upgrade requests only: accepts the WebSocket. `otherwise`: the client went away before it was open. */
export type Accept = (serve: (socket: WebSocket) => void, otherwise?: () => void) => void;

export type HttpEnv = {
  Bindings: Partial<HttpBindings> & { accept?: Accept };
  Variables: {
    requestId: string;
    log: Logger;
    routeId: string | undefined;
    caller: Caller | undefined;
    /** Of a named key; undefined for a session. */
    keyExpiresAt: Date | null | undefined;
    limitHeaders: Record<string, string> | undefined;
  };
};
