import { afterEach, describe, expect, test } from 'vitest';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { signOrder } from '@gpucoop/sdk/order.ts';
import { openDatabase, type Database } from '@gpucoop/server/db/open.ts';
import { openTestDatabase } from './support/database.ts';
import { enrolFake, factsOf, gpu, type Behaviour, type FakeAgent } from './support/fake-agent.ts';
import { describeNeeding } from './support/needs.ts';
import { isEnded, isRunning, specOf, until } from './support/network.ts';
import { expectRight, order, place, startRooms, testKeys, type Renter, type Rooms } from './support/rooms.ts';

/** Everybody at once. Whoever wins, nothing is rented twice, nothing is paid twice, and nothing is left behind. */

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type House = { rooms: Rooms[]; first: Rooms; database: Database; provider: Renter };

/** Servers that share one database, each with connections of its own. */
async function house(engine: 'pglite' | 'postgres', servers = 1): Promise<House> {
  const database = await openTestDatabase(engine);
  closing.push(() => database.close());
  const keys = testKeys();
  const rooms: Rooms[] = [];
  for (let n = 0; n < servers; n++) {
    const own = n === 0 || database.url === null ? database : await openDatabase({ url: database.url });
    if (own !== database) closing.push(() => own.close());
    const started = await startRooms(own, { keys });
    closing.push(() => started.stop());
    rooms.push(started);
  }
  const first = rooms[0] as Rooms;
  return { rooms, first, database, provider: await first.user() };
}

async function online(rooms: Rooms, provider: Renter, behaviour: Behaviour = {}): Promise<FakeAgent> {
  const agent = await enrolFake(rooms, provider, behaviour);
  await agent.dial();
  closing.push(() => agent.hangUp());
  await until(
    'the machine is online',
    async () => (await rooms.machines.get(provider.id, agent.machineId)).presence === 'online',
  );
  await until('its offer can be had', async () => (await rooms.market.quote(provider.id, task())).options.length > 0);
  return agent;
}

const task = (cpus = 1) =>
  specOf({
    command: ['sleep', '600'],
    stop_grace_s: 0,
    resources: { ...specOf({ command: null }).resources, cpus: { min: cpus, max: null } },
  });
const priced = { maxPriceMicrosPerHour: 10_000_000n };
const runOf = (rooms: Rooms, renter: Renter, run: Run) => rooms.runs.get(renter.id, run.id);
const untilRun = (rooms: Rooms, renter: Renter, run: Run, is: (run: Run) => boolean) =>
  until(`run ${run.id} is as awaited`, async () => {
    const now = await runOf(rooms, renter, run);
    return is(now) ? now : undefined;
  });

async function renters(rooms: Rooms, count: number): Promise<Renter[]> {
  return Promise.all(Array.from({ length: count }, () => rooms.user(1_000_000)));
}

const outcome = (settled: PromiseSettledResult<Run>): string =>
  settled.status === 'fulfilled' ? 'placed' : String((settled.reason as { code?: string }).code ?? settled.reason);

function forSlices(engine: 'pglite' | 'postgres'): void {
  test('two renters want the last slice: one has it, the other is told', async () => {
    const { first, database, provider } = await house(engine);
    await online(first, provider, { facts: { cpus: 1 } });
    const both = await renters(first, 2);
    const quotes = await Promise.all(both.map((renter) => first.market.quote(renter.id, task())));
    const results = await Promise.allSettled(both.map((renter, n) => place(first, renter, quotes[n]!)));
    expect(results.map(outcome).toSorted()).toEqual(['offer_taken', 'placed']);
    await expectRight(database);
    const held = await Promise.all(both.map(async (renter) => (await first.money.balance(renter.id)).held.micros));
    expect(held.filter((micros) => micros > 0)).toHaveLength(1);
  });

  test('twenty renters at once for four units on two machines', async () => {
    const { first, database, provider } = await house(engine);
    await online(first, provider, { facts: { cpus: 2 } });
    await online(first, provider, { facts: { cpus: 2 } });
    await until(
      'both are on offer',
      async () =>
        (await first.market.offers({ q: null, sort: null, cursor: null, limit: 10 })).items.filter(
          (offer) => offer.availability === 'free',
        ).length === 2,
    );
    const all = await renters(first, 20);
    const quotes = await Promise.all(all.map((renter) => first.market.quote(renter.id, task())));
    const results = await Promise.allSettled(all.map((renter, n) => place(first, renter, quotes[n]!, priced)));
    expect(results.map(outcome).filter((code) => code === 'placed')).toHaveLength(4);
    expect(new Set(results.map(outcome))).toEqual(new Set(['placed', 'offer_taken']));
    await expectRight(database);
    const { pending_holds } = (await first.admin.inspect()).counts;
    expect(pending_holds).toBe(4);
  });
}

function forEverythingElse(engine: 'pglite' | 'postgres'): void {
  test('the end, by the renter and by the machine, in one instant', async () => {
    const { first, database, provider } = await house(engine);
    const agent = await online(first, provider, { facts: { cpus: 4 } });
    for (let round = 0; round < 3; round++) {
      const [renter] = (await renters(first, 1)) as [Renter];
      const run = await order(first, renter, task());
      await untilRun(first, renter, run, isRunning);
      const lease = [...agent.leases.values()].find(({ order: taken }) => taken?.run_id === run.id)!;
      lease.report = { ...lease.report, state: 'ended', end_reason: 'completed', exit_code: 0 };
      agent.beat();
      await Promise.all([first.runs.stop(renter.id, run.id), first.runs.stop(renter.id, run.id)]);
      const ended = await untilRun(first, renter, run, isEnded);
      expect(['completed', 'stopped_by_renter']).toContain(ended.end_reason);
      expect((await first.money.balance(renter.id)).held.micros).toBe(0);
      await expectRight(database);
    }
  });

  test('an extension and the end of the budget in one instant: either it goes on, or the extension is refused or late', async () => {
    const { first, database, provider } = await house(engine);
    await online(first, provider);
    const [renter] = (await renters(first, 1)) as [Renter];
    await first.machines.setTerms(
      provider.id,
      (await first.machines.list(provider.id, { removed: false, cursor: null, limit: 1 })).items[0]!.id,
      { price_micros_per_unit_hour: { cpu: 36_000_000 } },
    );
    await until(
      'the price is known',
      async () => (await first.market.quote(renter.id, task())).options[0]?.per_hour.micros === 36_000_000,
    );
    // Two seconds' worth.
    const run = await order(first, renter, { ...task(), budget_micros: 20_000 });
    await untilRun(first, renter, run, isRunning);
    let extended = 0;
    const budget = (): number => 20_000 + extended * 5000;
    const last = await until('the run ends', async () => {
      const now = await runOf(first, renter, run);
      if (isEnded(now)) return now;
      if (extended < 8) {
        await first.runs.extend(renter.id, run.id, { id: `x${extended}`, budget_micros: 5000, duration_s: null }).then(
          () => extended++,
          (error: unknown) => expect(error).toMatchObject({ code: 'wrong_state' }),
        );
      }
      return undefined;
    });
    expect(last.end_reason).toBe('budget_reached');
    expect(last.budget.micros).toBe(budget());
    expect(last.cost.micros).toBeLessThanOrEqual(budget());
    await expectRight(database);
  });

  test('a drain, a change of price, new facts and orders in one instant: what was quoted holds, or the offer is taken', async () => {
    const { first, database, provider } = await house(engine);
    const behaviour: Behaviour = { facts: { cpus: 8 } };
    const agent = await online(first, provider, behaviour);
    for (let round = 0; round < 3; round++) {
      await first.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 100_000 } });
      const all = await renters(first, 6);
      const quotes = await until('all have an option at that price', async () => {
        const asked = await Promise.all(all.map((renter) => first.market.quote(renter.id, task())));
        return asked.every((quote) => quote.options[0]?.per_hour.micros === 100_000) ? asked : undefined;
      });
      behaviour.facts = factsOf({ cpus: round % 2 === 0 ? 5 : 8 });
      const [placed] = await Promise.all([
        Promise.allSettled(all.map((renter, n) => place(first, renter, quotes[n]!, priced))),
        first.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 5_000_000 } }),
        first.machines.setListing(provider.id, agent.machineId, 'draining'),
        Promise.resolve(agent.beat({ facts: behaviour.facts })),
      ]);
      for (const result of placed) {
        expect(['placed', 'offer_taken']).toContain(outcome(result));
        if (result.status === 'fulfilled') expect(result.value.leases[0]?.price_per_hour.micros).toBe(100_000);
      }
      await expectRight(database);
      await Promise.all(
        all.map(
          async (renter, n) => placed[n]?.status === 'fulfilled' && first.runs.stop(renter.id, placed[n].value.id),
        ),
      );
      for (const [n, renter] of all.entries()) {
        const result = placed[n];
        if (result?.status === 'fulfilled') await untilRun(first, renter, result.value, isEnded);
      }
      await first.machines.setListing(provider.id, agent.machineId, 'listed');
      await expectRight(database);
    }
  });

  test('devices vanish while they are rented: no device is in two leases, and what is gone is not rented', async () => {
    const { first, database, provider } = await house(engine);
    const uuids = ['GPU-1', 'GPU-2', 'GPU-3', 'GPU-4'];
    const behaviour: Behaviour = { facts: { devices: uuids.map((uuid, index) => gpu(uuid, { index })) } };
    const agent = await enrolFake(first, provider, behaviour);
    await agent.dial();
    closing.push(() => agent.hangUp());
    const spec = specOf({
      command: ['sleep', '1'],
      resources: {
        ...specOf({ command: null }).resources,
        gpu: { vendor: null, classes: [], memory_mib: { min: 0, max: null }, count: { min: 1, max: 1 } },
      },
    });
    await until('the devices can be had', async () => (await first.market.quote(provider.id, spec)).options.length > 0);
    const all = await renters(first, 8);
    const quotes = await Promise.all(all.map((renter) => first.market.quote(renter.id, spec)));
    const gone = uuids.slice(0, 2);
    const facts = factsOf({ devices: uuids.slice(2).map((uuid, index) => gpu(uuid, { index })) });
    const placing = all.map((renter, n) => place(first, renter, quotes[n]!, priced));
    agent.beat({ facts });
    behaviour.facts = facts;
    const placed = (await Promise.allSettled(placing)).flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    const devices = placed.flatMap((run) => run.leases[0]?.devices ?? []);
    expect(new Set(devices).size).toBe(devices.length);
    expect(placed.length).toBeGreaterThanOrEqual(2);
    await expectRight(database);
    await until(
      'the offer is as large as the machine',
      async () => (await first.machines.get(provider.id, agent.machineId)).offers[0]?.units_total === 2,
    );
    const present = await database.db.selectFrom('slots').select('device_uuid').where('present', '=', true).execute();
    expect(present.map((slot) => slot.device_uuid)).not.toEqual(expect.arrayContaining(gone));
  });
}

describe('races on the embedded database', () => forSlices('pglite'));
describeNeeding(['postgres'], 'races on PostgreSQL', () => {
  forSlices('postgres');
  forEverythingElse('postgres');
});

describeNeeding(['postgres'], 'two servers on one database', () => {
  test('the same order ten times at once through both: one run, one lease, one hold', async () => {
    const { rooms, first, database, provider } = await house('postgres', 2);
    await online(first, provider);
    const [renter] = (await renters(first, 1)) as [Renter];
    const quote = await first.market.quote(renter.id, task());
    const { statement } = signOrder(quote, {}, renter.signer, new Date().toISOString());
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        rooms[n % 2]!.runs.place(renter.id, { statement, queue: false, secrets: {}, registry_auth: null }),
      ),
    );
    expect(new Set(runs.map((run) => run.id)).size).toBe(1);
    expect(await database.db.selectFrom('leases').select('id').execute()).toHaveLength(1);
    expect(await database.db.selectFrom('transfers').select('id').where('kind', '=', 'hold').execute()).toHaveLength(1);
    await expectRight(database);
  });

  test('a run ordered and stopped at the server that has no link to its machine is served by the one that has', async () => {
    const { rooms, first, database, provider } = await house('postgres', 2);
    const other = rooms[1]!;
    await online(first, provider);
    const [renter] = (await renters(first, 1)) as [Renter];
    await until(
      'the other server knows the offer',
      async () => (await other.market.quote(renter.id, task())).options.length > 0,
    );
    const run = await order(other, renter, task());
    await untilRun(other, renter, run, isRunning);
    // Longer than a machine may be silent: to the server that does not hear it, it is not.
    await until(
      'it has served longer than silence may last',
      async () => (await first.runs.get(renter.id, run.id)).leases[0]!.billed_s >= 4,
    );
    expect((await other.machines.get(provider.id, run.leases[0]!.machine_id)).presence).toBe('online');
    expect((await runOf(other, renter, run)).state).toBe('running');
    await other.runs.stop(renter.id, run.id);
    expect((await untilRun(other, renter, run, isEnded)).end_reason).toBe('stopped_by_renter');
    await expectRight(database);
  });

  test('a machine that moves to the other server keeps its lease and its meter', async () => {
    const { rooms, first, database, provider } = await house('postgres', 2);
    const agent = await online(first, provider);
    const [renter] = (await renters(first, 1)) as [Renter];
    const run = await order(first, renter, task());
    await untilRun(first, renter, run, isRunning);
    for (const there of [rooms[1]!, first, rooms[1]!]) {
      const before = (await there.runs.get(renter.id, run.id)).leases[0]!.billed_s;
      await agent.dial(there);
      await until(
        'it goes on being billed',
        async () => (await there.runs.get(renter.id, run.id)).leases[0]!.billed_s > before,
      );
      expect((await runOf(there, renter, run)).state).toBe('running');
    }
    await first.runs.stop(renter.id, run.id);
    const ended = await untilRun(first, renter, run, isEnded);
    const { created_at, ended_at } = ended.leases[0]!;
    expect(ended.leases[0]!.billed_s).toBeLessThanOrEqual((Date.parse(ended_at ?? '') - Date.parse(created_at)) / 1000);
    await expectRight(database);
  });

  test('renewals of holds while the renter stops, at both servers', async () => {
    const { rooms, first, database, provider } = await house('postgres', 2);
    const agent = await online(first, provider, { facts: { cpus: 8 } });
    await first.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 36_000_000 } });
    const all = await renters(first, 6);
    await until(
      'the price is known',
      async () => (await first.market.quote(all[0]!.id, task())).options[0]?.per_hour.micros === 36_000_000,
    );
    // Each has credit for less than two hours: holds are placed, renewed and refused while everything ends.
    const runs = await Promise.all(all.map((renter) => order(first, renter, { ...task(), budget_micros: 60_000 })));
    await Promise.all(runs.map((run, n) => untilRun(first, all[n]!, run, (now) => isRunning(now) || isEnded(now))));
    await Promise.all(runs.flatMap((run, n) => rooms.map((there) => there.runs.stop(all[n]!.id, run.id))));
    for (const [n, run] of runs.entries()) await untilRun(first, all[n]!, run, isEnded);
    await expectRight(database);
    for (const renter of all) expect((await first.money.balance(renter.id)).held.micros).toBe(0);
  });
});
