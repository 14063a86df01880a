import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import { enrolFake, type FakeAgent } from './support/fake-agent.ts';
import { isEnded, quickPolicy, specOf, until } from './support/network.ts';
import { expectRight, order, startRooms, type Rooms } from './support/rooms.ts';

/** A renter who wants to be served without paying. */

const PRICE = 3_600_000n; // a thousandth of a dollar each second
const LONGEST_GRACE_S = 600;

let database: TestDatabase;
let rooms: Rooms;
let agent: FakeAgent;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  rooms = await startRooms(database, { policy: quickPolicy });
  const provider = await rooms.user();
  agent = await enrolFake(rooms, provider, { everyMs: 100 });
  await rooms.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: Number(PRICE) } });
  await agent.dial();
  const anything = specOf({ command: ['true'] });
  await until('it is on the market', async () => (await rooms.market.quote(provider.id, anything)).options.length > 0);
});
afterAll(async () => {
  agent?.hangUp();
  await rooms?.stop();
  await database?.close();
});

test('a command that ignores the request to stop is not served beyond its budget, however long a grace the spec asks for', async () => {
  const renter = await rooms.user(100_000_000);
  const spec = specOf({ command: ['deaf'], stop_grace_s: LONGEST_GRACE_S, budget_micros: 2000 });
  const run = await order(rooms, renter, spec);
  await until('it has ended', async () => isEnded(await rooms.runs.get(renter.id, run.id)), 30_000);
  const ended = await rooms.runs.get(renter.id, run.id);
  expect(ended.end_reason).toBe('budget_reached');
  const [lease] = agent.leases.values();
  expect(lease?.stop).toMatchObject({ reason: 'budget_reached' });
  expect(lease?.stop?.grace_s).toBeLessThanOrEqual(2);
  await expectRight(database);
});
