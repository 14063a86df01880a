import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import { enrolFake, type FakeAgent } from './support/fake-agent.ts';
import { isEnded, quickPolicy, specOf, until } from './support/network.ts';
import { expectRight, order, startRooms, type Renter, type Rooms } from './support/rooms.ts';

/** A renter who wants to be served without paying. */

const PRICE = 3_600_000n; // a thousandth of a dollar each second
const LONGEST_GRACE_S = 600;

let database: TestDatabase;
let rooms: Rooms;
let agent: FakeAgent;
let take = (report: LeaseReport): LeaseReport => report;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  rooms = await startRooms(database, { policy: quickPolicy });
  const provider = await rooms.user();
  agent = await enrolFake(rooms, provider, { everyMs: 100, take: (report) => take(report) });
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

test('starting is free for an hour a day, or as long as one pays for; after that, what is late is billed, and the renter is told', async () => {
  const renter = await rooms.user(100_000_000);
  const spec = specOf({ command: ['busy'], readiness: { kind: 'tcp', port: 1 } });
  const start = async () => {
    const run = await order(rooms, renter, spec);
    return until('the machine has it', async () => {
      const lease = await database.db.selectFrom('leases').select('id').where('run_id', '=', run.id).executeTakeFirst();
      const ordered = lease && agent.leases.get(lease.id);
      return ordered && { run, id: lease.id, billedFromS: ordered.order?.billed_from_s };
    });
  };
  const took = async (id: string, minutes: number, billed_ms: number) => {
    await database.db
      .updateTable('leases')
      .set({ created_at: new Date(Date.now() - minutes * 60_000), ready_at: null, billed_ms: BigInt(billed_ms) })
      .where('id', '=', id)
      .execute();
  };
  take = (report) => ({ ...report, state: 'preparing', ready: false, phase: 'probing', container_id: 'c1' });
  const first = await start();
  expect(first.billedFromS).toBeNull();
  await rooms.runs.stop(renter.id, first.run.id);
  await until('it has ended', async () => isEnded(await rooms.runs.get(renter.id, first.run.id)));
  expect((await rooms.runs.get(renter.id, first.run.id)).cost.micros).toBe(0);
  await expectRight(database);

  await took(first.id, 61, 0);
  take = (report) => ({ ...report, phase: 'probing' });
  const { run, billedFromS } = await start();
  expect(billedFromS).toBe(60);
  await until('it is billed', async () => (await rooms.runs.get(renter.id, run.id)).cost.micros > 0);
  await rooms.runs.stop(renter.id, run.id);
  const told: unknown[] = [];
  for await (const event of rooms.runs.events(renter.id, run.id, 0, new AbortController().signal)) told.push(event);
  expect(told).toContainEqual(expect.objectContaining({ type: 'run.warning', data: { why: 'not_ready' } }));
  expect((await rooms.runs.get(renter.id, run.id)).cost.micros).toBeGreaterThan(0);
  await expectRight(database);

  await until('it has ended', async () => isEnded(await rooms.runs.get(renter.id, run.id)));
  await took(first.id, 61, 3 * 3_600_000);
  const last = await start();
  expect(last.billedFromS).toBeNull();
  await rooms.runs.stop(renter.id, last.run.id);
});

test('starts that fail at a word of the spec lower a machine once for each renter, not with each try', async () => {
  take = (report) => ({ ...report, state: 'ended', ready: false, end_reason: 'engine_unavailable' });
  const machine = (): Promise<{ lost_ms: bigint }> =>
    database.db.selectFrom('machines').select('lost_ms').where('id', '=', agent.machineId).executeTakeFirstOrThrow();
  const fail = async (renter: Renter): Promise<bigint> => {
    const run = await order(rooms, renter, specOf({ command: ['true'], working_dir: '/proc/none' }));
    await until('it has ended', async () => isEnded(await rooms.runs.get(renter.id, run.id)));
    return (await machine()).lost_ms;
  };
  const [one, other] = [await rooms.user(100_000_000), await rooms.user(100_000_000)];
  const first = await fail(one);
  expect(first).toBeGreaterThan(0n);
  expect([await fail(one), await fail(one)]).toEqual([first, first]);
  expect(await fail(other)).toBeGreaterThan(first);
});
