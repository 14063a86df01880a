import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { withoutSecrets } from '../docker/container-config.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerState, Engine, EngineOptions } from '../engine.ts';
import { connectTcp } from '../connect-tcp.ts';
import { startExec } from './exec.ts';
import { readFiles, writeFiles } from './files.ts';
import { bootId, cookieBearers, isAlive, membersOf, signalGroup } from './identity.ts';
import type { ProcessStat } from './identity.ts';
import { launch } from './launch.ts';
import { leaseDir, leaseIds } from './lease-dir.ts';
import type { Exit, LeaseDir } from './lease-dir.ts';
import { readLog } from './log-files.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;
const TICKS_PER_S = 100;
/** As long as docker takes between two samples. */
const SAMPLE_MS = 1000;
const POLL_MS = 100;
const SUPERVISOR_MS = 10_000;
const PREFIX = 'process-';
/** The name under which a spec may ask for what there is here: the machine itself. */
const HOST_IMAGE = 'host';

/**
 * Plain processes of the agent's own user: no isolation, for a network on one machine that has no container engine. Each lease has a
 * directory, a session and a supervisor of its own, which outlive the agent.
 */
export async function openProcessEngine(options: EngineOptions): Promise<Engine> {
  const { stateDir, simulateGpus, log } = options;
  /** With their secrets, from prepare to start; an agent that was restarted in between is given the order again. */
  const orders = new Map<string, LeaseOrder>();
  const starting = new Map<string, Promise<void>>();

  const leaseOf = (containerId: string): LeaseDir => {
    const leaseId = containerId.slice(PREFIX.length);
    if (!containerId.startsWith(PREFIX) || !/^[\w-]+$/.test(leaseId)) throw vanished();
    return leaseDir(stateDir, leaseId);
  };
  const own = async (containerId: string): Promise<{ lease: LeaseDir; order: LeaseOrder }> => {
    const lease = leaseOf(containerId);
    const order = await lease.order();
    if (order === undefined) throw vanished();
    return { lease, order };
  };
  const inspect = async (containerId: string): Promise<ContainerState | undefined> => {
    const lease = leaseOf(containerId);
    return (await lease.order()) === undefined ? undefined : stateOf(lease);
  };
  const running = async (containerId: string) => {
    const { lease, order } = await own(containerId);
    const launched = await lease.launch();
    if (launched === undefined || !(await stateOf(lease)).running)
      throw new CoopError('wrong_state', 'The process is not running.');
    return { lease, order, launched };
  };
  const diskUsedMib = async (containerId: string): Promise<number | null> => sizeMib(leaseOf(containerId).work);

  const start = async (containerId: string): Promise<void> => {
    const { lease, order } = await own(containerId);
    if ((await stateOf(lease)).state !== 'created') return;
    const complete = orders.get(order.lease_id);
    if (complete === undefined) {
      throw new EngineError(
        'start_timeout',
        'The agent was restarted before the start and no longer has the environment: prepare the lease again.',
      );
    }
    await launch(lease, complete);
    orders.delete(order.lease_id);
  };

  return {
    async info() {
      return {
        name: 'process',
        version: process.versions.node,
        isolation: 'none',
        gpu: simulateGpus === true ? 'simulated' : 'process',
        network: 'internet',
        disk_limit: 'watched',
        live_restore: true,
        base_image: HOST_IMAGE,
        cached_images: [],
      };
    },

    async prepare(order, onProgress, signal) {
      signal.throwIfAborted();
      if (order.image !== null && order.image !== HOST_IMAGE) {
        throw new EngineError(
          'image_not_found',
          `This machine has no container engine and runs plain processes: it has no image ${order.image}. Leave the image out.`,
        );
      }
      if (order.isolation !== 'none')
        throw new EngineError('agent_refused', 'This machine runs plain processes: isolation is none.');
      onProgress({ phase: 'creating', pulled_bytes: null, total_bytes: null });
      const lease = leaseOf(PREFIX + order.lease_id);
      if ((await lease.order()) === undefined) await lease.create(withoutSecrets(order));
      orders.set(order.lease_id, order);
      return { containerId: PREFIX + order.lease_id };
    },

    async start(containerId) {
      // Put down before anything is awaited, so that a second call finds it.
      const underway = starting.get(containerId) ?? start(containerId).finally(() => starting.delete(containerId));
      starting.set(containerId, underway);
      await underway;
    },

    inspect,

    async wait(containerId, signal) {
      for (;;) {
        const state = await inspect(containerId);
        if (state === undefined) throw vanished();
        if (state.state === 'ended') return state;
        await sleep(POLL_MS, undefined, { signal });
      }
    },

    async list() {
      const found = await Promise.all(
        (await leaseIds(stateDir)).map(async (leaseId) => {
          const lease = leaseDir(stateDir, leaseId);
          const order = await lease.order().catch(() => undefined);
          if (order === undefined) return undefined;
          return { lease_id: leaseId, container_id: PREFIX + leaseId, state: await stateOf(lease), order };
        }),
      );
      return found.filter((container) => container !== undefined);
    },

    async stop(containerId, graceS) {
      await stop(leaseOf(containerId), graceS);
    },

    async remove(containerId) {
      const lease = leaseOf(containerId);
      await stop(lease, 0);
      orders.delete(containerId.slice(PREFIX.length));
      await lease.remove();
    },

    async *logs(containerId, range, signal) {
      const { lease } = await own(containerId);
      yield* readLog(
        lease.log,
        range,
        async () => ((await inspect(containerId))?.state ?? 'ended') === 'ended',
        signal,
      );
    },

    async exec(containerId, request) {
      const { lease, launched } = await running(containerId);
      return startExec(launched, lease.work, request);
    },

    async readFiles(containerId, path) {
      return readFiles((await own(containerId)).lease.work, path);
    },

    async writeFiles(containerId, path, tar) {
      const { lease, order } = await own(containerId);
      const used = (await sizeMib(lease.work)) ?? 0;
      await writeFiles(lease.work, path, tar, Math.max(0, order.disk_mib - used) * MIB);
    },

    async stats(containerId) {
      const { order, launched } = await running(containerId);
      const before = ticksOf(membersOf(launched.command.pid));
      const since = performance.now();
      await sleep(SAMPLE_MS);
      const members = membersOf(launched.command.pid);
      const passedS = (performance.now() - since) / 1000;
      const usedS = Math.max(0, ticksOf(members) - before) / TICKS_PER_S;
      return {
        cpu_percent: Math.round((usedS / passedS) * 1000) / 10,
        memory_used_mib: Math.round(
          (members.reduce((sum, member) => sum + member.residentPages, 0) * PAGE_BYTES) / MIB,
        ),
        memory_limit_mib: order.memory_mib,
        disk_used_mib: await diskUsedMib(containerId),
        pids: members.length,
        received_bytes: null,
        sent_bytes: null,
      };
    },

    diskUsedMib,

    async connect(containerId, port) {
      await running(containerId);
      return connectTcp('127.0.0.1', port);
    },

    reassert: async () => ({ restored: [] }),

    leave: async () => undefined,
    close: async () => log.debug({}, 'the process engine is closed; processes stay'),
  };
}

async function stateOf(lease: LeaseDir): Promise<ContainerState> {
  const launched = await lease.launch();
  const exit = await lease.exit();
  if (exit !== undefined) return endedState(exit, launched?.started_at ?? null);
  if (launched === undefined) return { ...NOTHING_YET, state: 'created' };
  if (isAlive(launched.supervisor))
    return { ...NOTHING_YET, state: 'running', running: true, started_at: launched.started_at };
  // It may have written its last words since we looked.
  const late = await lease.exit();
  if (late !== undefined) return endedState(late, launched.started_at);
  // The supervisor was killed, or the machine was restarted: without it nobody reads the command's output or its end.
  signalGroup(launched.command, 'SIGKILL');
  for (const pid of cookieBearers(launched.cookie)) kill(pid);
  const rebooted = !launched.supervisor.started.startsWith(`${bootId()}:`);
  const detail = rebooted ? 'The machine was restarted.' : 'The process that watched over it was killed.';
  const lost: Exit = { exit_code: 137, finished_at: new Date().toISOString(), reason: 'engine_restarted', detail };
  await lease.writeExit(lost);
  return endedState(lost, launched.started_at);
}

const NOTHING_YET: Omit<ContainerState, 'state'> = {
  running: false,
  started_at: null,
  finished_at: null,
  exit_code: null,
  oom_killed: false,
  disk_full: false,
  restarted_by_engine: false,
  reason: null,
  detail: null,
};

function endedState(exit: Exit, startedAt: string | null): ContainerState {
  return {
    ...NOTHING_YET,
    state: 'ended',
    started_at: startedAt,
    finished_at: exit.finished_at,
    exit_code: exit.exit_code,
    oom_killed: exit.reason === 'out_of_memory',
    restarted_by_engine: exit.reason === 'engine_restarted',
    reason: exit.reason,
    detail: exit.detail,
  };
}

async function stop(lease: LeaseDir, graceS: number): Promise<void> {
  const launched = await lease.launch();
  if (launched === undefined || (await stateOf(lease)).state === 'ended') return;
  signalGroup(launched.command, 'SIGTERM');
  const deadline = performance.now() + graceS * 1000;
  while ((await stateOf(lease)).running) {
    if (performance.now() >= deadline) {
      signalGroup(launched.command, 'SIGKILL');
      for (const pid of cookieBearers(launched.cookie)) kill(pid);
    }
    // A supervisor that does not see the end of its command is of no more use.
    if (performance.now() >= deadline + SUPERVISOR_MS) signalGroup(launched.supervisor, 'SIGKILL');
    await sleep(POLL_MS / 2);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended already.
  }
}

async function sizeMib(dir: string): Promise<number | null> {
  try {
    const { stdout } = await run('du', ['-sk', dir], { timeout: 60_000 });
    return Math.ceil(Number.parseInt(stdout, 10) / 1024);
  } catch {
    return null;
  }
}

function vanished(): EngineError {
  return new EngineError('container_vanished', 'The process and its files are not there any more.');
}

function ticksOf(members: ProcessStat[]): number {
  return members.reduce((sum, member) => sum + member.cpuTicks, 0);
}
