import { randomBytes } from 'node:crypto';
import http2, { type ServerHttp2Stream } from 'node:http2';
import { WebSocket } from 'ws';
import type {
  EventAck,
  Heartbeat,
  LeaseOrder,
  LeaseReport,
  MachineFacts,
  StopRequest,
} from '@gpucoop/protocol/agent-api.ts';
import {
  enrolMessage,
  linkMessage,
  signerFromSecret,
  signStatement,
  type Signer,
  type Statement,
} from '@gpucoop/protocol/evidence.ts';
import type { DeviceInfo } from '@gpucoop/protocol/resources.ts';
import { socketDuplex } from '@gpucoop/server/gateway/socket-duplex.ts';
import type { Renter, Rooms } from './rooms.ts';

/**
 * A machine that speaks the real link, written from the contract alone and independent of our agent: honest by default, and in each
 * thing as a test wants it.
 */
export type FakeAgent = {
  machineId: string;
  signer: Signer;
  leases: Map<string, FakeLease>;
  /** The stream of events, once the server has opened it. */
  events(): Promise<ServerHttp2Stream>;
  /** One heartbeat now. `changes` are laid over the honest one. */
  beat(changes?: Partial<Heartbeat> | Record<string, unknown>): void;
  /** A line of the event stream as it is. */
  send(line: string): void;
  line(
    leaseId: string,
    servedMs: number,
    changes?: { container_id?: string; final?: boolean; signer?: Signer },
  ): Statement<'meter'>;
  dial(rooms?: Rooms): Promise<void>;
  /** Resolves with the code of the WebSocket's close frame. */
  closed(): Promise<number>;
  hangUp(): void;
  /** The last heartbeat that the server has acknowledged. */
  acknowledged(): number;
  /** Calls of the server other than acknowledgements, in order. */
  calls: string[];
};

export type FakeLease = {
  order: LeaseOrder | null;
  report: LeaseReport;
  readyAt: number | null;
  /** The last request to stop it. */
  stop?: StopRequest;
};

export type Behaviour = {
  facts?: Partial<MachineFacts>;
  /** Answers a call instead of the honest handler; false: be honest. */
  answer?(stream: ServerHttp2Stream, method: string, path: string, agent: FakeAgent): boolean;
  /** What the lease reports once it was asked for; by default it is ready at once. */
  take?(report: LeaseReport): LeaseReport;
  /** The signed clock; by default the time since it was ready. */
  served?(leaseId: string, sinceReadyMs: number): number;
  /** Milliseconds between heartbeats; default 250. */
  everyMs?: number;
};

export function gpu(uuid: string, change: Partial<DeviceInfo> = {}): DeviceInfo {
  return {
    uuid,
    class: 'rtx-4090',
    name: 'NVIDIA GeForce RTX 4090',
    vendor: 'nvidia',
    memory_mib: 24_564,
    index: 0,
    pci_address: null,
    driver: '580.65',
    power_limit_w: null,
    mig: false,
    owner_busy: false,
    owner_process: null,
    utilization_percent: null,
    memory_used_mib: null,
    ...change,
  };
}

export function factsOf(change: Partial<MachineFacts> = {}): MachineFacts {
  return {
    agent_version: '0',
    hostname: 'fake',
    os: 'Linux',
    architecture: 'amd64',
    cpu_model: 'none',
    cpus: 4,
    memory_mib: 16_384,
    disk_total_mib: 1_000_000,
    disk_free_mib: 1_000_000,
    time_zone: 'UTC',
    devices: [],
    engine: {
      name: 'docker',
      version: '1',
      isolation: 'container',
      gpu: 'simulated',
      network: 'internet',
      disk_limit: 'watched',
      live_restore: true,
      base_image: 'busybox',
      cached_images: [],
    },
    ...change,
  };
}

export async function enrolFake(rooms: Rooms, provider: Renter, behaviour: Behaviour = {}): Promise<FakeAgent> {
  const signer = signerFromSecret(randomBytes(32));
  const { token } = await rooms.machines.createJoinToken(provider.id, { name: null, ttl_s: 600 });
  const facts = factsOf(behaviour.facts);
  const signature = Buffer.from(signer.sign(enrolMessage({ token, public_key: signer.publicKey }))).toString('hex');
  const { machine_id } = await rooms.machines.enrol({
    token,
    public_key: signer.publicKey,
    name: 'fake',
    facts,
    signature,
  });
  return fakeAgent(rooms, machine_id, signer, behaviour);
}

function fakeAgent(home: Rooms, machineId: string, signer: Signer, behaviour: Behaviour): FakeAgent {
  const leases = new Map<string, FakeLease>();
  let ws: WebSocket | undefined;
  let events = Promise.withResolvers<ServerHttp2Stream>();
  let stream: ServerHttp2Stream | undefined;
  let closed = Promise.withResolvers<number>();
  let seq = 0;
  let acknowledged = 0;
  let timer: NodeJS.Timeout | undefined;
  let factsDue = true;

  const agent: FakeAgent = {
    machineId,
    signer,
    leases,
    calls: [],
    acknowledged: () => acknowledged,
    events: () => events.promise,
    closed: () => closed.promise,
    line(leaseId, servedMs, { container_id = `c-${leaseId}`, final = false, signer: by = signer } = {}) {
      return signStatement(
        'meter',
        { lease_id: leaseId, container_id, served_ms: servedMs, final },
        new Date().toISOString(),
        by,
      );
    },
    send: (line) => void stream?.write(`${line}\n`),
    beat(changes = {}) {
      if (stream === undefined) return;
      const facts = factsDue ? factsOf(behaviour.facts) : null;
      factsDue = false;
      const honest = {
        type: 'heartbeat',
        seq: ++seq,
        boot_id: 'b',
        monotonic_ms: Math.floor(performance.now()),
        facts,
        cpu_owner_busy: false,
        leases: [...leases].map(([id, lease]) => reportOf(id, lease)),
      };
      agent.send(JSON.stringify({ ...honest, ...changes }));
    },
    async dial(rooms = home) {
      ws?.terminate();
      [events, closed, factsDue] = [Promise.withResolvers(), Promise.withResolvers(), true];
      const { nonce } = await rooms.network.links.challenge(machineId);
      const signature = Buffer.from(
        signer.sign(linkMessage({ machine_id: machineId, nonce, server: rooms.keys.serverName })),
      ).toString('hex');
      const socket = new WebSocket(rooms.linkUrl, {
        headers: { 'x-coop-machine': machineId, 'x-coop-nonce': nonce, 'x-coop-signature': signature },
        perMessageDeflate: false,
      });
      const duplex = socketDuplex(socket);
      const over = closed;
      socket.on('close', (code) => over.resolve(code));
      await new Promise<void>((resolve, reject) => {
        socket.once('open', resolve).once('error', reject);
        socket.once('unexpected-response', (_request, response) => {
          response
            .setEncoding('utf8')
            .once('data', (body: string) =>
              reject(Object.assign(new Error(`refused: ${body}`), { problem: JSON.parse(body) as unknown })),
            );
        });
      });
      ws = socket;
      const server = http2.createServer();
      server
        .on('sessionError', () => {})
        .on('stream', (call, headers) =>
          serve(
            call.on('error', () => {}),
            headers[':method'] ?? '',
            headers[':path'] ?? '',
          ),
        );
      server.emit('connection', duplex);
      const opened = await events.promise;
      agent.beat();
      timer = setInterval(() => agent.beat(), behaviour.everyMs ?? 250);
      opened.once('close', () => clearInterval(timer));
    },
    hangUp() {
      clearInterval(timer);
      ws?.terminate();
    },
  };
  return agent;

  function reportOf(id: string, lease: FakeLease): LeaseReport {
    if (lease.readyAt === null || !lease.report.ready) return lease.report;
    const since = Math.floor(performance.now() - lease.readyAt);
    const served = behaviour.served?.(id, since) ?? since;
    const final = lease.report.state === 'ended';
    if (final && lease.report.meter !== null) return lease.report;
    const meter = agent.line(id, served, { final });
    const report = { ...lease.report, served_ms: served, meter };
    if (final) lease.report = report;
    return report;
  }

  function serve(call: ServerHttp2Stream, method: string, path: string): void {
    if (path.startsWith('/v1/events?') || path === '/v1/events') {
      call.respond({ ':status': 200 });
      stream = call;
      call.once('close', () => {
        if (stream === call) stream = undefined;
      });
      return events.resolve(call);
    }
    if (path !== '/v1/events/ack') agent.calls.push(`${method} ${path}`);
    if (behaviour.answer?.(call, method, path, agent) === true) return;
    let body = '';
    call.on('data', (chunk: Buffer) => (body += chunk.toString()));
    call.on('end', () => honest(call, method, path, body));
  }

  function honest(call: ServerHttp2Stream, method: string, path: string, body: string): void {
    const id = /^\/v1\/leases\/([^/?]+)/.exec(path)?.[1] ?? '';
    if (method === 'PUT' && path === `/v1/leases/${id}`) {
      const order = JSON.parse(body) as LeaseOrder;
      const report = (behaviour.take ?? ((given) => given))(readyReport(id));
      if (!leases.has(id)) leases.set(id, { order, report, readyAt: report.ready ? performance.now() : null });
      answer(call, leases.get(id)?.report);
    } else if (path === '/v1/events/ack') {
      acknowledged = (JSON.parse(body) as EventAck).heartbeat_seq;
      return answer(call, {});
    } else if (path === `/v1/leases/${id}/stop`) {
      const stop = JSON.parse(body) as StopRequest;
      const lease = leases.get(id);
      if (lease !== undefined) lease.stop = stop;
      if (lease !== undefined && lease.report.state !== 'ended') endFake(lease, stop.reason);
      answer(call, lease?.report ?? {});
    } else if (method === 'DELETE') {
      leases.delete(id);
      answer(call, {});
    } else {
      answer(call, {});
      return;
    }
    agent.beat();
  }
}

export function readyReport(leaseId: string): LeaseReport {
  return {
    lease_id: leaseId,
    state: 'running',
    phase: null,
    pulled_bytes: null,
    total_bytes: null,
    container_id: `c-${leaseId}`,
    ready: true,
    served_ms: 0,
    exit_code: null,
    end_reason: null,
    end_detail: null,
    disk_used_mib: null,
    meter: null,
  };
}

export function endFake(lease: FakeLease, reason: LeaseReport['end_reason'], exitCode: number | null = null): void {
  lease.report = { ...lease.report, state: 'ended', end_reason: reason, exit_code: exitCode };
}

export function answer(call: ServerHttp2Stream, body: unknown, status = 200): void {
  if (call.destroyed) return;
  call.respond({ ':status': status, 'content-type': 'application/json' });
  call.end(JSON.stringify(body));
}
