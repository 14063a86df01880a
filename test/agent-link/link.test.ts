import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepLink, type Link, type LinkState } from '@gpucoop/agent/link.ts';
import { signerOf } from '@gpucoop/agent/machine-key.ts';
import { enrolInto, newLeaseId, newMachineId, spawnAgent } from './agent-process.ts';
import { orderFor, reportOf, startLinkServer, until, type LinkServer } from './link-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const signer = signerOf('11'.repeat(32));
const quick = { firstDelayMs: 20, longestDelayMs: 100, dialMs: 1000, pingMs: 50, silentMs: 300, stableMs: 10_000 };

let server: LinkServer;
let proxy: TcpProxy;
let link: Link | undefined;
let states: LinkState[];
let machineId: string;

beforeEach(async () => {
  server = await startLinkServer({ limits: { pingMs: 50, silentMs: 300 } });
  proxy = await startTcpProxy(server.port);
  machineId = newMachineId();
  server.machines.set(machineId, { publicKey: signer.publicKey, removed: false, epoch: 0 });
  states = [];
  link = undefined;
});
afterEach(async () => {
  await link?.close();
  await proxy.close();
  await server.close();
});

function dial(
  url: string,
  changes: Partial<Parameters<typeof keepLink>[0]> = {},
  tls: { certificate: string; fingerprint: string } | null = null,
): Link {
  link = keepLink({
    address: { server: url, server_name: 'test', machine_id: machineId, tls },
    signer,
    onStream: (stream) => {
      stream.on('error', () => {});
      stream.resume();
      stream.respond({ ':status': 200 }); // serves its events, and sends none
    },
    onState: (state) => states.push(state),
    random: Math.random,
    log: pino({ level: 'silent' }),
    timing: quick,
    ...changes,
  });
  return link;
}
const viaProxy = () => `http://127.0.0.1:${proxy.port}`;
const up = (epoch: number) =>
  until(() => (server.links.linkOf(machineId)?.epoch === epoch ? true : undefined), `epoch ${epoch}`);

test('a half-open connection is noticed by both ends, and the next one replaces it', async () => {
  dial(viaProxy());
  await up(1);
  await until(() => states.at(-1)?.state === 'up' || undefined, "the agent's end");
  proxy.freeze();
  await until(() => server.downs.find((down) => down.end.code === 'silent'), 'the server to notice');
  await until(
    () => states.find((state) => state.state === 'waiting' && state.detail === 'The server fell silent'),
    'the agent to notice',
  );
  proxy.cut();
  proxy.thaw();
  await until(() => server.links.linkOf(machineId), 'the link to be back');
  expect(server.ups.length).toBeGreaterThanOrEqual(2);
});

test('a link comes back after the server was away, however long', async () => {
  dial(server.url);
  await up(1);
  const { port, machines } = server;
  await server.close();
  await until(() => states.filter((state) => state.state === 'waiting').length >= 4 || undefined, 'some tries in vain');
  server = await startLinkServer({ port, machines });
  await up(2);
});

test('a second agent with the same key takes the link over; the first comes back after it', async () => {
  dial(server.url, { random: () => 1 });
  await up(1);
  const first = link!;
  const second = dial(server.url, { random: () => 1, onState: () => {} });
  await until(
    () => states.find((state) => state.state === 'waiting' && state.detail?.includes('newer link')),
    'the first to hear why',
  );
  await second.close();
  await until(() => (server.ups.length >= 3 ? true : undefined), 'the first to be back');
  await first.close();
});

test('the first try is at once, the next ones wait ever longer, within the jitter', async () => {
  const { port } = server;
  await server.close();
  const draws: number[] = [];
  const started = performance.now();
  dial(`http://127.0.0.1:${port}`, { random: () => (draws.push(performance.now() - started), 1) });
  await until(() => draws.length >= 5 || undefined, 'five tries');
  const pauses = draws.slice(1).map((at, n) => at - draws[n]!);
  // 20·2ⁿ, at most 100.
  [40, 80, 100, 100].forEach((atLeast, n) => expect(pauses[n]).toBeGreaterThanOrEqual(atLeast - 2));
  await link!.close();
  expect(states.at(-1)?.state).toBe('closed');
  server = await startLinkServer();
});

test('a server that says come later is not asked earlier', async () => {
  server.links.linkOf(machineId);
  dial(server.url, { onStream: (stream) => (stream.respond({ ':status': 200 }), stream.end('garbage\n')) });
  await until(() => server.downs.find((down) => down.end.code === 'invalid'), 'it to be sent away');
  await until(
    () => states.find((state) => state.state === 'waiting' && state.detail?.includes('broke the rules')),
    'it to hear why',
  );
  const tries = states.length;
  await link!.close(); // at once, though it would wait a minute
  expect(states.length).toBeLessThanOrEqual(tries + 1);
});

test('a removed machine stops asking at once, an unknown one after some tries', async () => {
  dial(server.url);
  await up(1);
  server.machines.get(machineId)!.removed = true;
  await server.links.closeMachine(machineId);
  await until(() => states.at(-1)?.state === 'removed' || undefined, 'it to give up');
  states = [];
  machineId = newMachineId();
  dial(server.url);
  await until(() => states.at(-1)?.state === 'removed' || undefined, 'the unknown one to give up');
  expect(states.filter((state) => state.state === 'connecting')).toHaveLength(5);
});

test('only the pinned certificate is accepted, under whatever name', async () => {
  const own = await certificate();
  const other = await certificate();
  const https = createHttpsServer({ key: own.private, cert: own.cert }, (request, response) => {
    request.resume();
    request.on('end', () =>
      server.links.challenge(machineId).then(
        (challenge) => response.end(JSON.stringify(challenge)),
        () => response.destroy(),
      ),
    );
  });
  https.on('upgrade', server.links.handleUpgrade);
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`;
  try {
    dial(url, {}, pin(other.cert));
    await until(() => states.find((state) => state.state === 'waiting'), 'the refusal');
    await link!.close();
    dial(url, {}, { ...pin(own.cert), fingerprint: pin(other.cert).fingerprint });
    await until(() => states.find((state) => state.detail?.includes('another certificate')), 'the refusal of the name');
    await link!.close();
    expect(server.ups).toEqual([]);
    dial(url, {}, pin(own.cert));
    await up(1);
    await link!.close();
  } finally {
    https.closeAllConnections();
    https.close();
  }
});

test('plain http to another computer is refused before a word is said', async () => {
  dial('http://192.0.2.1:7070');
  await until(() => states.find((state) => state.detail?.includes('not encrypted')), 'the refusal');
});

test('meter lines written while the link was down arrive when it is back, in order', { timeout: 60_000 }, async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'coop-link-'));
  const id = await enrolInto(server, stateDir, viaProxy());
  const agent = spawnAgent(stateDir);
  try {
    const order = orderFor(newLeaseId(), ['sh', '-c', 'sleep 1.5; exit 6']);
    const first = await server.link(id);
    await first.request('PUT', `/v1/leases/${order.lease_id}`, { json: order });
    await until(() => reportOf(server, order.lease_id)?.ready || undefined, 'ready');
    await until(() => server.lines.length === 1 || undefined, 'the line at ready');
    proxy.freeze();
    proxy.cut();
    await until(() => !server.links.linkOf(id) || undefined, 'the link to be down');
    await until(() => agent.output().includes('lease has ended') || undefined, 'the end, unseen by the server');
    proxy.thaw();
    proxy.cut();
    const report = await until(
      () => (reportOf(server, order.lease_id)?.state === 'ended' ? reportOf(server, order.lease_id) : undefined),
      'the report',
      40_000,
    );
    expect(report).toMatchObject({ end_reason: 'command_failed', exit_code: 6 });
    await until(() => server.lines.at(-1)?.body.final || undefined, 'the final line');
    // One whose acknowledgement was lost came again, the same to the last byte.
    const lines = [...new Map(server.lines.map((line) => [line.signature, line.body])).values()];
    expect(lines.map((line) => line.final)).toEqual([false, true]);
    expect(lines[1]!.served_ms).toBe(report.served_ms);
  } finally {
    await agent.kill('SIGTERM');
    await rm(stateDir, { recursive: true, force: true });
  }
});

async function certificate(): Promise<{ private: string; cert: string }> {
  return generate([{ name: 'commonName', value: 'coop' }], { algorithm: 'sha256', keyType: 'ec' });
}

function pin(pem: string): { certificate: string; fingerprint: string } {
  return { certificate: pem, fingerprint: new X509Certificate(pem).fingerprint256 };
}
