import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { AgentLink } from '@gpucoop/server/gateway/agent-link.ts';
import { enrolInto, newLeaseId, spawnAgent, type AgentProcess } from './agent-process.ts';
import { orderFor, reportOf, startLinkServer, until, type LinkServer } from './link-server.ts';

let server: LinkServer;
let agent: AgentProcess;
let stateDir: string;
let link: AgentLink;
let machineId: string;

beforeAll(async () => {
  server = await startLinkServer();
  stateDir = await mkdtemp(join(tmpdir(), 'coop-agent-'));
  machineId = await enrolInto(server, stateDir);
  agent = spawnAgent(stateDir);
  link = await server.link(machineId);
});
afterAll(async () => {
  await agent.kill('SIGTERM');
  await server.close();
  await rm(stateDir, { recursive: true, force: true });
});

const put = (order: ReturnType<typeof orderFor>) => link.request('PUT', `/v1/leases/${order.lease_id}`, { json: order, answer: LeaseReport });
const ended = (id: string) => until(() => (reportOf(server, id)?.state === 'ended' ? reportOf(server, id) : undefined), `the end of ${id}`);

test('a short task is ready at its start and completed with what it served', async () => {
  const order = orderFor(newLeaseId(), ['sh', '-c', 'sleep 0.3']);
  const accepted = await put(order);
  expect(accepted.state).toBe('preparing');
  const report = await ended(order.lease_id);
  expect(report).toMatchObject({ ready: true, exit_code: 0, end_reason: 'completed' });
  expect(report.served_ms).toBeGreaterThanOrEqual(250);
  expect(report.served_ms).toBeLessThan(1500);
  const lines = await until(() => {
    const own = server.lines.filter((line) => line.body.lease_id === order.lease_id);
    return own.at(-1)?.body.final ? own : undefined;
  }, 'the final line');
  expect(lines[0]!.body.served_ms).toBe(0);
  expect(lines.at(-1)!.body.served_ms).toBe(report.served_ms);
  expect(report.meter?.signature).toBe(lines.at(-1)!.signature);
});
