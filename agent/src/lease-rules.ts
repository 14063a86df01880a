import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { ContainerState } from './engine/engine.ts';
import type { MachineClock } from './machine-clock.ts';

/** What a lease has served and why it ended. Values in, values out. */

export type Instant = { boot_id: string; monotonic_ms: number };
export type StopWish = { reason: EndReason; grace_s: number; asked_at: string };

export function instantNow(clock: MachineClock): Instant {
  return { boot_id: clock.bootId, monotonic_ms: clock.monotonicMs() };
}

/**
 * Milliseconds since the probe passed, by the monotonic clock. After a reboot that clock has begun anew: what was last written down
 * (`floorMs`) stands, for the container ended with the boot.
 */
export function servedMs(ready: Instant, floorMs: number, now: Instant): number {
  if (ready.boot_id !== now.boot_id) return floorMs;
  return Math.max(floorMs, now.monotonic_ms - ready.monotonic_ms);
}

/**
 * The same at the engine's finish time. The engine's clock is the wall's; only how long ago it ended is taken from it, so a clock that
 * jumps can neither add seconds (never more than now) nor take back what was signed already (never less than `floorMs`).
 */
export function servedMsAtEnd(ready: Instant, floorMs: number, now: Instant, endedAgoMs: number): number {
  return Math.max(floorMs, servedMs(ready, floorMs, now) - Math.max(0, Math.round(endedAgoMs)));
}

/** When it began to run: the engine's start time, within the time in which it was asked to start. */
export function startInstant(startCalled: Instant, now: Instant, startedAgoMs: number): Instant {
  const monotonic_ms = Math.max(now.monotonic_ms - Math.max(0, Math.round(startedAgoMs)), startCalled.monotonic_ms);
  return { boot_id: now.boot_id, monotonic_ms: startCalled.boot_id === now.boot_id ? monotonic_ms : now.monotonic_ms };
}

export function endReasonOf(
  state: ContainerState,
  stop: StopWish | null,
): { reason: EndReason; detail: string | null } {
  const endedFirst =
    stop !== null && state.finished_at !== null && Date.parse(state.finished_at) < Date.parse(stop.asked_at);
  if (stop !== null && !endedFirst) return { reason: stop.reason, detail: null };
  if (state.reason !== null) return { reason: state.reason, detail: state.detail };
  if (state.oom_killed) return { reason: 'out_of_memory', detail: state.detail };
  if (state.disk_full) return { reason: 'disk_full', detail: state.detail };
  if (state.restarted_by_engine) return { reason: 'engine_restarted', detail: state.detail };
  if (state.exit_code === 0) return { reason: 'completed', detail: null };
  if (state.exit_code === 126 || state.exit_code === 127) {
    const why = state.exit_code === 127 ? 'was not found' : 'could not be executed';
    return { reason: 'command_not_found', detail: state.detail ?? `Exit code ${state.exit_code}: the command ${why}.` };
  }
  return {
    reason: 'command_failed',
    detail: state.detail ?? (state.exit_code === null ? null : `Exit code ${state.exit_code}.`),
  };
}

export type DeviceLoad = { utilization_percent: number | null };

/**
 * Whether all devices of a lease are idle. What cannot be measured counts as busy: a lease does not end for want of a number.
 */
export function isIdle(
  devices: readonly string[],
  loads: ReadonlyMap<string, DeviceLoad>,
  minPercent: number,
): boolean {
  return (
    devices.length > 0 &&
    devices.every((uuid) => {
      const percent = loads.get(uuid)?.utilization_percent ?? null;
      return percent !== null && percent < minPercent;
    })
  );
}

/** Engines quote programs and files: short, and nothing that a terminal or a database stumbles over. */
export function printable(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .trim()
      .slice(0, 1000)
  );
}
