import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LeaseReport, MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { signerFromSecret } from '@gpucoop/protocol/evidence.ts';
import type { Run } from '@gpucoop/protocol/resources.ts';
import { chargeRoundedDown } from '@gpucoop/policy/charge.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { systemClock } from '@gpucoop/server/clock.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';
import {
  answer,
  endFake,
  enrolFake,
  factsOf,
  gpu,
  readyReport,
  type Behaviour,
  type FakeAgent,
} from './support/fake-agent.ts';
import { isEnded, isRunning, quickPolicy, specOf, until } from './support/network.ts';
import { expectRight, order, startRooms, type Renter, type Rooms } from './support/rooms.ts';

/** An enrolled machine that lies. It is paid for no second that has not passed here, touches nobody else, and ends nothing but itself. */

const policy: Policy = {
  ...quickPolicy,
  timeouts: { ...quickPolicy.timeouts, silent_ms: 2000, lost_ms: 5000, accept_ms: 4000, stop_s: 2 },
};
const PRICE = 3_600_000n; // a thousandth of a dollar each second

let database: TestDatabase;
let rooms: Rooms;
const agents: FakeAgent[] = [];

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  rooms = await startRooms(database, { policy });
});
afterAll(async () => {
  for (const agent of agents) agent.hangUp();
  await rooms?.stop();
  await database?.close();
});

type Host = { agent: FakeAgent; provider: Renter };

/** A machine of a provider of its own, online, at a price that tells seconds. */
async function host(behaviour: Behaviour = {}): Promise<Host> {
  const provider = await rooms.user();
  const agent = await enrolFake(rooms, provider, behaviour);
  agents.push(agent);
  await rooms.machines.setTerms(provider.id, agent.machineId, { price_micros_per_unit_hour: { cpu: Number(PRICE) } });
  await agent.dial();
  await until('it is on the market', async () => (await rooms.market.quote(provider.id, on(agent))).options.length > 0);
  return { agent, provider };
}

/** A run for that machine and no other. */
const on = (agent: FakeAgent) =>
  specOf({ command: ['sleep', '600'], stop_grace_s: 0, where: `machine=${agent.machineId}` });

type Tenant = { renter: Renter; run: Run };
async function rent({ agent }: Host): Promise<Tenant> {
  const renter = await rooms.user(100_000_000);
  return { renter, run: await order(rooms, renter, on(agent)) };
}
const now = ({ renter, run }: Tenant): Promise<Run> => rooms.runs.get(renter.id, run.id);
async function untilRun(tenant: Tenant, is: (run: Run) => boolean): Promise<Run> {
  let run = await now(tenant);
  const look = async () => is((run = await now(tenant)));
  await until('the run is as awaited', look, 30_000).catch(() =>
    expect.fail(
      `in vain; it is ${JSON.stringify(run.leases.map(({ id, state, end_reason }) => ({ id, state, end_reason })))}`,
    ),
  );
  return run;
}
const stop = async (tenant: Tenant): Promise<Run> => {
  await rooms.runs.stop(tenant.renter.id, tenant.run.id);
  return untilRun(tenant, isEnded);
};
const leaseOf = (run: Run): string => run.leases[0]!.id;

/** Paid at most what passed on the server's clock between the order and the end. */
function expectFair(run: Run): void {
  const lease = run.leases[0]!;
  const seconds = Math.ceil((Date.parse(lease.ended_at ?? '') - Date.parse(lease.created_at)) / 1000);
  expect(lease.billed_s).toBeLessThanOrEqual(seconds);
  expect(lease.cost.micros).toBeLessThanOrEqual(Number(chargeRoundedDown(PRICE, BigInt(seconds))));
}

const meterLinesOf = async (leaseId: string): Promise<unknown[]> =>
  database.db
    .selectFrom('evidence')
    .select('statement')
    .where('subject', '=', leaseId)
    .where('kind', '=', 'meter')
    .execute();

test('of others it can say what it wants: their leases stay as they are, and its lines about them are not kept', async () => {
  const honest = await host();
  const tenant = await rent(honest);
  const victim = leaseOf(await untilRun(tenant, isRunning));
  const liar = await host();
  const theirs = honest.agent.line(victim, 1000);
  for (const state of ['running', 'ended'] as const) {
    const report: LeaseReport = {
      ...readyReport(victim),
      state,
      end_reason: 'completed',
      exit_code: 0,
      meter: liar.agent.line(victim, 86_400_000),
    };
    liar.agent.beat({ leases: [report] });
    liar.agent.beat({ leases: [{ ...report, meter: theirs }] });
  }
  liar.agent.send(JSON.stringify({ type: 'meter', seq: 1, statement: liar.agent.line(victim, 5000, { final: true }) }));
  liar.agent.send(JSON.stringify({ type: 'meter', seq: 2, statement: theirs }));
  // It is asked to stop what it says it has.
  await until('all of it was read', () => Promise.resolve(liar.agent.calls.includes(`DELETE /v1/leases/${victim}`)));
  expect((await now(tenant)).state).toBe('running');
  expect(await meterLinesOf(victim)).toEqual([]);
  const ended = await stop(tenant);
  expect(ended.end_reason).toBe('stopped_by_renter');
  expectFair(ended);
  await expectRight(database);
});

describe('about time', () => {
  const lies: [string, Behaviour, 'fair' | 'nothing'][] = [
    ['a year in a second', { served: () => 31_536_000_000 }, 'fair'],
    ['the largest number there is', { served: () => Number.MAX_SAFE_INTEGER }, 'fair'],
    ['a clock that runs a hundred times too fast', { served: (_id, ms) => ms * 100 }, 'fair'],
    ['a clock that goes back and forth', { served: (_id, ms) => (ms % 500 < 250 ? ms * 10 : 0) }, 'fair'],
    ['seconds before it is ready', { take: (report) => ({ ...report, state: 'preparing', ready: false }) }, 'nothing'],
    ['seconds of somebody else', {}, 'nothing'],
  ];
  test.each(lies)('%s', async (what, behaviour, paid) => {
    const other = signerFromSecret(new Uint8Array(32).fill(9));
    const liar = await host({ everyMs: 100, ...behaviour });
    const tenant = await rent(liar);
    const leaseId = await until('it was asked', () => Promise.resolve([...liar.agent.leases.keys()][0]));
    const lease = liar.agent.leases.get(leaseId)!;
    if (what.startsWith('seconds')) {
      const by = what.endsWith('else') ? { signer: other } : {};
      for (let n = 1; n <= 20; n++) {
        liar.agent.beat({
          leases: [{ ...lease.report, served_ms: n * 1000, meter: liar.agent.line(leaseId, n * 1000, by) }],
        });
      }
      if (paid === 'nothing') lease.report = { ...lease.report, ready: false, state: 'preparing' };
    }
    const heard = liar.agent.acknowledged();
    await until('its claims were heard again and again', () => Promise.resolve(liar.agent.acknowledged() >= heard + 5));
    const ended = await stop(tenant);
    expectFair(ended);
    if (paid === 'nothing') expect(ended.cost.micros).toBe(0);
    await expectRight(database);
  });

  test('another container in each heartbeat: unpaid, and told once', async () => {
    let n = 0;
    const liar = await host({ everyMs: 50 });
    const tenant = await rent(liar);
    const leaseId = leaseOf(await untilRun(tenant, isRunning));
    const lease = liar.agent.leases.get(leaseId)!;
    for (; n < 60; n++) {
      const container_id = `c${n % 7}`;
      liar.agent.beat({
        leases: [
          {
            ...lease.report,
            container_id,
            served_ms: n * 100,
            meter: liar.agent.line(leaseId, n * 100, { container_id }),
          },
        ],
      });
    }
    const ended = await stop(tenant);
    expectFair(ended);
    const receipts = await database.db
      .selectFrom('evidence')
      .select('hash')
      .where('subject', '=', leaseId)
      .where('kind', '=', 'receipt')
      .execute();
    expect(receipts.length).toBeLessThanOrEqual(4);
    await expectRight(database);
  });

  test('lines by the hundred: what is kept grows with the time served, not with what is sent', async () => {
    const liar = await host();
    const tenant = await rent(liar);
    const leaseId = leaseOf(await untilRun(tenant, isRunning));
    for (let n = 1; n <= 200; n++)
      liar.agent.send(
        JSON.stringify({ type: 'meter', seq: n, statement: liar.agent.line(leaseId, n * 10, { final: n % 2 === 0 }) }),
      );
    for (let n = 1; n <= 50; n++)
      liar.agent.send(
        JSON.stringify({ type: 'meter', seq: 200 + n, statement: liar.agent.line(leaseId, n * 86_400_000) }),
      );
    const ended = await stop(tenant);
    expectFair(ended);
    expect((await meterLinesOf(leaseId)).length).toBeLessThanOrEqual(6);
    await expectRight(database);
  });
});

describe('about leases', () => {
  test('it reports a lease as running before it was asked: it is asked all the same, and paid from then on', async () => {
    const liar = await host();
    liar.agent.hangUp();
    const tenant = await rent(liar);
    const seen = (await rooms.machines.get(liar.provider.id, liar.agent.machineId)).leases[0]!.id;
    liar.agent.leases.set(seen, { order: null, report: readyReport(seen), readyAt: performance.now() - 3_600_000 });
    await liar.agent.dial();
    await until('it is asked', () => Promise.resolve(liar.agent.calls.includes(`PUT /v1/leases/${seen}`)));
    await untilRun(tenant, (run) => isRunning(run) || isEnded(run));
    expectFair(await stop(tenant));
    await expectRight(database);
  });

  test('it ends a lease with a reason that is not its to give: it is the provider who ended it', async () => {
    const liar = await host();
    const tenant = await rent(liar);
    const leaseId = leaseOf(await untilRun(tenant, isRunning));
    endFake(liar.agent.leases.get(leaseId)!, 'budget_reached');
    liar.agent.beat();
    expect((await untilRun(tenant, isEnded)).end_reason).toBe('provider_stopped');
    await expectRight(database);
  });

  test('an exit code that no program has closes the link, and the lease still has its end', async () => {
    const liar = await host();
    const tenant = await rent(liar);
    const leaseId = leaseOf(await untilRun(tenant, isRunning));
    liar.agent.beat({
      leases: [{ ...readyReport(leaseId), state: 'ended', end_reason: 'completed', exit_code: 2 ** 40 }],
    });
    expect(await liar.agent.closed()).toBe(4003);
    await expect(liar.agent.dial()).rejects.toMatchObject({ problem: { code: 'rate_limited' } });
    expect((await untilRun(tenant, isEnded)).end_reason).toBe('machine_lost');
    await expectRight(database);
  });

  test('it answers nonsense when asked: the lease ends unpaid, and everything is given back', async () => {
    const liars = await Promise.all([
      host({ answer: (call, method) => method === 'PUT' && (answer(call, { lease_id: 7 }), true) }),
      host({ answer: (call, method) => method === 'PUT' && (answer(call, 'x'.repeat(1_000_000)), true) }),
      host({
        answer: (call, method) => method === 'PUT' && (call.respond({ ':status': 200 }), call.end('<html>'), true),
      }),
      host({ answer: (call, method) => method === 'PUT' && (call.close(2), true) }),
    ]);
    const tenants = await Promise.all(liars.map(rent));
    for (const tenant of tenants) {
      const ended = await untilRun(tenant, isEnded);
      expect(ended.end_reason).toBe('agent_unreachable');
      expect(await rooms.money.balance(tenant.renter.id)).toMatchObject({
        available: { micros: 100_000_000 },
        held: { micros: 0 },
      });
    }
    await expectRight(database);
  });

  test('silence in three ways: it never reports, never confirms a stop, or comes back with the container after it was lost', async () => {
    const mute = await host({
      answer: (call, method, path) =>
        method === 'PUT' &&
        path.startsWith('/v1/leases') &&
        (answer(call, { ...readyReport(path.slice(11)), state: 'preparing', ready: false }), true),
    });
    const stubborn = await host({
      answer: (call, _method, path) => path.endsWith('/stop') && (answer(call, readyReport('x')), true),
    });
    const undead = await host({
      answer: (call, _method, path) => path.endsWith('/stop') && (answer(call, readyReport('x')), true),
    });
    const [ofMute, ofStubborn, ofUndead] = await Promise.all([rent(mute), rent(stubborn), rent(undead)]);

    const lost = leaseOf(await untilRun(ofUndead, isRunning));
    undead.agent.hangUp();
    await untilRun(ofStubborn, isRunning);
    const stopped = await stop(ofStubborn);
    expect(stopped.leases[0]).toMatchObject({
      end_reason: 'stopped_by_renter',
      end_detail: 'The machine did not confirm the stop.',
    });
    expectFair(stopped);

    const over = await untilRun(ofUndead, isEnded);
    expect(over.end_reason).toBe('machine_lost');
    await undead.agent.dial();
    await until('it is told to stop what it still runs', () =>
      Promise.resolve(undead.agent.calls.includes(`POST /v1/leases/${lost}/stop`)),
    );
    expect((await now(ofUndead)).cost).toEqual(over.cost);

    expect(await untilRun(ofMute, isEnded)).toMatchObject({ end_reason: 'container_vanished', cost: { micros: 0 } });
    await expectRight(database);
  });

  test('it serves on when asked to stop: paid for the grace, and not until it is given up', async () => {
    let aheadMs = 0;
    const system = systemClock();
    const own = await openTestDatabase('pglite');
    const slow: Policy = { ...quickPolicy, timeouts: { ...quickPolicy.timeouts, stop_s: 60 } };
    const clock = { now: () => new Date(system.now().getTime() + aheadMs) };
    const there = await startRooms(own, { policy: slow, clock });
    const provider = await there.user();
    const greedy = await enrolFake(there, provider, {
      everyMs: 100,
      served: (_id, ms) => ms * 1000,
      answer: (call, _method, path) => path.endsWith('/stop') && (answer(call, readyReport('x')), true),
    });
    agents.push(greedy);
    await there.machines.setTerms(provider.id, greedy.machineId, {
      price_micros_per_unit_hour: { cpu: Number(PRICE) },
    });
    await greedy.dial();
    const renter = await there.user(100_000_000);
    await until(
      'it is on the market',
      async () => (await there.market.quote(renter.id, on(greedy))).options.length > 0,
    );
    const { id } = await order(there, renter, on(greedy));
    const run = (): Promise<Run> => there.runs.get(renter.id, id);
    await until('it is billed', async () => (await run()).cost.micros > 0);
    await there.runs.stop(renter.id, id);
    await until('it is to stop', async () => (await run()).state === 'stopping');
    const asked = (await run()).leases[0]!.billed_s;
    aheadMs = 30_000;
    const heard = greedy.acknowledged() + 2;
    await until('it is heard again', () => Promise.resolve(greedy.acknowledged() >= heard));
    aheadMs = 90_000;
    await until('it is given up', async () => isEnded(await run()));
    expect((await run()).leases[0]!.billed_s).toBeLessThan(asked + 15);
    await there.stop();
    await own.close();
  });

  test('log lines without an end are cut off, and so is a stream of lines that never ends, when nobody reads on', async () => {
    let sent = 0;
    let stalled = false;
    const liar = await host({
      answer(call, _method, path) {
        if (!path.includes('/logs') && !path.endsWith('/exec')) return false;
        call.respond({ ':status': 200 });
        const pour = (): void => {
          stalled = false;
          while (!call.destroyed && call.write(Buffer.alloc(65_536, 'x'))) sent += 65_536;
          stalled = !call.destroyed;
        };
        call.on('drain', pour);
        pour();
        return true;
      },
    });
    const tenant = await rent(liar);
    await untilRun(tenant, isRunning);
    const query = { after: null, tail: null, follow: false, lease_id: null };
    const reading = (async () => {
      for await (const _line of rooms.runs.logs(tenant.renter.id, tenant.run.id, query, new AbortController().signal))
        expect.unreachable();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'payload_too_large' });
    const session = await rooms.runs.exec(tenant.renter.id, tenant.run.id, {
      command: ['yes'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    });
    // Nobody reads: what is under way is no more than the windows of the stream and the link hold.
    await until('it has sent what it can', () => Promise.resolve(stalled));
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    session.destroy();
    await stop(tenant);
  });
});

describe('about itself', () => {
  const facts = (change: Partial<MachineFacts>): unknown => factsOf(change);
  const refused: [string, unknown][] = [
    ['a million CPUs', facts({ cpus: 1_000_000 })],
    ['half a CPU', facts({ cpus: 0.5 })],
    ['less than no memory', facts({ memory_mib: -1 })],
    ['ten thousand devices', facts({ devices: Array.from({ length: 10_000 }, (_, n) => gpu(`GPU-${n}`)) })],
    ['a name of a megabyte', facts({ hostname: 'x'.repeat(1_000_000) })],
    ['a class that is none', facts({ devices: [gpu('GPU-a', { class: '<script>alert(1)</script>' })] })],
    ['a device that is a CPU', facts({ devices: [gpu('GPU-b', { class: 'cpu' })] })],
    ['device memory beyond all measure', facts({ devices: [gpu('GPU-c', { memory_mib: Number.MAX_SAFE_INTEGER })] })],
    ['terms, which are its provider’s to set', undefined],
  ];
  test.each(refused)('%s: the link is closed, and kept closed for a while', async (what, claimed) => {
    const liar = await host();
    if (what.startsWith('terms'))
      liar.agent.send(JSON.stringify({ type: 'terms', terms: { price_micros_per_unit_hour: { cpu: 0 } } }));
    else liar.agent.beat({ facts: claimed });
    expect(await liar.agent.closed()).toBe(4003);
    await expect(liar.agent.dial()).rejects.toMatchObject({ problem: { code: 'rate_limited' } });
    expect((await rooms.machines.get(liar.provider.id, liar.agent.machineId)).cpus).toBe(4);
  });

  test('the most that is taken leaves the market as it was for everybody else', async () => {
    const liar = await host();
    const other = await host();
    const large = factsOf({ cpus: 4096, memory_mib: 1, devices: [] });
    liar.agent.beat({ facts: large });
    await until(
      'it is written',
      async () => (await rooms.machines.get(liar.provider.id, liar.agent.machineId)).offers[0]?.units_total === 4096,
    );
    const resources = {
      ...specOf({ command: null }).resources,
      memory_mib: { min: 0, max: 0 },
      cpus: { min: 0, max: 0 },
      disk_mib: { min: 0, max: null },
    };
    const quote = await rooms.market.quote(other.provider.id, specOf({ command: ['true'], resources, where: null }));
    expect(quote.options.length).toBeGreaterThan(0);
    for (const option of quote.options)
      expect(Math.min(option.cpus, option.memory_mib, option.disk_mib)).toBeGreaterThan(0);
  });

  test('one device named many times is one device', async () => {
    const liar = await host();
    liar.agent.beat({
      facts: factsOf({ devices: Array.from({ length: 8 }, (_, index) => gpu('GPU-twin', { index })) }),
    });
    await until(
      'it is written',
      async () => (await rooms.machines.get(liar.provider.id, liar.agent.machineId)).offers[0]?.class === 'rtx-4090',
    );
    expect((await rooms.machines.get(liar.provider.id, liar.agent.machineId)).offers[0]?.units_total).toBe(1);
  });

  test('a device of another machine is offered by that one alone; it passes when that machine goes', async () => {
    const honest = await host();
    honest.agent.beat({ facts: factsOf({ devices: [gpu('GPU-x', { index: 0 }), gpu('GPU-y', { index: 1 })] }) });
    const offersOf = async ({ agent, provider }: Host) =>
      (await rooms.machines.get(provider.id, agent.machineId)).offers;
    await until('the devices are on offer', async () => (await offersOf(honest))[0]?.units_total === 2);
    const liar = await host();
    const claimed = factsOf({ devices: [gpu('GPU-y', { index: 0 }), gpu('GPU-z', { index: 1 })] });
    liar.agent.beat({ facts: claimed });
    await until('its own device is on offer', async () => (await offersOf(liar))[0]?.class === 'rtx-4090');
    expect((await offersOf(liar))[0]?.units_total).toBe(1);
    expect((await offersOf(honest))[0]?.units_total).toBe(2);
    const { doctor, presence } = await rooms.machines.get(liar.provider.id, liar.agent.machineId);
    expect(presence).toBe('online');
    expect(doctor[0]).toMatchObject({ status: 'failed' });
    expect(doctor[0]?.found).toContain('GPU-y');

    await rooms.machines.remove(honest.provider.id, honest.agent.machineId);
    await until('the device has passed to the one that has it now', async () => {
      liar.agent.beat({ facts: claimed });
      return (await offersOf(liar))[0]?.units_total === 2;
    });
    expect((await rooms.machines.get(liar.provider.id, liar.agent.machineId)).doctor).toEqual([]);
  });

  test('facts that change all the time are written once a second', async () => {
    const liar = await host({ everyMs: 5000 });
    const versions = async () =>
      Number(
        (
          await database.db
            .selectFrom('offers')
            .select('version')
            .where('machine_id', '=', liar.agent.machineId)
            .executeTakeFirstOrThrow()
        ).version,
      );
    const before = await versions();
    const begun = performance.now();
    for (let n = 0; n < 300; n++)
      liar.agent.beat({ facts: factsOf({ cpus: 1 + (n % 8) }), cpu_owner_busy: n % 2 === 0 });
    await until(
      'the last is written',
      async () => (await rooms.machines.get(liar.provider.id, liar.agent.machineId)).cpus === 1 + (299 % 8),
    );
    const seconds = (performance.now() - begun) / 1000;
    // Each write raises the version a few times; three hundred of them would have raised it a thousand times.
    expect((await versions()) - before).toBeLessThan(40 * (seconds + 2));
  });

  test('a flood closes the link, and the server goes on answering others meanwhile', async () => {
    const honest = await host();
    const tenant = await rent(honest);
    await untilRun(tenant, isRunning);
    const liar = await host();
    const noise = Array.from({ length: 200 }, (_, n) => readyReport(`lse_${String(n).padStart(26, '0')}`));
    for (let n = 0; n < 800; n++) liar.agent.beat(n % 40 === 0 ? { leases: noise } : {});
    for (let n = 0; n < 5; n++)
      expect((await rooms.market.quote(honest.provider.id, on(honest.agent))).options.length).toBe(1);
    expect(await liar.agent.closed()).toBe(4002);
    await untilRun(tenant, isRunning);
    expectFair(await stop(tenant));
    await expectRight(database);
  });
});
