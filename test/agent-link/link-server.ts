import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import type { AgentEvent, Heartbeat, LeaseOrder, LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { parseStatement, type Statement } from '@gpucoop/protocol/evidence.ts';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import { createLinks, type Links, type LinksOptions } from '@gpucoop/server/gateway/links.ts';
import type { AgentLink, LinkEnd } from '@gpucoop/server/gateway/agent-link.ts';
import { systemClock } from '@gpucoop/server/clock.ts';

/** A server that has links and nothing else: what came over them, for tests to look at. */
export type LinkServer = {
  url: string;
  port: number;
  links: Links;
  machines: Map<string, { publicKey: string; removed: boolean; epoch: number }>;
  heartbeats: Heartbeat[];
  lines: Statement<'meter'>[];
  ups: number[];
  downs: { epoch: number; end: LinkEnd }[];
  link(machineId: string): Promise<AgentLink>;
  close(): Promise<void>;
};

export async function startLinkServer(
  options: Partial<LinksOptions> & { port?: number; machines?: LinkServer['machines'] } = {},
): Promise<LinkServer> {
  const machines = options.machines ?? new Map();
  const nonces = new Map<string, { subject: string; expires_at: Date }>();
  const heartbeats: Heartbeat[] = [];
  const lines: Statement<'meter'>[] = [];
  const ups: number[] = [];
  const downs: LinkServer['downs'] = [];

  const links = createLinks({
    authenticate: async (machineId) => {
      const machine = machines.get(machineId);
      if (machine === undefined) throw new CoopError('unauthenticated', 'No such machine.');
      if (machine.removed) throw new CoopError('machine_removed', 'This machine was removed.');
      return machine;
    },
    raiseEpoch: async (machineId) => ++machines.get(machineId)!.epoch,
    challenges: {
      put: async ({ nonce, ...rest }) => void nonces.set(nonce, rest),
      take: async (nonce) => {
        const found = nonces.get(nonce);
        nonces.delete(nonce);
        return found;
      },
    },
    onUp: async (_id, epoch) => void ups.push(epoch),
    onDown: async (_id, epoch, end) => void downs.push({ epoch, end }),
    onEvent: async (_id, _epoch, event) => take(event),
    serverName: 'test',
    heartbeatMs: 200,
    log: pino({ level: process.env['COOP_LOG_LEVEL'] ?? 'silent' }),
    clock: systemClock(),
    ...options,
  });

  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== '/v1/link/challenge') return response.writeHead(404).end();
      const { machine_id } = JSON.parse(Buffer.concat(chunks).toString()) as { machine_id: string };
      links.challenge(machine_id).then(
        (challenge) => response.end(JSON.stringify(challenge)),
        (error: unknown) => {
          const problem = toProblem(error as CoopError);
          response.writeHead(problem.status).end(JSON.stringify(problem));
        },
      );
    });
  });
  http.on('upgrade', links.handleUpgrade);
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    links,
    machines,
    heartbeats,
    lines,
    ups,
    downs,
    link: (machineId) => until(() => links.linkOf(machineId), 'a link'),
    close: async () => {
      await links.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };

  function take(event: AgentEvent): { seq: number; heartbeat_seq: number } {
    if (event.type === 'heartbeat') {
      heartbeats.push(event);
      return { seq: 0, heartbeat_seq: event.seq };
    }
    const line = parseStatement('meter', event.statement);
    if (line === undefined) throw new Error('a meter line does not verify');
    lines.push(line);
    return { seq: event.seq, heartbeat_seq: 0 };
  }
}

/** Waits for a condition, not for a time; says what it waited for when it does not come. */
export async function until<Value>(
  look: () => Value | undefined | Promise<Value | undefined>,
  what: string,
  ms = 15_000,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The newest report of a lease, by heartbeat. */
export function reportOf(server: LinkServer, leaseId: string): LeaseReport | undefined {
  return server.heartbeats.at(-1)?.leases.find((lease) => lease.lease_id === leaseId);
}

/** An order for a plain process. */
export function orderFor(leaseId: string, command: string[], changes: Partial<LeaseOrder> = {}): LeaseOrder {
  return {
    lease_id: leaseId,
    run_id: leaseId.replace('lse_', 'run_'),
    image: null,
    registry_auth: null,
    entrypoint: null,
    command,
    env: {},
    working_dir: null,
    user: null,
    devices: [],
    cpus: 0.5,
    memory_mib: 256,
    disk_mib: 64,
    shm_mib: null,
    ports: [],
    isolation: 'none',
    interactive: false,
    readiness: { kind: 'started' },
    utilization_policy: null,
    stop_grace_s: 1,
    pull_timeout_s: 10,
    start_timeout_s: 20,
    ready_timeout_s: 10,
    billed_from_s: null,
    ...changes,
  };
}
