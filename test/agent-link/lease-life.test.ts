import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { execHeader, LeaseReport, type ExecRequest } from '@gpucoop/protocol/agent-api.ts';
import { encodeFrame, frameReader } from '@gpucoop/protocol/frames.ts';
import { DoctorCheck, LogLine } from '@gpucoop/protocol/resources.ts';
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

const put = (order: ReturnType<typeof orderFor>) =>
  link.request('PUT', `/v1/leases/${order.lease_id}`, { json: order, answer: LeaseReport });
const ended = (id: string) =>
  until(() => (reportOf(server, id)?.state === 'ended' ? reportOf(server, id) : undefined), `the end of ${id}`);

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

test('a command that fails, is not there, or is stopped ends with its own reason', async () => {
  const failing = orderFor(newLeaseId(), ['sh', '-c', 'exit 3']);
  const absent = orderFor(newLeaseId(), ['/no/such/program']);
  const stopped = orderFor(newLeaseId(), ['sleep', '600']);
  await Promise.all([failing, absent, stopped].map(put));
  expect(await ended(failing.lease_id)).toMatchObject({ end_reason: 'command_failed', exit_code: 3 });
  expect(await ended(absent.lease_id)).toMatchObject({
    end_reason: 'command_not_found',
    ready: false,
    served_ms: 0,
    meter: null,
  });
  await until(() => reportOf(server, stopped.lease_id)?.ready || undefined, 'ready');
  const stopping = await link.request('POST', `/v1/leases/${stopped.lease_id}/stop`, {
    json: { reason: 'stopped_by_renter', grace_s: 1 },
    answer: LeaseReport,
  });
  expect(['stopping', 'ended']).toContain(stopping.state);
  // The first reason stands.
  await link.request('POST', `/v1/leases/${stopped.lease_id}/stop`, { json: { reason: 'budget_reached', grace_s: 1 } });
  expect(await ended(stopped.lease_id)).toMatchObject({ end_reason: 'stopped_by_renter' });
});

test('an order sent twice is one lease; the same id with another content is refused', async () => {
  const order = orderFor(newLeaseId(), ['sleep', '600'], { env: { A: '1', B: '2' } });
  const [first, second] = await Promise.all([put(order), put({ ...order, env: { B: '2', A: '1' } })]);
  expect(first.lease_id).toBe(second.lease_id);
  await expect(put({ ...order, memory_mib: 300 })).rejects.toMatchObject({ code: 'wrong_state' });
  await expect(link.request('DELETE', `/v1/leases/${order.lease_id}`)).rejects.toMatchObject({ code: 'wrong_state' });
  await link.request('POST', `/v1/leases/${order.lease_id}/stop`, {
    json: { reason: 'stopped_by_renter', grace_s: 0 },
  });
  await ended(order.lease_id);
  await link.request('DELETE', `/v1/leases/${order.lease_id}`);
  await link.request('DELETE', `/v1/leases/${order.lease_id}`);
  await expect(put(order)).rejects.toMatchObject({ code: 'wrong_state', message: expect.stringContaining('removed') });
  await until(() => (reportOf(server, order.lease_id) === undefined ? true : undefined), 'its report to be gone');
});

test('a lease is ready when its port answers, and not before', async () => {
  const port = await freePort();
  const script = `setTimeout(() => require('node:http').createServer((q, r) => { r.statusCode = q.url === '/ready' ? 204 : 503; r.end(); }).listen(${port}, '127.0.0.1'), 700)`;
  const order = orderFor(newLeaseId(), [process.execPath, '-e', script], {
    ports: [port],
    readiness: { kind: 'http', port, path: '/ready' },
  });
  await put(order);
  await until(() => (reportOf(server, order.lease_id)?.phase === 'probing' ? true : undefined), 'probing');
  expect(reportOf(server, order.lease_id)).toMatchObject({ state: 'preparing', ready: false, served_ms: 0 });
  await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');

  const { stream, status } = await link.openStream('POST', `/v1/leases/${order.lease_id}/connect?port=${port}`);
  expect(status).toBe(200);
  stream.end('GET /ready HTTP/1.0\r\n\r\n');
  expect((await readAll(stream)).toString()).toMatch(/^HTTP\/1\.1 204/);
  await link.request('POST', `/v1/leases/${order.lease_id}/stop`, {
    json: { reason: 'stopped_by_renter', grace_s: 0 },
  });
  await ended(order.lease_id);
});

test('a workload that never answers ends with probe_timeout and pays nothing; one that ends first says how', async () => {
  const port = await freePort();
  const silent = orderFor(newLeaseId(), ['sleep', '600'], { readiness: { kind: 'tcp', port }, ready_timeout_s: 1 });
  const dying = orderFor(newLeaseId(), ['sh', '-c', 'sleep 0.2; exit 4'], { readiness: { kind: 'tcp', port } });
  await Promise.all([put(silent), put(dying)]);
  expect(await ended(silent.lease_id)).toMatchObject({
    end_reason: 'probe_timeout',
    ready: false,
    served_ms: 0,
    meter: null,
  });
  expect(await ended(dying.lease_id)).toMatchObject({ end_reason: 'command_failed', exit_code: 4, ready: false });
});

test('what does not answer in the time that the order names is billed from then on, and still ends as late', async () => {
  const port = await freePort();
  const order = orderFor(newLeaseId(), ['sleep', '600'], {
    readiness: { kind: 'tcp', port },
    billed_from_s: 1,
    ready_timeout_s: 4,
  });
  await put(order);
  const late = () => {
    const report = reportOf(server, order.lease_id);
    return (report?.ready && report.state === 'running' && report.phase === 'probing') || undefined;
  };
  await until(late, 'the time for starting to be over');
  const report = await ended(order.lease_id);
  expect(report).toMatchObject({ end_reason: 'probe_timeout', ready: true });
  expect(report.served_ms).toBeGreaterThan(0);
  expect(report.meter?.body).toMatchObject({ served_ms: report.served_ms, final: true });
});

test('logs resume after a line, commands run with input and exit code, files go in and out', async () => {
  const order = orderFor(newLeaseId(), ['sh', '-c', 'echo one; echo two; sleep 600'], { env: { HELLO: 'wörld' } });
  await put(order);
  await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');
  const base = `/v1/leases/${order.lease_id}`;
  const logs = await until(async () => {
    const lines = await readLog(`${base}/logs`);
    return lines.map((line) => line.text).join('') === 'one\ntwo\n' ? lines : undefined;
  }, 'both lines');
  const after = await readLog(`${base}/logs?after=${logs[0]!.seq}`);
  expect(after).toEqual(logs.slice(1));

  const { frames, exit } = await exec(
    base,
    {
      command: ['sh', '-c', 'cat; echo "$HELLO $1" >&2; exit 7', 'sh', 'ünï'],
      tty: false,
      columns: null,
      rows: null,
      env: {},
      user: null,
    },
    'input',
  );
  expect(frames.stdout).toBe('input');
  expect(frames.stderr).toContain('ünï');
  expect(exit).toBe(7);

  const tar = pack();
  tar.entry({ name: 'note.txt' }, 'kept');
  tar.finalize();
  await link.request('PUT', `${base}/files?path=${encodeURIComponent('.')}`, { body: Readable.from(tar) });
  const { stream } = await link.openStream('GET', `${base}/files?path=note.txt`);
  stream.end();
  expect((await readAll(stream)).toString()).toContain('kept');

  expect(await link.request('GET', `${base}/stats`)).toMatchObject({ memory_limit_mib: 256 });
  await link.request('POST', `${base}/stop`, { json: { reason: 'stopped_by_renter', grace_s: 0 } });
  await ended(order.lease_id);
  await expect(link.request('GET', `${base}/stats`)).rejects.toMatchObject({ code: 'wrong_state' });
});

test('a client that goes away ends its command', async () => {
  const order = orderFor(newLeaseId(), ['sleep', '600']);
  await put(order);
  await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');
  const mark = String(3000 + Math.floor(Math.random() * 1e6));
  const request = { command: ['sleep', mark], tty: false, columns: null, rows: null, env: {}, user: null };
  const { stream } = await link.openStream('POST', `/v1/leases/${order.lease_id}/exec`, {
    headers: { 'x-coop-exec': execHeader(request) },
  });
  const runs = () => readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandLine(pid) === `sleep\0${mark}\0`);
  await until(() => runs() || undefined, 'the command');
  stream.destroy();
  await until(() => !runs() || undefined, 'the command to be gone');
  await link.request('POST', `/v1/leases/${order.lease_id}/stop`, {
    json: { reason: 'stopped_by_renter', grace_s: 0 },
  });
});

test('what is not there or malformed is refused in words', async () => {
  await expect(link.request('GET', '/v1/nothing')).rejects.toMatchObject({ code: 'not_found' });
  await expect(link.request('PUT', '/v1/events')).rejects.toMatchObject({ code: 'method_not_allowed' });
  await expect(
    link.request('POST', `/v1/leases/${newLeaseId()}/stop`, { json: { reason: 'idle', grace_s: 1 } }),
  ).rejects.toMatchObject({ code: 'not_found' });
  await expect(
    link.request('PUT', '/v1/leases/..%2f..%2fetc', { json: orderFor('../../etc', []) }),
  ).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(link.request('PUT', `/v1/leases/${newLeaseId()}`, { json: { lease_id: 1 } })).rejects.toMatchObject({
    code: 'invalid_request',
  });
  await expect(link.openStream('POST', `/v1/leases/${newLeaseId()}/exec`)).rejects.toMatchObject({ code: 'not_found' });
});

test('the machine says what it is, once, and again when the server looks closely', async () => {
  const first = server.heartbeats[0]!;
  expect(first.facts).toMatchObject({ engine: { name: 'process', isolation: 'none' } });
  expect(
    server.heartbeats
      .slice(1, 4)
      .every((heartbeat) => heartbeat.facts === null || heartbeat.facts.hostname === first.facts!.hostname),
  ).toBe(true);
  const checks = await link.request('POST', '/v1/doctor', { timeoutMs: 30_000, answer: z.array(DoctorCheck) });
  expect(checks.length).toBeGreaterThan(5);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readLog(path: string): Promise<LogLine[]> {
  const { stream } = await link.openStream('GET', path);
  stream.end();
  const text = (await readAll(stream)).toString();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [LogLine.parse(JSON.parse(line))]));
}

async function exec(
  base: string,
  request: ExecRequest,
  input: string,
): Promise<{ frames: { stdout: string; stderr: string }; exit: number }> {
  const { stream } = await link.openStream('POST', `${base}/exec`, { headers: { 'x-coop-exec': execHeader(request) } });
  stream.write(encodeFrame('stdin', Buffer.from(input)));
  stream.write(encodeFrame('stdinEnd'));
  const read = frameReader();
  const frames = { stdout: '', stderr: '' };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const { channel, payload } of read(chunk)) {
      if (channel === 'stdout' || channel === 'stderr') frames[channel] += Buffer.from(payload).toString();
      if (channel === 'exit')
        return { frames, exit: (JSON.parse(Buffer.from(payload).toString()) as { code: number }).code };
    }
  }
  throw new Error('no exit came');
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
