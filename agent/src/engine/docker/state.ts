import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerState } from '../engine.ts';

export type EngineLife = {
  /** When the engine that answers now was started; null: cannot be known here. */
  startedAt: Date | null;
  liveRestore: boolean;
};

/** A restart kills what runs within its first minute; an orderly one does so before it, and may take minutes to come back. */
const KILLED_BEFORE_MS = 5 * 60_000;
const KILLED_AFTER_MS = 60_000;

/** What `docker inspect` says, in our words. */
export function readState(
  container: Pick<ContainerInspectInfo, 'State' | 'Created'>,
  engine: EngineLife,
): ContainerState {
  const { State: state } = container;
  const created = time(container.Created);
  const started = time(state.StartedAt);
  const finished = time(state.FinishedAt);
  const running = state.Running || state.Restarting;
  // A container that was created anew says "exited" only after it has run.
  const ended =
    !running && state.Status !== 'created' && state.Status !== 'configured' && state.Status !== 'initialized';
  const restarted = ended && wasEndedByRestart(created, finished, state.ExitCode, state.OOMKilled, engine);
  const outOfMemory = ended && state.OOMKilled && state.ExitCode !== 0;
  return {
    state: running ? 'running' : ended ? 'ended' : 'created',
    running,
    started_at: started?.toISOString() ?? null,
    finished_at: ended ? (latest(started, finished ?? engine.startedAt)?.toISOString() ?? null) : null,
    exit_code: ended ? state.ExitCode : null,
    oom_killed: ended && state.OOMKilled,
    disk_full: false,
    restarted_by_engine: restarted,
    reason: outOfMemory ? 'out_of_memory' : restarted ? 'engine_restarted' : null,
    detail: state.Error === '' ? null : state.Error,
  };
}

/**
 * An engine without live-restore kills its containers when it stops or comes back, and after a loss of power it finds them dead.
 * It does not write down that this was why; the signs are a death by signal close to the engine's own start.
 */
function wasEndedByRestart(
  created: Date | undefined,
  finished: Date | undefined,
  exitCode: number,
  oomKilled: boolean,
  engine: EngineLife,
): boolean {
  if (engine.startedAt === null || created === undefined || oomKilled) return false;
  const engineStart = engine.startedAt.getTime();
  // Not its start: an engine that comes back writes that anew before it kills.
  if (engineStart <= created.getTime()) return false;
  if (finished === undefined) return true;
  const since = finished.getTime() - engineStart;
  const close = since >= -KILLED_BEFORE_MS && since <= (engine.liveRestore ? 0 : KILLED_AFTER_MS);
  return close && [137, 143, 255].includes(exitCode);
}

/** podman writes that a short one ended before it writes that it began. */
function latest(started: Date | undefined, finished: Date | null): Date | undefined {
  if (finished === null) return undefined;
  return started !== undefined && started > finished ? started : finished;
}

/** The engine's zero time is the year 1. */
function time(text: string | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1971 ? undefined : date;
}
