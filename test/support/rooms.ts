import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { expect } from 'vitest';
import { signerFromSecret, type Signer } from '@gpucoop/protocol/evidence.ts';
import type { Quote, Run } from '@gpucoop/protocol/resources.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { signOrder, type OrderOptions } from '@gpucoop/sdk/order.ts';
import { inspectAll } from '@gpucoop/server/admin.ts';
import { systemClock, type Clock } from '@gpucoop/server/clock.ts';
import type { Database } from '@gpucoop/server/db/open.ts';
import { startNetwork, type Network } from '@gpucoop/server/network.ts';
import type { NetworkKeys } from '@gpucoop/server/network-keys.ts';
import type { PeerListen } from '@gpucoop/server/peers/peers.ts';
import { ensureUser } from '@gpucoop/server/users/accounts.ts';
import { quickPolicy } from './network.ts';

/** One server's rooms in this process, with a real port for links and nothing else. Several may share one database. */
export type Rooms = Network['rooms'] & {
  network: Network;
  database: Database;
  keys: NetworkKeys;
  linkUrl: string;
  user(credit?: number): Promise<Renter>;
  stop(): Promise<void>;
};

export type Renter = { id: string; signer: Signer };

export function testKeys(): NetworkKeys {
  const signer = (): Signer => signerFromSecret(randomBytes(32));
  return { meter: signer(), admin: signer(), secrets: randomBytes(32), serverName: 'test' };
}

export async function startRooms(
  database: Database,
  options: { keys?: NetworkKeys; policy?: Policy; clock?: Clock; log?: pino.Logger; peerListen?: PeerListen } = {},
): Promise<Rooms> {
  const { keys = testKeys(), policy = quickPolicy, clock = systemClock(), log = pino({ level: 'silent' }) } = options;
  const { peerListen } = options;
  const network = await startNetwork({
    database,
    clock,
    policy,
    keys,
    log,
    joinCommand: async (token) => token,
    ...(peerListen !== undefined && { peerListen }),
  });
  const http = createServer((_request, response) => response.end());
  http.on('upgrade', network.links.handleUpgrade);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    ...network.rooms,
    network,
    database,
    keys,
    linkUrl: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/link`,
    async user(credit = 0) {
      const signer = signerFromSecret(randomBytes(32));
      const { id } = await ensureUser(database.db, { publicKey: signer.publicKey, name: null, at: clock.now() });
      await network.welcome(id);
      if (credit > 0)
        await network.rooms.admin.grant(id, { user_id: id, amount_micros: credit, reason: 'test', id: `grant-${id}` });
      return { id, signer };
    },
    async stop() {
      await network.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Accepts a quote. */
export function place(
  rooms: Pick<Rooms, 'runs'>,
  renter: Renter,
  quote: Quote,
  options: OrderOptions = {},
): Promise<Run> {
  const order = signOrder(quote, options, renter.signer, new Date().toISOString());
  return rooms.runs.place(renter.id, {
    statement: order.statement,
    queue: order.queue ?? false,
    secrets: order.secrets ?? {},
    registry_auth: null,
  });
}

export async function order(
  rooms: Pick<Rooms, 'runs' | 'market'>,
  renter: Renter,
  spec: Spec,
  options: OrderOptions = {},
): Promise<Run> {
  return place(rooms, renter, await rooms.market.quote(renter.id, spec), options);
}

/** Sums, holds, slots, leases and runs agree: whatever has happened. */
export async function expectRight(database: Pick<Database, 'db'>): Promise<void> {
  const { problems, assets } = await inspectAll(database);
  expect(problems).toEqual([]);
  expect(assets.filter((asset) => asset.sum_micros !== 0)).toEqual([]);
}
