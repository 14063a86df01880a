import { randomUUID } from 'node:crypto';
import { parseExpression, parseSort, matches } from '@gpucoop/protocol/expression.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { policyHash, policyJson, type Policy } from '@gpucoop/policy/policy.ts';
import type { Logger } from 'pino';
import { createAdmin } from './admin.ts';
import type { Clock } from './clock.ts';
import type { Database } from './db/open.ts';
import { statementsAbout } from './evidence/evidence.ts';
import { createLinks, type Links } from './gateway/links.ts';
import { balanceOf, ledgerOf } from './ledger/statements.ts';
import { openUserAccounts } from './ledger/ledger.ts';
import { createJoinToken, enrol } from './machines/enrol.ts';
import * as machines from './machines/machines.ts';
import { createPresence } from './machines/presence.ts';
import { createPeers, type PeerListen } from './peers/peers.ts';
import { forgetExpired } from './market/forget.ts';
import { createQuote, readQuote } from './market/quotes.ts';
import { createReadModel } from './market/read-model.ts';
import { offerAt } from './market/supply.ts';
import type { NetworkKeys } from './network-keys.ts';
import type { Rooms } from './rooms.ts';
import { createController } from './runs/controller.ts';
import { createBell, followEvents } from './runs/events.ts';
import { createHearing } from './runs/hearing.ts';
import { createMeters } from './runs/meters.ts';
import { placeOrder } from './runs/orders.ts';
import { createQueue, openDemand } from './runs/queue.ts';
import * as reach from './runs/reach.ts';
import { extendRun, findRun, listRuns, readRun, stopRun } from './runs/runs.ts';
import { challengesFor } from './users/challenges.ts';

/** The rooms below HTTP, wired by hand, and the loops that keep them true. */
export type Network = {
  rooms: Rooms;
  links: Links;
  /** Accounts of a user, made at his login. */
  welcome(userId: string): Promise<void>;
  stop(): Promise<void>;
};

export type NetworkDeps = {
  database: Database;
  clock: Clock;
  policy: Policy;
  keys: NetworkKeys;
  log: Logger;
  joinCommand(token: string): Promise<string>;
  /** Where other servers of the same database may ask for the machines whose links are here. */
  peerListen?: PeerListen;
};

const FLUSH_MS = 10_000;
const SWEEP_MS = 1000;
const FORGET_MS = 600_000;

export async function startNetwork(deps: NetworkDeps): Promise<Network> {
  const { database, clock, policy, keys, log } = deps;
  const { db } = database;
  await rememberPolicy(deps);

  const bell = createBell((run) => peers.say({ run }));
  const readModel = createReadModel(db);
  await readModel.refresh();
  const supplyChanged = async (): Promise<void> => {
    await readModel.refresh();
    queue.wake();
  };
  const onSupplyChange = (): void =>
    void supplyChanged().catch((error: unknown) => log.error({ err: error }, 'the offers could not be read'));

  const serverId = randomUUID();
  // The embedded database has one server: what another held, it holds no more.
  if (database.engine === 'pglite')
    await db.updateTable('machines').set({ link_server: null }).where('link_server', 'is not', null).execute();
  const presence = await createPresence({ db, clock, policy, serverId, log, onSupplyChange });
  const own = { serverId, silentMs: policy.timeouts.silent_ms };
  const rules = { gap_ms: policy.gap_s * 1000, server_since: clock.now() };
  const meters = createMeters(db, keys.meter, rules);

  const links: Links = createLinks({
    authenticate: (machineId) => authenticateMachine(db, machineId),
    raiseEpoch: async (machineId) => {
      const { link_epoch } = await db
        .updateTable('machines')
        .set((eb) => ({
          link_epoch: eb('link_epoch', '+', 1n),
          link_server: serverId,
          linked_at: clock.now(),
          last_seen_at: clock.now(),
        }))
        .where('id', '=', machineId)
        .returning('link_epoch')
        .executeTakeFirstOrThrow();
      peers.say({ link: machineId, epoch: Number(link_epoch) });
      return Number(link_epoch);
    },
    challenges: challengesFor(db, 'link'),
    onUp: async (machineId) => {
      const machine = await db.selectFrom('machines').select('terms').where('id', '=', machineId).executeTakeFirst();
      // Not awaited: the link is up whether or not the agent takes its terms at once.
      void links
        .linkOf(machineId)
        ?.request('PUT', '/v1/terms', { json: machine?.terms })
        .catch(() => undefined);
      await wakeMachine(machineId);
    },
    onDown: async (machineId, epoch) => {
      presence.linkDown(machineId, epoch);
      controller.linkDown(machineId);
      await db
        .updateTable('machines')
        .set({ link_server: null })
        .where('id', '=', machineId)
        .where('link_epoch', '=', BigInt(epoch))
        .execute();
      await wakeMachine(machineId);
    },
    onEvent: (machineId, epoch, event) => hear(machineId, epoch, event),
    serverName: keys.serverName,
    heartbeatMs: policy.timeouts.heartbeat_ms,
    log,
    clock,
  });

  const peers = await createPeers({
    database,
    clock,
    serverId,
    links,
    log,
    listen: deps.peerListen,
    onWord(word) {
      if (word === null) bell.rung(null);
      else if ('run' in word) bell.rung(word.run);
      else if ('link' in word) links.supersede(word.link, word.epoch);
      else if ('lease' in word && word.to === serverId) controller.wake(word.lease);
    },
  });
  const orderDeps = { db, clock, policy, meterSigner: keys.meter, secretsKey: keys.secrets, bell };
  const controller = createController({
    ...orderDeps,
    links,
    presence,
    meters,
    log,
    own,
    onHandedOver: (lease, to) => peers.say({ lease, to }),
    onSupplyChange,
  });
  const hear = createHearing({ db, clock, links, presence, controller, log });
  const quoteDeps = { db, readModel, policy, policyHash: policyHash(policy), clock };
  const queue = createQueue({ ...orderDeps, ...quoteDeps, log, onPlaced: (leaseId) => controller.wake(leaseId) });

  async function wakeMachine(machineId: string): Promise<void> {
    const leases = await db
      .selectFrom('leases')
      .select('id')
      .where('machine_id', '=', machineId)
      .where('removed_at', 'is', null)
      .execute();
    for (const lease of leases) controller.wake(lease.id);
  }

  const runsDeps = { db, clock, meters, bell, wake: controller.wake, wakeQueue: queue.wake };
  const machinesDeps: machines.MachinesDeps = {
    db,
    clock,
    policy,
    links,
    linkTo: peers.linkTo,
    own,
    offersOf: (machineId) =>
      [...readModel.shelves().all()]
        .filter((supply) => supply.machine_id === machineId)
        .map((supply) => offerAt(supply, clock.now())),
    onSupplyChange: supplyChanged,
    wake: controller.wake,
    told: new Map(),
  };
  const reachDeps = { db, linkTo: peers.linkTo, bell };
  const enrolDeps = { db, clock, local: policy.network === 'local', serverName: keys.serverName };
  const available = async (userId: string): Promise<bigint> => BigInt((await balanceOf(db, userId)).available.micros);
  const ofUser = (userId: string, runId: string) => findRun(db, userId, runId);

  const rooms: Rooms = {
    market: {
      async offers({ q, sort, cursor, limit }) {
        const now = clock.now();
        const expression = q === null ? null : parseExpression(q);
        const order = parseSort(sort ?? 'price');
        const all = [...readModel.shelves().all()]
          .map((supply) => offerAt(supply, now))
          .filter((offer) => expression === null || matches(expression, offer))
          .toSorted((a, b) => order(a, b) || (a.id < b.id ? -1 : 1));
        const from = cursor === null ? 0 : all.findIndex((offer) => offer.id === cursor) + 1;
        const items = all.slice(from, from + limit);
        return { items, next_cursor: from + limit < all.length ? (items.at(-1)?.id ?? null) : null };
      },
      async offer(id) {
        const supply = readModel.shelves().byId(id);
        if (supply === undefined)
          throw new CoopError('not_found', `There is no offer ${id}.`, { hint: 'coop offers lists them.' });
        return offerAt(supply, clock.now());
      },
      demand: () => openDemand(db),
      quote: async (userId, spec, explained = false) =>
        createQuote(quoteDeps, userId, spec, { balance: await available(userId), explained }),
      quoteById: async (userId, quoteId) => readQuote(quoteDeps, userId, quoteId, await available(userId)),
    },
    runs: {
      async place(userId, order) {
        const placed = await placeOrder(orderDeps, userId, order);
        if (placed.leaseId !== null) {
          controller.wake(placed.leaseId);
          onSupplyChange();
        }
        return readRun(runsDeps, await findRun(db, userId, placed.runId));
      },
      list: (userId, query) => listRuns(runsDeps, userId, query),
      get: async (userId, idOrName) => readRun(runsDeps, await findRun(db, userId, idOrName)),
      stop: (userId, runId) => stopRun(runsDeps, userId, runId),
      extend: (userId, runId, by) => extendRun(runsDeps, userId, runId, by),
      async *events(userId, runId, after, signal) {
        yield* followEvents(db, bell, (await ofUser(userId, runId)).id, after, signal);
      },
      async *logs(userId, runId, query, signal) {
        yield* reach.runLogs(reachDeps, (await ofUser(userId, runId)).id, query, signal);
      },
      exec: async (userId, runId, request) => reach.exec(reachDeps, (await ofUser(userId, runId)).id, request),
      readFiles: async (userId, runId, path) => reach.readFiles(reachDeps, (await ofUser(userId, runId)).id, path),
      writeFiles: async (userId, runId, path, tar) =>
        reach.writeFiles(reachDeps, (await ofUser(userId, runId)).id, path, tar),
      stats: async (userId, runId) => reach.stats(reachDeps, (await ofUser(userId, runId)).id),
      connect: async (userId, runId, port) => reach.connect(reachDeps, (await ofUser(userId, runId)).id, port),
    },
    machines: {
      list: (userId, query) => machines.listMachines(machinesDeps, userId, query),
      get: async (userId, id) => machines.viewMachine(machinesDeps, await machines.findMachine(db, userId, id)),
      setTerms: (userId, id, terms) => machines.setTerms(machinesDeps, userId, id, terms),
      setListing: (userId, id, listing) => machines.setListing(machinesDeps, userId, id, listing),
      remove: (userId, id) => machines.removeMachine(machinesDeps, userId, id),
      doctor: (userId, id) => machines.runDoctor(machinesDeps, userId, id),
      earnings: async (userId, id) => machines.machineEarnings(machinesDeps, userId, id),
      async createJoinToken(userId, wish) {
        const made = await createJoinToken(enrolDeps, userId, wish);
        return { ...made, command: await deps.joinCommand(made.token) };
      },
      async enrol(request) {
        const answer = await enrol(enrolDeps, request);
        await supplyChanged();
        return answer;
      },
    },
    money: {
      balance: (userId) => balanceOf(db, userId),
      ledger: (userId, query) => ledgerOf(db, userId, query),
    },
    evidence: {
      async ofRun(userId, runId, query) {
        const run = await runForEvidence(userId, runId);
        const leases = await db
          .selectFrom('leases')
          .select('id')
          .where('run_id', '=', run)
          .orderBy('created_at')
          .execute();
        return statementsAbout(db, [run, ...leases.map((lease) => lease.id)], query);
      },
    },
    admin: createAdmin({
      database,
      clock,
      meterSigner: keys.meter,
      onSupplyChange: supplyChanged,
      stopRunsOf: async (userId) => {
        const live = await db
          .selectFrom('runs')
          .select('id')
          .where('user_id', '=', userId)
          .where('state', '<>', 'ended')
          .execute();
        for (const run of live) await stopRun(runsDeps, userId, run.id, 'suspended');
      },
      wakeMachine,
    }),
  };

  /** For the run's renter and for the providers of its leases. */
  async function runForEvidence(userId: string, runId: string): Promise<string> {
    const provided = await db
      .selectFrom('leases')
      .select('run_id')
      .where('run_id', '=', runId)
      .where('provider_id', '=', userId)
      .executeTakeFirst();
    return provided?.run_id ?? (await ofUser(userId, runId)).id;
  }

  controller.start();
  queue.start();
  const stopForget = every(FORGET_MS, 'what has expired could not be forgotten', () => forgetExpired(db, clock.now()));
  const stopSweep = every(SWEEP_MS, 'the sweep failed', async () => {
    await presence.sweep();
    await readModel.refresh();
    await machines.partWithRemoved(machinesDeps);
  });
  // What other servers know of a machine is what was written of it: well before they would call it silent.
  const stopFlush = every(Math.min(FLUSH_MS, own.silentMs / 4), 'what was heard could not be written', async () => {
    await presence.flush();
    await meters.flush();
  });

  function every(ms: number, failure: string, work: () => Promise<void>): () => Promise<void> {
    let running = Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const turn = (): void => {
      running = work()
        .catch((error: unknown) => log.error({ err: error }, failure))
        .then(() => {
          if (!stopped) timer = setTimeout(turn, ms);
        });
    };
    timer = setTimeout(turn, ms);
    return async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    };
  }

  return {
    rooms,
    links,
    welcome: (userId) => db.transaction().execute((tx) => openUserAccounts(tx, userId, clock.now())),
    async stop() {
      await queue.stop();
      await stopSweep();
      await stopFlush();
      await stopForget();
      await links.close();
      await controller.stop();
      await presence.flush();
      await peers.stop();
    },
  };
}

async function rememberPolicy({ database, policy, clock }: NetworkDeps): Promise<void> {
  await database.db
    .insertInto('policies')
    .values({ hash: policyHash(policy), body: JSON.stringify(policyJson(policy)), created_at: clock.now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function authenticateMachine(db: Database['db'], machineId: string): Promise<{ publicKey: string }> {
  const machine = await db
    .selectFrom('machines')
    .select(['public_key', 'listing', 'presence'])
    .where('id', '=', machineId)
    .executeTakeFirst();
  if (machine === undefined) throw new CoopError('unauthenticated', 'This network has no such machine.');
  // A removed machine is let in until its leases have ended and it was told; then it is `lost`.
  if (machine.listing === 'removed' && machine.presence === 'lost') {
    throw new CoopError('machine_removed', 'The machine was removed from the network.', {
      hint: 'coop agent uninstall',
    });
  }
  return { publicKey: machine.public_key };
}
