import type { Duplex, Readable, Writable } from 'node:stream';
import type { EngineInfo, ExecRequest, LeaseOrder, LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { LogLine } from '@gpucoop/protocol/resources.ts';
import { EngineError } from './engine-error.ts';
import { connectContainerEngine } from './docker/client.ts';
import { openDocker } from './docker/docker.ts';
import { openProcessEngine } from './process/process.ts';

export { EngineError };

/** What runs workloads on this machine: docker, podman, or (on a local network only) plain processes. */
export type Engine = {
  info(): Promise<EngineInfo>;
  /** Pulls if needed and creates, does not start. Idempotent per lease: an existing container of the lease is reused. */
  prepare(
    order: LeaseOrder,
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<{ containerId: string }>;
  /** Once: a container that runs already or has ended is left alone. */
  start(containerId: string): Promise<void>;
  /** undefined: there is no such container (any more), or it is not this agent's. */
  inspect(containerId: string): Promise<ContainerState | undefined>;
  /** Resolves when it ended; outlives restarts of the engine. Rejects with `container_vanished`, or with the signal's reason. */
  wait(containerId: string, signal: AbortSignal): Promise<ContainerState>;
  /** Only this agent's own; the orders carry no secrets: `env` is empty and `registry_auth` null. */
  list(): Promise<OwnContainer[]>;
  /** SIGTERM, grace, SIGKILL. Resolves when it has ended; idempotent. */
  stop(containerId: string, graceS: number): Promise<void>;
  /** Container and its files; idempotent. */
  remove(containerId: string): Promise<void>;
  /** `seq` rises strictly and is the same in every call and after every restart, so that `after` resumes exactly. */
  logs(containerId: string, range: LogRange, signal: AbortSignal): AsyncIterable<LogLine>;
  exec(containerId: string, request: ExecRequest): Promise<ExecSession>;
  /** A tar of the path. */
  readFiles(containerId: string, path: string): Promise<Readable>;
  /** Unpacks a tar into a directory that exists. */
  writeFiles(containerId: string, path: string, tar: Readable): Promise<void>;
  stats(containerId: string): Promise<LeaseStats>;
  /** null: cannot be measured now. Cheap enough to be asked every few seconds. */
  diskUsedMib(containerId: string): Promise<number | null>;
  /** TCP from the agent to a port of the workload. */
  connect(containerId: string, port: number): Promise<Duplex>;
  /** Puts the isolation back where somebody removed it; called every 30 s or so. */
  reassert(): Promise<{ restored: string[] }>;
  /** Takes away what this agent has in the engine besides its containers, which must be gone: its network and its rules. */
  leave(): Promise<void>;
  /** Lets go of the engine; workloads and their isolation stay. */
  close(): Promise<void>;
};

export type PrepareProgress = {
  phase: 'pulling' | 'creating';
  pulled_bytes: number | null;
  total_bytes: number | null;
};

export type LogRange = { after: number | null; tail: number | null; follow: boolean };

export type ContainerState = {
  state: 'created' | 'running' | 'ended';
  running: boolean;
  /** ISO times by the engine's clock. */
  started_at: string | null;
  finished_at: string | null;
  exit_code: number | null;
  oom_killed: boolean;
  disk_full: boolean;
  /** It ended because the engine (or the machine) was restarted. */
  restarted_by_engine: boolean;
  /** Why it ended, where the engine knows more than the exit code says; else null. */
  reason: EndReason | null;
  detail: string | null;
};

export type OwnContainer = { lease_id: string; container_id: string; state: ContainerState; order: LeaseOrder };

export type ExecSession = {
  /** Ending it is EOF for the command; with a terminal it does nothing (type ^D instead). */
  stdin: Writable;
  stdout: Readable;
  /** null with a terminal, which has one output only. */
  stderr: Readable | null;
  resize(columns: number, rows: number): Promise<void>;
  exit: Promise<number>;
  kill(): void;
};

/** pino's shape, as far as it is used here. */
export type EngineLog = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: Record<string, unknown>, message: string) => void
>;

export type EngineOptions = {
  agentId: string;
  /** Writable by the agent alone; what the process engine keeps of its leases lies here. */
  stateDir: string;
  kind: 'auto' | 'docker' | 'podman' | 'process';
  socketPath?: string;
  /** Tests and demonstrations: devices are handed over as /dev/null under the name of a GPU. */
  simulateGpus?: boolean;
  /** False where renters are strangers: an image that the provider built for himself is then neither named nor run. Default true. */
  ownImages?: boolean;
  /** False: leases get no network, and no firewall rule is set. Default true. */
  network?: boolean;
  /** False: no network is made before its lease comes. Default true; podman never does. */
  readyNetwork?: boolean;
  log: EngineLog;
};

/** Opens docker, podman or the process engine; `auto` takes the first that answers, plain processes last. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  if (options.kind === 'process') return openProcessEngine(options);
  const connection = await connectContainerEngine(options);
  if (connection !== undefined) return openDocker(connection, options);
  if (options.kind === 'auto') return openProcessEngine(options);
  throw new EngineError(
    'engine_unavailable',
    `${options.kind} does not answer on this machine: is it installed, started, and may this user use its socket?`,
  );
}
