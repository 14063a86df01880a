import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContainerState } from './engine/engine.ts';
import { endReasonOf, isIdle, printable, servedMs, servedMsAtEnd, startInstant } from './lease-rules.ts';

const at = (monotonic_ms: number, boot_id = 'boot') => ({ boot_id, monotonic_ms });
const ended: ContainerState = {
  state: 'ended',
  running: false,
  started_at: '2030-01-01T00:00:00Z',
  finished_at: '2030-01-01T00:01:00Z',
  exit_code: 0,
  oom_killed: false,
  disk_full: false,
  restarted_by_engine: false,
  reason: null,
  detail: null,
};

test('what was served is never less than was signed, and never more than the monotonic clock allows', () => {
  const time = fc.nat({ max: 1e9 });
  fc.assert(
    fc.property(
      time,
      time,
      time,
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.boolean(),
      (readyAt, later, floor, agoMs, rebooted) => {
        const now = at(readyAt + later, rebooted ? 'other' : 'boot');
        const served = servedMsAtEnd(at(readyAt), floor, now, agoMs);
        expect(served).toBeGreaterThanOrEqual(floor);
        expect(served).toBeLessThanOrEqual(Math.max(floor, rebooted ? 0 : later));
        expect(servedMs(at(readyAt), floor, now)).toBeGreaterThanOrEqual(served);
      },
    ),
  );
});

test('it began to run at the engine’s time, but not before it was asked to and not in the future', () => {
  expect(startInstant(at(1000), at(5000), 3000)).toEqual(at(2000));
  expect(startInstant(at(1000), at(5000), 9000)).toEqual(at(1000)); // a wall clock that jumped
  expect(startInstant(at(1000), at(5000), -50)).toEqual(at(5000));
  expect(startInstant(at(9e6, 'before'), at(5000), 3000)).toEqual(at(5000));
});

test('why it ended: a stop only when it came first, then what the engine knows, then the exit code', () => {
  const stop = { reason: 'stopped_by_renter' as const, grace_s: 10, asked_at: '2030-01-01T00:00:30Z' };
  expect(endReasonOf(ended, stop).reason).toBe('stopped_by_renter');
  expect(endReasonOf(ended, { ...stop, asked_at: '2030-01-01T00:01:01Z' }).reason).toBe('completed');
  expect(endReasonOf({ ...ended, exit_code: 137, oom_killed: true }, null).reason).toBe('out_of_memory');
  expect(endReasonOf({ ...ended, exit_code: 1, disk_full: true }, null).reason).toBe('disk_full');
  expect(endReasonOf({ ...ended, exit_code: 143, restarted_by_engine: true }, null).reason).toBe('engine_restarted');
  expect(endReasonOf({ ...ended, exit_code: 1, reason: 'device_unavailable', detail: 'gone' }, null)).toEqual({
    reason: 'device_unavailable',
    detail: 'gone',
  });
  expect(endReasonOf({ ...ended, exit_code: 127 }, null).reason).toBe('command_not_found');
  expect(endReasonOf({ ...ended, exit_code: 3 }, null)).toEqual({ reason: 'command_failed', detail: 'Exit code 3.' });
});

test('a lease is idle only when all its devices are known to be', () => {
  const loads = new Map([
    ['a', { utilization_percent: 2 }],
    ['b', { utilization_percent: 50 }],
    ['c', { utilization_percent: null }],
  ]);
  expect(isIdle(['a'], loads, 10)).toBe(true);
  expect(isIdle(['a', 'b'], loads, 10)).toBe(false);
  expect(isIdle(['a', 'c'], loads, 10)).toBe(false);
  expect(isIdle(['a', 'unseen'], loads, 10)).toBe(false);
  expect(isIdle([], loads, 10)).toBe(false);
});

test('an engine’s words lose what terminals and databases stumble over', () => {
  expect(printable('a\u0000b\u001b[31m\nc\ud800')).toBe('a b [31m c\ufffd');
  expect(printable('x'.repeat(5000))).toHaveLength(1000);
});
