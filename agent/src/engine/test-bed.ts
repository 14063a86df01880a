import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import Docker from 'dockerode';
import { expect } from 'vitest';
import { startDockerd } from '../../../test/support/dockerd.ts';
import { startPodman } from '../../../test/support/podman.ts';
import { AGENT_FILE } from '../../../test/support/sweep.ts';
import { openEngine } from './engine.ts';
import type { Engine, EngineLog, EngineOptions, LogRange } from './engine.ts';
import { removeIsolation } from './isolation/isolation.ts';
import { isolationNames } from './isolation/names.ts';

/** An engine of a test's own: another agent id, another directory; `close` removes all of it and looks that nothing stayed. */
export type TestBed = {
  engine: Engine;
  agentId: string;
  stateDir: string;
  /** For another bed at the same engine. */
  where: Pick<EngineOptions, 'socketPath'>;
  docker: Docker;
  /** Prepares and starts; removed with the bed. */
  run(change?: Partial<LeaseOrder>): Promise<string>;
  order(change?: Partial<LeaseOrder>): LeaseOrder;
  /** As an agent that was killed and started again would. */
  reopen(): Promise<Engine>;
  close(): Promise<void>;
};

export const silent: EngineLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** `sandbox` is docker with gVisor, in an engine of the bed's own. */
export type BedKind = 'docker' | 'podman' | 'process' | 'sandbox';

export async function openTestBed(kind: BedKind, change: Partial<EngineOptions> = {}): Promise<TestBed> {
  const agentId = `mch_test${randomBytes(6).toString('hex')}`;
  const stateDir = mkdtempSync(join(tmpdir(), 'coop-engine-'));
  writeFileSync(join(stateDir, AGENT_FILE), agentId);
  const own = change.socketPath === undefined ? await ownEngine(kind) : undefined;
  const where = own === undefined ? {} : { socketPath: own.socketPath };
  const options: EngineOptions = {
    agentId,
    stateDir,
    kind: kind === 'sandbox' ? 'docker' : kind,
    log: silent,
    ...(kind === 'sandbox' && { network: false }),
    ...where,
    ...change,
  };
  const isolation = kind === 'process' ? 'none' : kind === 'sandbox' ? 'sandbox' : 'container';
  const bed: TestBed = {
    engine: await openEngine(options),
    agentId,
    stateDir,
    where,
    docker: new Docker(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
    order: (more = {}) => testOrder({ isolation, ...more }),
    async run(more = {}) {
      const { containerId } = await bed.engine.prepare(bed.order(more), () => undefined, new AbortController().signal);
      await bed.engine.start(containerId);
      return containerId;
    },
    async reopen() {
      bed.engine = await openEngine(options);
      return bed.engine;
    },
    async close() {
      for (const { container_id: id } of await bed.engine.list()) await bed.engine.remove(id);
      await bed.engine.close();
      if (kind !== 'process') {
        await removeIsolation(agentId, bed.docker);
        expectNoRules(agentId);
      }
      await own?.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  return bed;
}

function ownEngine(kind: BedKind): Promise<{ socketPath: string; stop(): Promise<void> }> | undefined {
  if (kind === 'podman') return startPodman();
  // The platform that needs no virtual machine. Its network does not come up under every kernel.
  const runsc = { path: 'runsc', runtimeArgs: ['--platform=ptrace', '--network=none'] };
  return kind === 'sandbox' ? startDockerd({ settings: { runtimes: { runsc } } }) : undefined;
}

export function expectNoRules(agentId: string): void {
  if (process.getuid?.() !== 0) return;
  const names = isolationNames(agentId);
  for (const command of ['iptables', 'ip6tables']) {
    const rules = execFileSync(command, ['-w', '10', '-S'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    expect(rules).not.toContain(names.bridge);
    expect(rules).not.toContain(names.forwardChain);
    expect(rules).not.toContain(names.inputChain);
  }
}

export function testOrder(change: Partial<LeaseOrder> = {}): LeaseOrder {
  return {
    lease_id: `lse_${randomBytes(8).toString('hex')}`,
    run_id: 'run_test',
    image: null,
    registry_auth: null,
    entrypoint: null,
    command: ['sh', '-c', 'while :; do sleep 1; done'],
    env: {},
    working_dir: null,
    user: null,
    devices: [],
    cpus: 1,
    memory_mib: 256,
    disk_mib: 256,
    shm_mib: null,
    ports: [],
    isolation: 'container',
    interactive: false,
    readiness: { kind: 'started' },
    utilization_policy: null,
    stop_grace_s: 2,
    pull_timeout_s: 30,
    start_timeout_s: 30,
    ready_timeout_s: 30,
    billed_from_s: null,
    ...change,
  };
}

/** podman does so with the newer cgroups only; with the older a workload that took too much was killed, and nothing says why. */
export function tellsOutOfMemory(kind: BedKind): boolean {
  return kind !== 'podman' || existsSync('/sys/fs/cgroup/cgroup.controllers');
}

export function shell(script: string): Partial<LeaseOrder> {
  return { command: ['sh', '-c', script] };
}

export const never = (): AbortSignal => new AbortController().signal;

export async function logLines(engine: Engine, containerId: string, range: Partial<LogRange> = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of engine.logs(containerId, { after: null, tail: null, follow: false, ...range }, never()))
    lines.push(line);
  return lines;
}

/** All it printed, once it has ended. */
export async function outputOf(engine: Engine, containerId: string): Promise<string> {
  const lines = await logLines(engine, containerId, { follow: true });
  return lines.map((line) => line.text).join('');
}

export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
