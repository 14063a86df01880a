import { expect, test } from 'vitest';
import { createBell } from './events.ts';

test('a ring wakes those who wait for that run, and is told to the other servers; one heard from them is not told again', async () => {
  const told: string[] = [];
  const bell = createBell((runId) => told.push(runId));
  const woken: string[] = [];
  const never = new AbortController();
  const wait = (runId: string, as: string) => bell.wait(runId, 3_600_000, never.signal).then(() => woken.push(as));

  const first = wait('run_1', 'here');
  bell.ring('run_2');
  bell.ring('run_1');
  await first;
  expect(told).toEqual(['run_2', 'run_1']);

  const second = wait('run_1', 'from there');
  bell.rung('run_2');
  bell.rung('run_1');
  await second;

  // After an interruption anything may have been missed, so everybody looks.
  const all = [wait('run_1', 'one'), wait('run_2', 'all')];
  bell.rung(null);
  await Promise.all(all);
  expect(woken).toEqual(['here', 'from there', 'one', 'all']);
  expect(told).toEqual(['run_2', 'run_1']);
});
