import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { HttpDeps, HttpEnv } from './deps.ts';
import { attachUpgrades } from './upgrades.ts';

export type ListenOptions = { host: string; port: number; tls?: { cert: string; key: string } };
export type Listening = {
  port: number;
  /** Takes nothing new, lets requests under way finish for `graceMs`, then ends them. Abort `closing` first: it ends the streams. */
  close(graceMs?: number): Promise<void>;
};

/** Serves the app over HTTP or HTTPS, with its WebSockets. */
export async function listen(app: Hono<HttpEnv>, deps: HttpDeps, options: ListenOptions): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(options.tls === undefined
      ? { createServer }
      : { createServer: createSecureServer, serverOptions: options.tls }),
  }) as Server;
  // A tar of many gigabytes takes longer than Node's five minutes; a slow head is cut as ever.
  server.requestTimeout = 0;
  attachUpgrades(server, app, deps);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs) };
}

function close(server: Server, graceMs = 2000): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
