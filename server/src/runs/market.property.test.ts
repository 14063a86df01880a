import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import pino from 'pino';
import { expect, test } from 'vitest';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { endReasonCodes, type EndReason } from '@gpucoop/protocol/reasons.ts';
import { leaseTransitions, mayMove, type LeaseState } from '@gpucoop/protocol/states.ts';
import { signerFromSecret, signStatement, type Signer } from '@gpucoop/protocol/evidence.ts';
import { specDefaults, type Spec } from '@gpucoop/protocol/spec.ts';
import { policyHash, policyJson, type Policy } from '@gpucoop/policy/policy.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { factsOf } from '../../../test/support/fake-agent.ts';
import { inspectAll } from '../admin.ts';
import { transaction } from '../db/transaction.ts';
import { grantCredit, openUserAccounts } from '../ledger/ledger.ts';
import { newId } from '../ids.ts';
import { writeOffers } from '../machines/offers.ts';
import { defaultTerms } from '../machines/supply.ts';
import { createQuote } from '../market/quotes.ts';
import { createReadModel } from '../market/read-model.ts';
import { ensureUser } from '../users/accounts.ts';
import { createBell } from './events.ts';
import { createMeters, type Meters } from './meters.ts';
import { keepMoney } from './money.ts';
import { placeOrder } from './orders.ts';
import { serveWaiting } from './queue.ts';
import { recomputeLease } from './recompute.ts';
import { statementsAbout } from '../evidence/evidence.ts';
import { extendRun, stopRun } from './runs.ts';
import { claim, meterOf, writeLease, type LeaseRow } from './store.ts';
import { endLease, moveLease } from './transitions.ts';

/** The whole market on a real database, with a clock that the test turns: whatever is done in whatever order, the books are right. */

const policy: Policy = { ...localPolicy, fees: { ...localPolicy.fees, provider_ppm: 50_000, renter_ppm: 30_000 } };
const POLICY_HASH = policyHash(policy);
const secret = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const meterSigner = signerFromSecret(secret(1));
const PRICE = 1_234_567;

type Renter = { id: string; signer: Signer };
type World = Awaited<ReturnType<typeof world>>;

/** A provider with four CPUs and two renters who are not rich, on a database of their own. */
async function world({ db }: TestDatabase) {
  let time = Date.parse('2030-01-01T00:00:00Z');
  const clock = { now: () => new Date(time) };
  const now = clock.now();
  await db
    .insertInto('policies')
    .values({ hash: policyHash(policy), body: JSON.stringify(policyJson(policy)), created_at: now })
    .onConflict((c) => c.doNothing())
    .execute();
  const person = async (credit: bigint): Promise<Renter> => {
    const signer = signerFromSecret(randomBytes(32));
    const { id } = await ensureUser(db, { publicKey: signer.publicKey, name: null, at: now });
    await transaction(db, async (tx) => {
      await openUserAccounts(tx, id, now);
      await grantCredit(tx, { id: `g-${id}`, user_id: id, amount: credit, what: 'test', at: now });
    });
    return { id, signer };
  };
  const provider = await person(1n);
  const machineId = newId('machine');
  const machine = signerFromSecret(randomBytes(32));
  const facts = factsOf({ cpus: 4 });
  const terms = { ...defaultTerms(facts), price_micros_per_unit_hour: { cpu: PRICE } };
  await db
    .insertInto('machines')
    .values({
      id: machineId,
      provider_id: provider.id,
      name: machineId,
      public_key: machine.publicKey,
      presence: 'online',
      facts: JSON.stringify(facts),
      terms: JSON.stringify(terms),
      created_at: now,
    })
    .execute();
  await transaction(db, (tx) => writeOffers(tx, machineId, facts, terms));
  const readModel = createReadModel(db);
  const bell = createBell(() => {});
  const meters: Meters = createMeters(db, meterSigner, { gap_ms: 60_000, server_since: now });
  const orders = { db, clock, policy, meterSigner, secretsKey: secret(3), bell };
  const log = pino({ level: 'silent' });
  return {
    db,
    clock,
    machineId,
    machine,
    facts,
    terms,
    readModel,
    meters,
    bell,
    orders,
    log,
    renters: [await person(3_000_000n), await person(400_000n)] as const,
    turn: (seconds: number) => (time += seconds * 1000),
    /** What each lease's machine has signed. */
    served: new Map<string, number>(),
    grants: 0,
  };
}

const live = (w: World): Promise<LeaseRow[]> =>
  w.db
    .selectFrom('leases')
    .selectAll()
    .where('machine_id', '=', w.machineId)
    .where('state', '<>', 'ended')
    .orderBy('created_at')
    .orderBy('id')
    .execute();

async function some(w: World, pick: number): Promise<LeaseRow | undefined> {
  const leases = await live(w);
  const lease = leases[pick % Math.max(1, leases.length)];
  return lease && claim(w.db, lease.id, 'the one server', w.clock.now());
}

/** What a step may be told: a refusal that says why. Anything else that is thrown is a defect. */
async function mayBeRefused(work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof CoopError)) throw error;
  });
}

type Step = { name: string; run(w: World): Promise<unknown> };

async function begin(w: World, lease: LeaseRow): Promise<void> {
  const now = w.clock.now();
  await writeLease(w.db, lease, { receipt_at: now, acked_at: now });
  w.meters.adopt({ ...lease, receipt_at: now, acked_at: now });
  await transaction(w.db, (tx) => moveLease(tx, lease, 'preparing', {}, null, now));
}

const steps = {
  order: (who: number, cpus: number, budget: number | null, queue: boolean, retry: boolean): Step => ({
    name: `order ${who} ${cpus} ${budget} ${queue} ${retry}`,
    async run(w) {
      const renter = w.renters[who % 2] as Renter;
      const spec: Spec = {
        ...structuredClone(specDefaults),
        isolation: 'container',
        command: ['true'],
        budget_micros: budget,
        max_duration_s: 7200,
        retry: retry ? { on_events: ['interruption', 'no-capacity', 'error'], duration_s: 3600 } : null,
        where: `machine=${w.machineId}`,
        resources: { ...structuredClone(specDefaults.resources), cpus: { min: cpus, max: null } },
      };
      await w.readModel.refresh();
      const quote = await createQuote(
        { db: w.db, readModel: w.readModel, policy, policyHash: POLICY_HASH, clock: w.clock },
        renter.id,
        spec,
        {
          balance: 1_000_000n,
        },
      );
      const body = {
        quote_id: quote.id,
        spec_hash: quote.spec_hash,
        policy_hash: quote.policy_hash,
        max_price_micros_per_hour: 10 * PRICE,
        budget_micros: quote.budget.micros,
        max_duration_s: 7200,
      };
      const statement = signStatement('order', body, w.clock.now().toISOString(), renter.signer);
      const placing = () => placeOrder(w.orders, renter.id, { statement, queue, secrets: {}, registry_auth: null });
      await mayBeRefused(placing);
      await mayBeRefused(placing); // the same again
    },
  }),
  turn: (seconds: number): Step => ({ name: `turn ${seconds}`, run: async (w) => w.turn(seconds) }),
  forward: (pick: number): Step => ({
    name: `forward ${pick}`,
    async run(w) {
      const lease = await some(w, pick);
      const now = w.clock.now();
      if (lease?.state === 'reserved') return begin(w, lease);
      if (lease?.state === 'preparing')
        await transaction(w.db, (tx) => moveLease(tx, lease, 'running', { ready_at: now }, null, now));
      if (lease?.state === 'unknown')
        await transaction(w.db, (tx) =>
          moveLease(tx, lease, lease.ready_at === null ? 'preparing' : 'running', {}, null, now),
        );
    },
  }),
  silence: (pick: number): Step => ({
    name: `silence ${pick}`,
    async run(w) {
      const lease = await some(w, pick);
      if (lease?.state === 'running' || lease?.state === 'preparing')
        await transaction(w.db, (tx) => moveLease(tx, lease, 'unknown', {}, null, w.clock.now()));
    },
  }),
  meter: (pick: number, ms: number, container: string): Step => ({
    name: `meter ${pick} ${ms} ${container}`,
    async run(w) {
      const lease = await some(w, pick);
      if (lease === undefined || lease.ready_at === null) return;
      const served = Math.max(0, (w.served.get(lease.id) ?? 0) + ms);
      w.served.set(lease.id, served);
      const body = { lease_id: lease.id, container_id: container, served_ms: served, final: false };
      await w.meters.heard(
        lease.id,
        signStatement('meter', body, w.clock.now().toISOString(), w.machine),
        w.clock.now(),
      );
    },
  }),
  money: (pick: number): Step => ({
    name: `money ${pick}`,
    async run(w) {
      const lease = await some(w, pick);
      if (lease?.state !== 'running') return;
      const run = await w.db.selectFrom('runs').selectAll().where('id', '=', lease.run_id).executeTakeFirstOrThrow();
      const { lease: kept, stop } = await keepMoney({ ...w, policy }, lease, run, w.clock.now());
      if (stop !== null)
        await transaction(w.db, (tx) =>
          moveLease(tx, kept, 'stopping', { stop_reason: stop, stop_asked_at: w.clock.now() }, null, w.clock.now()),
        );
    },
  }),
  end: (pick: number, reason: EndReason): Step => ({
    name: `end ${pick} ${reason}`,
    async run(w) {
      const lease = await some(w, pick);
      if (lease === undefined) return;
      const now = w.clock.now();
      const how = { reason, detail: null, exit_code: null };
      await w.meters.settling(lease.id, (receipt) =>
        transaction(w.db, async (tx) => {
          const metered = w.meters.of(lease.id) === undefined ? null : await receipt(tx, now);
          const meter = metered?.meter ?? meterOf(lease) ?? { billed_ms: 0, unbilled_ms: 0 };
          await endLease(tx, lease, { ...meter, hash: metered?.hash ?? null }, how, now);
        }),
      );
      w.meters.drop(lease.id);
      await w.db.updateTable('leases').set({ removed_at: now }).where('id', '=', lease.id).execute();
    },
  }),
  stop: (pick: number): Step => ({
    name: `stop ${pick}`,
    async run(w) {
      const runs = await w.db
        .selectFrom('runs')
        .selectAll()
        .where(
          'user_id',
          'in',
          w.renters.map(({ id }) => id),
        )
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      const run = runs[pick % Math.max(1, runs.length)];
      if (run !== undefined) await stopRun({ ...w, wake: () => {}, wakeQueue: () => {} }, run.user_id, run.id);
    },
  }),
  extend: (pick: number, budget: number | null, duration: number | null, id: number): Step => ({
    name: `extend ${pick} ${budget} ${duration}`,
    async run(w) {
      const runs = await w.db
        .selectFrom('runs')
        .selectAll()
        .where(
          'user_id',
          'in',
          w.renters.map((renter) => renter.id),
        )
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      const run = runs[pick % Math.max(1, runs.length)];
      if (run === undefined || (budget === null && duration === null)) return;
      const by = { id: `x${id}`, budget_micros: budget, duration_s: duration };
      await mayBeRefused(() => extendRun({ ...w, wake: () => {}, wakeQueue: () => {} }, run.user_id, run.id, by));
    },
  }),
  queue: (): Step => ({
    name: 'queue',
    async run(w) {
      await w.readModel.refresh();
      await serveWaiting({
        ...w.orders,
        policyHash: POLICY_HASH,
        readModel: w.readModel,
        log: w.log,
        onPlaced: () => {},
      });
    },
  }),
  terms: (price: number, cpus: number): Step => ({
    name: `terms ${price} ${cpus}`,
    async run(w) {
      const terms = { ...w.terms, price_micros_per_unit_hour: { cpu: price } };
      await w.db
        .updateTable('machines')
        .set({ terms: JSON.stringify(terms) })
        .where('id', '=', w.machineId)
        .execute();
      await transaction(w.db, async (tx) => writeOffers(tx, w.machineId, { ...w.facts, cpus }, terms));
    },
  }),
  listing: (listing: 'listed' | 'draining'): Step => ({
    name: listing,
    run: (w) => w.db.updateTable('machines').set({ listing }).where('id', '=', w.machineId).execute(),
  }),
  grant: (who: number, amount: number): Step => ({
    name: `grant ${who} ${amount}`,
    async run(w) {
      const user = (w.renters[who % 2] as Renter).id;
      const id = `g-${user}-${w.grants++}`;
      for (let twice = 0; twice < 2; twice++)
        await transaction(w.db, (tx) =>
          grantCredit(tx, { id, user_id: user, amount: BigInt(amount), what: 'test', at: w.clock.now() }),
        );
    },
  }),
};

const pick = fc.nat({ max: 5 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.nat(1),
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.integer({ min: 1, max: 2_000_000 })),
        fc.boolean(),
        fc.boolean(),
      )
      .map((a) => steps.order(...a)),
  },
  { weight: 3, arbitrary: fc.constantFrom(1, 20, 59, 61, 1800, 4000).map(steps.turn) },
  { weight: 6, arbitrary: pick.map(steps.forward) },
  { weight: 1, arbitrary: pick.map(steps.silence) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(pick, fc.integer({ min: -5000, max: 5_000_000 }), fc.constantFrom('c', 'c', 'c', 'other'))
      .map((a) => steps.meter(...a)),
  },
  { weight: 4, arbitrary: pick.map(steps.money) },
  { weight: 3, arbitrary: fc.tuple(pick, fc.constantFrom(...endReasonCodes)).map((a) => steps.end(...a)) },
  { weight: 1, arbitrary: pick.map(steps.stop) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        pick,
        fc.option(fc.integer({ min: 1, max: 2 ** 53 - 1 })),
        fc.option(fc.integer({ min: 1, max: 2 ** 53 - 1 })),
        fc.nat(3),
      )
      .map((a) => steps.extend(...a)),
  },
  { weight: 2, arbitrary: fc.constant(steps.queue()) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, PRICE, 10 ** 12), fc.integer({ min: 1, max: 6 }))
      .map((a) => steps.terms(...a)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('listed' as const, 'listed' as const, 'draining' as const).map(steps.listing),
  },
  { weight: 1, arbitrary: fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 1_000_000 })).map((a) => steps.grant(...a)) },
);

async function statesOf(w: World): Promise<Map<string, LeaseState>> {
  const rows = await w.db.selectFrom('leases').select(['id', 'state']).where('machine_id', '=', w.machineId).execute();
  return new Map(rows.map(({ id, state }) => [id, state]));
}

test('whatever is done in whatever order: sums, holds, slots and budgets are right after each step, and each charge follows from the evidence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 45 }), async (story) => {
      await using stack = new AsyncDisposableStack();
      const database = await openTestDatabase('pglite');
      stack.defer(() => database.close());
      const w = await world(database);
      let before = await statesOf(w);
      for (const step of story) {
        await step.run(w);
        const { problems, assets } = await inspectAll(w);
        expect(problems, step.name).toEqual([]);
        expect(
          assets.every(({ sum_micros }) => sum_micros === 0),
          step.name,
        ).toBe(true);
        const after = await statesOf(w);
        for (const [id, state] of after)
          expect(
            mayMove(leaseTransitions, before.get(id) ?? 'reserved', state),
            `${step.name}: ${before.get(id)} → ${state}`,
          ).toBe(true);
        before = after;
      }
      await w.db.updateTable('runs').set({ stop_reason: 'stopped_by_renter' }).where('state', '<>', 'ended').execute();
      while ((await live(w)).length > 0) await steps.end(0, 'completed').run(w);
      await steps.queue().run(w);
      for (const renter of w.renters) {
        const account = await w.db
          .selectFrom('accounts')
          .select('held')
          .where('owner_id', '=', renter.id)
          .where('kind', '=', 'spending')
          .executeTakeFirstOrThrow();
        expect(account.held).toBe(0n);
      }
      const ended = await w.db.selectFrom('leases').selectAll().where('machine_id', '=', w.machineId).execute();
      for (const lease of ended) {
        const again = recomputeLease((await statementsAbout(w.db, [lease.id], { cursor: null, limit: 10_000 })).items, {
          meter: meterSigner.publicKey,
          ...policy.fees,
        });
        expect(again).toMatchObject({ billed_ms: Number(lease.billed_ms), problems: [] });
        // Less only where the holds did not cover it.
        expect(lease.settled_micros <= again.charge).toBe(true);
      }
      expect(await w.db.selectFrom('runs').select('id').where('state', '<>', 'ended').execute()).toEqual([]);
    }),
    { numRuns: 10 },
  );
}, 300_000);
