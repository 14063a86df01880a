import { afterEach, expect, test } from 'vitest';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { chargeRoundedDown, feeRoundedDown } from '@gpucoop/policy/charge.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import { enrolFake, gpu, type Behaviour, type FakeAgent } from './support/fake-agent.ts';
import { isEnded, isRunning, quickPolicy, specOf, until } from './support/network.ts';
import { expectRight, order, place, startRooms, testKeys, type Renter, type Rooms } from './support/rooms.ts';

/** What happens at the edges of the market: rules that change while something runs, orders that wait, requests that come twice. */

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(): Promise<TestDatabase> {
  const database = await openTestDatabase('pglite');
  closing.push(() => database.close());
  return database;
}

async function start(database: TestDatabase, options: Parameters<typeof startRooms>[1] = {}): Promise<Rooms> {
  const rooms = await startRooms(database, options);
  closing.push(() => rooms.stop());
  return rooms;
}

async function online(rooms: Rooms, provider: Renter, behaviour: Behaviour = {}): Promise<FakeAgent> {
  const agent = await enrolFake(rooms, provider, behaviour);
  await agent.dial();
  closing.push(() => agent.hangUp());
  await until(
    'it is on the market',
    async () =>
      (await rooms.market.offers({ q: `machine=${agent.machineId}`, sort: null, cursor: null, limit: 1 })).items[0]
        ?.availability === 'free',
  );
  return agent;
}

const task = specOf({ command: ['sleep', '600'], stop_grace_s: 0 });
const never = { ...task, resources: { ...task.resources, cpus: { min: 4096, max: null } } };
const waiting = { queue: true, maxPriceMicrosPerHour: 1_000_000n, budgetMicros: 1000n };

test('the policy changes while a lease runs: it is settled under the policy of its quote', async () => {
  const database = await open();
  const keys = testKeys();
  const dear: Policy = { ...quickPolicy, fees: { ...quickPolicy.fees, provider_ppm: 300_000 } };
  const before = await startRooms(database, { keys, policy: dear });
  const provider = await before.user();
  const renter = await before.user(100_000_000);
  const agent = await enrolFake(before, provider);
  closing.push(() => agent.hangUp());
  await before.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 36_000_000 } });
  await agent.dial();
  await until('it can be had', async () => (await before.market.quote(renter.id, task)).options.length > 0);
  const run = await order(before, renter, task);
  await until('it has served', async () => (await before.runs.get(renter.id, run.id)).leases[0]!.billed_s >= 1);
  await before.stop();

  const after = await start(database, {
    keys,
    policy: { ...quickPolicy, fees: { ...quickPolicy.fees, provider_ppm: 10_000 } },
  });
  await agent.dial(after);
  await until('it goes on', async () => isRunning(await after.runs.get(renter.id, run.id)));
  await after.runs.stop(renter.id, run.id);
  const ended = await until('it has ended', async () => {
    const now = await after.runs.get(renter.id, run.id);
    return isEnded(now) ? now : undefined;
  });
  const earned = (await after.machines.earnings(provider.id, agent.machineId)).leases[0]!;
  expect(earned.gross).toEqual(ended.cost);
  expect(earned.fee.micros).toBe(
    Number(feeRoundedDown(chargeRoundedDown(36_000_000n, BigInt(earned.billed_s)), 300_000)),
  );
  await expectRight(database);
});

test('a fee on top of the price goes to the network, and not to the provider', async () => {
  const database = await open();
  const rooms = await start(database, {
    policy: { ...quickPolicy, fees: { ...quickPolicy.fees, provider_ppm: 0, renter_ppm: 100_000 } },
  });
  const provider = await rooms.user();
  const renter = await rooms.user(100_000_000);
  const agent = await online(rooms, provider);
  await rooms.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 36_000_000 } });
  await until(
    'the price is known',
    async () => (await rooms.market.quote(renter.id, task)).options[0]?.per_hour.micros === 39_600_000,
  );
  const run = await order(rooms, renter, task);
  await until('it has served', async () => (await rooms.runs.get(renter.id, run.id)).leases[0]!.billed_s >= 1);
  await rooms.runs.stop(renter.id, run.id);
  await until('it has ended', async () => isEnded(await rooms.runs.get(renter.id, run.id)));
  const { gross, net, billed_s } = (await rooms.machines.earnings(provider.id, agent.machineId)).leases[0]!;
  expect(gross.micros).toBe(billed_s * 11_000);
  expect(net.micros).toBe(billed_s * 10_000);
  await expectRight(database);
});

test('a grant whose answer was lost is made again as the same grant; under its id no other is made', async () => {
  const database = await open();
  const rooms = await start(database);
  const user = await rooms.user();
  const grant = { user_id: user.id, amount_micros: 5, reason: 'once', id: 'the-grant' };
  const twice = await Promise.all([rooms.admin.grant(user.id, grant), rooms.admin.grant(user.id, grant)]);
  expect(twice.map((balance) => balance.available.micros)).toEqual([5, 5]);
  expect((await rooms.admin.grant(user.id, grant)).available.micros).toBe(5);
  await expect(rooms.admin.grant(user.id, { ...grant, amount_micros: 6 })).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });
  await expectRight(database);
});

test('orders that never match hide none that does, and one user has only so many of them', async () => {
  const database = await open();
  const rooms = await start(database);
  const hog = await rooms.user(1000);
  const other = await rooms.user(1_000_000);
  for (let n = 0; n < 100; n++) await order(rooms, hog, never, waiting);
  await expect(order(rooms, hog, never, waiting)).rejects.toMatchObject({ code: 'rate_limited' });
  const run = await order(rooms, other, task, waiting);
  expect(run.state).toBe('queued');
  await online(rooms, await rooms.user());
  await until('it is served', async () => isRunning(await rooms.runs.get(other.id, run.id)));
  await expectRight(database);
});

test('an order for less than the price is refused, or waits for the price when it is to wait', async () => {
  const database = await open();
  const rooms = await start(database);
  const provider = await rooms.user();
  const agent = await online(rooms, provider);
  const renter = await rooms.user(1_000_000);
  const quote = await rooms.market.quote(renter.id, task);
  await expect(place(rooms, renter, quote, { maxPriceMicrosPerHour: 1n })).rejects.toMatchObject({
    code: 'price_changed',
  });
  const run = await place(rooms, renter, quote, { maxPriceMicrosPerHour: 1n, queue: true });
  expect(run.state).toBe('queued');
  await rooms.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: 1 } });
  await until('it is served', async () => isRunning(await rooms.runs.get(renter.id, run.id)));
  expect((await rooms.runs.get(renter.id, run.id)).leases[0]?.price_per_hour.micros).toBe(1);
  await expectRight(database);
});

test('no extension makes a run that cannot be read any more', async () => {
  const database = await open();
  const rooms = await start(database);
  const renter = await rooms.user(1000);
  const run = await order(rooms, renter, never, waiting);
  for (const by of [
    { budget_micros: null, duration_s: Number.MAX_SAFE_INTEGER },
    { budget_micros: null, duration_s: 366 * 86_400 },
    { budget_micros: Number.MAX_SAFE_INTEGER, duration_s: null },
  ]) {
    await expect(rooms.runs.extend(renter.id, run.id, { id: JSON.stringify(by), ...by })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  }
  expect((await rooms.runs.get(renter.id, run.id)).state).toBe('queued');
});

test('a computer that was removed and enrolled anew offers its devices again', async () => {
  const database = await open();
  const rooms = await start(database);
  const provider = await rooms.user();
  const facts = { devices: [gpu('GPU-1')] };
  const agent = await online(rooms, provider, { facts });
  await rooms.machines.remove(provider.id, agent.machineId);
  const listed = async (removed: boolean) =>
    (await rooms.machines.list(provider.id, { removed, cursor: null, limit: 10 })).items.map(({ id }) => id);
  expect([await listed(false), await listed(true)]).toEqual([[], [agent.machineId]]);
  agent.hangUp();
  await online(rooms, provider, { facts });
});
