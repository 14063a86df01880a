import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { LeaseOrder, LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { enrolInto, newLeaseId, spawnAgent, type AgentProcess } from './agent-process.ts';
import { orderFor, reportOf, startLinkServer, until, type LinkServer } from './link-server.ts';

const ROUNDS = Number(process.env['COOP_KILL_ROUNDS'] ?? 6);
const SEED = Number(process.env['COOP_SEED'] ?? Date.now() % 1_000_000);

let server: LinkServer;
let agent: AgentProcess;
let stateDir: string;

afterEach(async () => {
  await agent.kill('SIGKILL');
  await server.close();
  await rm(stateDir, { recursive: true, force: true });
});

test(
  `an agent that is killed at any instant takes up each lease once, and its meter never says less (seed ${SEED})`,
  { timeout: 180_000 },
  async () => {
    const random = seeded(SEED);
    server = await startLinkServer();
    stateDir = await mkdtemp(join(tmpdir(), 'coop-killed-'));
    const machineId = await enrolInto(server, stateDir);
    agent = spawnAgent(stateDir);
    const orders: { order: LeaseOrder; stop: boolean }[] = [];
    const pids = new Map<string, string>();

    for (let round = 0; round < ROUNDS; round++) {
      await server.link(machineId);
      const long = random() < 0.5;
      const id = newLeaseId();
      // Each start of the command leaves a line.
      const script = `echo $$ >> ${marker(id)}; ${long ? 'exec sleep 600' : `sleep ${(random() * 0.5).toFixed(2)}; exit 5`}`;
      orders.push({
        order: orderFor(id, ['sh', '-c', script], { env: { SECRET: 'kept till it started' } }),
        stop: false,
      });
      const killAt = random() * 1200;
      const victim = orders[Math.floor(random() * orders.length)]!;
      if (random() < 0.4) victim.stop = true;
      const acting = act(machineId, orders);
      await delay(killAt); // the instant is what is random here
      await agent.kill('SIGKILL');
      await acting;
      for (const { order } of orders) remember(pids, order.lease_id);
      agent = spawnAgent(stateDir);
    }

    await server.link(machineId);
    for (const entry of orders) {
      const { order, stop } = entry;
      await untilTaken(machineId, order);
      const settled = (report: LeaseReport | undefined) =>
        stop || isShort(order) ? report?.state === 'ended' : report?.state === 'running';
      if (stop)
        await ask(machineId, 'POST', `/v1/leases/${order.lease_id}/stop`, { reason: 'stopped_by_renter', grace_s: 1 });
      const report = await until(
        () => (settled(reportOf(server, order.lease_id)) ? reportOf(server, order.lease_id) : undefined),
        `${order.lease_id} to settle: ${JSON.stringify(reportOf(server, order.lease_id))}`,
      );
      const starts = startsOf(order.lease_id);
      expect(starts.length, `starts of ${order.lease_id}`).toBeLessThanOrEqual(1);
      if (report.ready) expect(starts).toHaveLength(1);
      if (report.state === 'running') expect(() => process.kill(Number(starts[0]), 0)).not.toThrow();
      if (!stop && isShort(order))
        expect(report).toMatchObject({ end_reason: 'command_failed', exit_code: 5, ready: true });
      expect(pids.get(order.lease_id) ?? starts[0]).toBe(starts[0]);
      await until(
        () =>
          !report.ready || report.state !== 'ended' || linesOf(order.lease_id).some((line) => line.final) || undefined,
        'the final line',
      );
      expectRising(order.lease_id);
    }
    await endAll(
      machineId,
      orders.map(({ order }) => order.lease_id),
    );
  },
);

test('an agent that is asked to stop says goodbye and leaves its leases running; the next one has them', async () => {
  server = await startLinkServer();
  stateDir = await mkdtemp(join(tmpdir(), 'coop-killed-'));
  const machineId = await enrolInto(server, stateDir);
  agent = spawnAgent(stateDir);
  const order = orderFor(newLeaseId(), ['sleep', '600']);
  await untilTaken(machineId, order);
  const before = await until(
    () => (reportOf(server, order.lease_id)?.ready ? reportOf(server, order.lease_id) : undefined),
    'ready',
  );
  const second = spawnAgent(stateDir);
  await until(() => second.child.exitCode ?? undefined, 'the second agent to give up');
  expect(second.output()).toContain('Another agent');
  expect(await agent.kill('SIGTERM')).toBe(0);
  expect(server.downs.at(-1)?.end.code).toBe('closed');
  server.heartbeats.length = 0;
  agent = spawnAgent(stateDir);
  const after = await until(() => reportOf(server, order.lease_id), 'it to be taken up');
  expect(after).toMatchObject({ state: 'running', ready: true, container_id: before.container_id });
  expect(after.served_ms).toBeGreaterThanOrEqual(before.served_ms);
  await endAll(machineId, [order.lease_id]);
});

test('a machine that was removed is told so: its leases end, its state is gone', async () => {
  server = await startLinkServer();
  stateDir = await mkdtemp(join(tmpdir(), 'coop-killed-'));
  const machineId = await enrolInto(server, stateDir);
  agent = spawnAgent(stateDir);
  const order = orderFor(newLeaseId(), ['sleep', '600']);
  await untilTaken(machineId, order);
  await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');
  await ask(machineId, 'POST', '/v1/remove', undefined);
  await until(() => linesOf(order.lease_id).find((line) => line.final), 'the final line');
  await until(() => agent.child.exitCode ?? undefined, 'the agent to end');
  expect(agent.child.exitCode).toBe(78);
  expect(() => readFileSync(join(stateDir, 'agent.key'))).toThrow();
});

test('a machine that is refused for good stops asking, and kills nothing', async () => {
  server = await startLinkServer();
  stateDir = await mkdtemp(join(tmpdir(), 'coop-killed-'));
  const machineId = await enrolInto(server, stateDir);
  agent = spawnAgent(stateDir);
  const order = orderFor(newLeaseId(), ['sh', '-c', `echo $$ > ${marker('pid')}; exec sleep 600`]);
  await untilTaken(machineId, order);
  await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');
  server.machines.get(machineId)!.removed = true;
  await server.links.closeMachine(machineId);
  await until(() => agent.output().includes('no further try') || undefined, 'it to give up');
  const pid = Number(startsOf('pid')[0]);
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(agent.child.exitCode).toBeNull();
  process.kill(pid, 'SIGTERM');
  await until(() => agent.child.exitCode ?? undefined, 'the agent to end after its last lease');
});

const marker = (id: string) => join(stateDir, `starts-${id}`);
const isShort = (order: LeaseOrder) => order.command![2]!.includes('exit 5');

function startsOf(id: string): string[] {
  try {
    return readFileSync(marker(id), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function remember(pids: Map<string, string>, id: string): void {
  const [pid] = startsOf(id);
  if (pid !== undefined && !pids.has(id)) pids.set(id, pid);
}

/** What a server does: repeats each wish till the machine has heard it. Gives up when the agent is killed. */
async function act(machineId: string, orders: { order: LeaseOrder; stop: boolean }[]): Promise<void> {
  for (const { order, stop } of orders) {
    const taken = await ask(machineId, 'PUT', `/v1/leases/${order.lease_id}`, order);
    if (taken && stop)
      await ask(machineId, 'POST', `/v1/leases/${order.lease_id}/stop`, { reason: 'stopped_by_renter', grace_s: 1 });
  }
}

async function ask(machineId: string, method: string, path: string, json: unknown): Promise<boolean> {
  const link = server.links.linkOf(machineId);
  if (link === undefined) return false;
  return link.request(method, path, { json }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof CoopError && ['machine_unreachable', 'timeout'].includes(error.code)) return false;
      throw error;
    },
  );
}

const untilTaken = (machineId: string, order: LeaseOrder) =>
  until(
    async () => (await ask(machineId, 'PUT', `/v1/leases/${order.lease_id}`, order)) || undefined,
    `${order.lease_id} to be taken`,
  );

function linesOf(leaseId: string) {
  const own = server.lines.filter((line) => line.body.lease_id === leaseId);
  // A line whose acknowledgement was lost comes again, the same to the last byte.
  return [...new Map(own.toReversed().map((line) => [line.signature, line.body])).values()].toReversed();
}

/** In the order in which they were signed: heartbeats and evidence travel apart. */
function expectRising(leaseId: string): void {
  const reported = server.heartbeats.flatMap(({ leases }) =>
    leases.filter((lease) => lease.lease_id === leaseId).map((lease) => lease.served_ms),
  );
  const kept = linesOf(leaseId).map((line) => line.served_ms);
  for (const served of [reported, kept]) expect(served).toEqual(served.toSorted((a, b) => a - b));
  const last = linesOf(leaseId).findLast((line) => line.final);
  if (last !== undefined) expect(last.served_ms).toBeGreaterThanOrEqual(Math.max(0, ...reported));
}

async function endAll(machineId: string, ids: string[]): Promise<void> {
  for (const id of ids)
    await ask(machineId, 'POST', `/v1/leases/${id}/stop`, { reason: 'stopped_by_renter', grace_s: 0 });
  for (const id of ids)
    await until(() => (reportOf(server, id)?.state === 'ended' ? true : undefined), `the end of ${id}`);
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
