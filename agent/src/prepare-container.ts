import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { abortable } from './abortable.ts';
import { EngineError } from './engine/engine-error.ts';
import type { Engine, PrepareProgress } from './engine/engine.ts';

type Preparation = {
  onProgress(progress: PrepareProgress): void;
  signal: AbortSignal;
  /** For an engine that does not let go when it is aborted. What it makes afterwards is swept up as an ended lease's container. */
  abortMs: number;
};

/** Pulls and creates, each within its time. Throws EngineError with the reason of the step that took too long. */
export async function prepareContainer(
  engine: Pick<Engine, 'prepare'>,
  order: LeaseOrder,
  { onProgress, signal, abortMs }: Preparation,
): Promise<string> {
  const limit = new AbortController();
  let phase: PrepareProgress['phase'] = 'pulling';
  let timer: NodeJS.Timeout | undefined;
  limitTo(order.pull_timeout_s, 'image_pull_failed', 'Pulling the image');
  const ends = AbortSignal.any([limit.signal, signal]);
  try {
    const preparing = engine.prepare(order, follow, ends);
    return (await abortable(preparing, ends, abortMs)).containerId;
  } catch (error) {
    throw ends.aborted ? ends.reason : error; // an engine's word for an abort says less than why it was aborted
  } finally {
    clearTimeout(timer);
  }

  function follow(progress: PrepareProgress): void {
    if (progress.phase === 'creating' && phase === 'pulling') {
      limitTo(order.start_timeout_s, 'start_timeout', 'Creating the container');
    }
    phase = progress.phase;
    onProgress(progress);
  }

  function limitTo(seconds: number, reason: EndReason, what: string): void {
    clearTimeout(timer);
    const late = new EngineError(reason, `${what} took longer than ${seconds} s.`);
    timer = setTimeout(() => limit.abort(late), seconds * 1000);
  }
}
