import { describe, expect, test } from 'vitest';
import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { LeaseState } from '@gpucoop/protocol/states.ts';
import { localPolicy as policy } from '@gpucoop/policy/presets/local.ts';
import { decide, type LeaseFacts, type Observed, type Wish } from './decide.ts';
import { fresh, reportOf } from '../../../test/support/sample-lease.ts';

describe('single steps', () => {
  const seen: Observed = { now: 1000, link_up: true, heard_at: 1000, report: undefined, machine_lost: false };
  test('a reserved lease asks its agent, and gives up after the accept timeout', () => {
    expect(decide(fresh, seen, null, policy)).toEqual({ do: 'ask' });
    expect(decide(fresh, { ...seen, now: 60_000, link_up: false }, null, policy)).toMatchObject({
      do: 'end',
      reason: 'agent_unreachable',
    });
  });
  test('a stop before the agent was asked ends at once; after, it asks the agent and waits for it', () => {
    expect(decide(fresh, seen, 'stopped_by_renter', policy)).toMatchObject({ do: 'end', reason: 'stopped_by_renter' });
    const running = { ...fresh, state: 'running' as const, asked: true };
    expect(decide(running, { ...seen, report: reportOf('running', true) }, 'stopped_by_renter', policy)).toMatchObject({
      do: 'stopping',
    });
  });
  test('silence is unknown before it is lost', () => {
    const running = { ...fresh, state: 'running' as const, asked: true };
    expect(decide(running, { ...seen, now: 22_000 }, null, policy)).toEqual({ do: 'move', to: 'unknown' });
    const unknown = { ...running, state: 'unknown' as const };
    expect(decide(unknown, { ...seen, now: 602_000 }, null, policy)).toMatchObject({
      do: 'end',
      reason: 'machine_lost',
    });
  });
  test('an agent that no longer knows the lease ends it, but not before a heartbeat can know of it', () => {
    const running = { ...fresh, state: 'preparing' as const, asked: true };
    expect(decide(running, { ...seen, report: null }, null, policy).do).toBe('wait');
    expect(decide(running, { ...seen, now: 16_000, heard_at: 16_000, report: null }, null, policy)).toMatchObject({
      reason: 'container_vanished',
    });
  });
  test('a container that outlived the end of its lease is stopped', () => {
    const ended = { ...fresh, state: 'ended' as const, asked: true, ended_at: 0 };
    expect(decide(ended, { ...seen, report: reportOf('running', true) }, null, policy)).toMatchObject({ do: 'stop' });
  });
});

/** Heard at this very moment, over a link that stands, with nothing told of the lease yet. */
const at = (now: number, change: Partial<Observed> = {}): Observed => ({
  now,
  link_up: true,
  heard_at: now,
  report: undefined,
  machine_lost: false,
  ...change,
});
const away = (now: number, change: Partial<Observed> = {}): Observed => at(now, { link_up: false, ...change });
const lease = (state: LeaseState, change: Partial<LeaseFacts> = {}): LeaseFacts => ({
  ...fresh,
  state,
  asked: true,
  ...change,
});
const endOf = (reason: string, detail: string | null = null, exit_code: number | null = null) => ({
  do: 'end',
  reason,
  detail,
  exit_code,
});

describe('while it is reserved', () => {
  test.each([
    ['the agent is asked as soon as there is a link', fresh, at(59_999), { do: 'ask' }],
    ['without a link it waits for one', fresh, away(59_999), { do: 'wait', until: 60_000 }],
    ['which counts from its reservation', { ...fresh, state_since: 1000 }, away(60_999), { do: 'wait', until: 61_000 }],
    ['it gives up at the accept timeout, link or not', fresh, at(60_000), endOf('agent_unreachable')],
    [
      'an agent that tells of it has taken it',
      lease('reserved'),
      at(1, { report: reportOf('preparing', false) }),
      { do: 'move', to: 'preparing' },
    ],
    [
      'a report of what was never asked for is not believed',
      fresh,
      at(1, { report: reportOf('running', true) }),
      { do: 'ask' },
    ],
    ['least of all one that it has ended', fresh, at(1, { report: reportOf('ended', true) }), { do: 'ask' }],
    [
      'a heartbeat that does not know of it yet changes nothing',
      lease('reserved'),
      at(1, { report: null }),
      { do: 'ask' },
    ],
  ] as const)('%s', (_, facts, seen, action) => {
    expect(decide(facts, seen, null, policy)).toEqual(action);
  });
});

describe('while it is alive', () => {
  const stuckAt = 4_380_000; // an hour to pull, two minutes to start, ten to be ready, one to accept
  test.each([
    ['it waits until silence would count', lease('running'), at(1000), { do: 'wait', until: 21_000 }],
    [
      'silence of just under 20 s is nothing',
      lease('running'),
      at(19_999, { heard_at: 0 }),
      { do: 'wait', until: 20_000 },
    ],
    ['silence of 20 s makes it unknown', lease('running'), at(20_000, { heard_at: 0 }), { do: 'move', to: 'unknown' }],
    [
      'an unknown one waits for the loss',
      lease('unknown'),
      at(599_999, { heard_at: 0 }),
      { do: 'wait', until: 600_000 },
    ],
    ['silence of ten minutes is a loss', lease('unknown'), at(600_000, { heard_at: 0 }), endOf('machine_lost')],
    [
      'unknown and ready again is running',
      lease('unknown'),
      at(1, { report: reportOf('running', true) }),
      { do: 'move', to: 'running' },
    ],
    [
      'unknown and not ready is preparing',
      lease('unknown'),
      at(1, { report: reportOf('preparing', false) }),
      { do: 'move', to: 'preparing' },
    ],
    [
      'ready is running',
      lease('preparing'),
      at(1, { report: reportOf('running', true) }),
      { do: 'move', to: 'running' },
    ],
    [
      'running stays running though a report says that it is not ready',
      lease('running'),
      at(1, { report: reportOf('preparing', false) }),
      { do: 'wait', until: 20_001 },
    ],
    [
      'a heartbeat that does not know of it counts after 15 s',
      lease('running'),
      at(15_000, { report: null }),
      endOf('container_vanished', 'The agent no longer knows of the lease.'),
    ],
    ['and not before', lease('running'), at(14_999, { report: null }), { do: 'wait', until: 34_999 }],
    [
      'that no heartbeat has come yet on this link is no such answer',
      lease('running'),
      at(15_000),
      { do: 'wait', until: 35_000 },
    ],
    [
      'preparing has an end, also with an agent that keeps no time',
      lease('preparing'),
      at(stuckAt, { report: reportOf('preparing', false) }),
      { do: 'stopping', reason: 'start_timeout' },
    ],
    [
      'and is looked at again at that end',
      lease('preparing'),
      at(stuckAt - 1, { report: reportOf('preparing', false) }),
      { do: 'wait', until: stuckAt },
    ],
    [
      'both are counted from the change of state',
      lease('running', { state_since: 1000 }),
      at(15_999, { report: null }),
      { do: 'wait', until: 35_999 },
    ],
    [
      'however late that was',
      lease('preparing', { state_since: 1000 }),
      at(stuckAt + 999, { report: reportOf('preparing', false) }),
      { do: 'wait', until: stuckAt + 1000 },
    ],
    ['running has no such end', lease('running'), at(stuckAt), { do: 'wait', until: stuckAt + 20_000 }],
  ] as const)('%s', (_, facts, seen, action) => {
    expect(decide(facts, seen, null, policy)).toEqual(action);
  });
});

describe('while it stops', () => {
  const stopping = lease('stopping', { stop_reason: 'stopped_by_renter', stop_asked_at: 5000 });
  test.each([
    ['the agent is told', stopping, at(6000), { do: 'stop', reason: 'stopped_by_renter' }],
    [
      'and again while it reports a running container',
      stopping,
      at(6000, { report: reportOf('running', true) }),
      { do: 'stop', reason: 'stopped_by_renter' },
    ],
    [
      'but not once it stops',
      stopping,
      at(6000, { report: reportOf('stopping', true) }),
      { do: 'wait', until: 75_000 },
    ],
    ['without a link it waits', stopping, away(6000), { do: 'wait', until: 75_000 }],
    ['one ms before grace and timeout are over it still waits', stopping, away(74_999), { do: 'wait', until: 75_000 }],
    [
      'then it ends without the machine’s word',
      stopping,
      at(75_000),
      endOf('stopped_by_renter', 'The machine did not confirm the stop.'),
    ],
    [
      'an agent that does not know of it has nothing to stop',
      stopping,
      at(15_000, { report: null }),
      endOf('stopped_by_renter'),
    ],
    [
      'though not within the 15 s in which it may not have heard',
      stopping,
      at(14_999, { report: null }),
      { do: 'stop', reason: 'stopped_by_renter' },
    ],
    [
      'counted from the change of state',
      { ...stopping, state_since: 1000 },
      at(15_999, { report: null }),
      { do: 'stop', reason: 'stopped_by_renter' },
    ],
    [
      'without a note of why and when it counts from the change of state',
      lease('stopping', { state_since: 1000 }),
      at(71_000),
      endOf('internal', 'The machine did not confirm the stop.'),
    ],
    ['and not a ms sooner', lease('stopping', { state_since: 1000 }), away(70_999), { do: 'wait', until: 71_000 }],
    ['a wish is of no more interest', stopping, at(6000), { do: 'stop', reason: 'stopped_by_renter' }, 'expired'],
  ] as const)('%s', (_, facts, seen, action, wish: Wish = null) => {
    expect(decide(facts, seen, wish, policy)).toEqual(action);
  });
});

describe('the reason of an end', () => {
  const told = (change: Partial<LeaseReport>) => at(1, { report: { ...reportOf('ended', true), ...change } });
  const stopping = lease('stopping', { stop_reason: 'expired' });

  test('is what the machine says of its own container, with its exit code', () => {
    const seen = told({ end_reason: 'command_failed', end_detail: 'exit 3', exit_code: 3 });
    expect(decide(lease('running'), seen, null, policy)).toEqual(endOf('command_failed', 'exit 3', 3));
    expect(decide(stopping, seen, null, policy)).toEqual(endOf('command_failed', 'exit 3', 3));
  });

  test('is what it was stopped for where the machine says the same or nothing', () => {
    const same = told({ end_reason: 'expired', end_detail: 'as told' });
    expect(decide(stopping, same, null, policy)).toEqual(endOf('expired', 'as told', 0));
    expect(decide(stopping, told({ end_reason: null }), null, policy)).toEqual(endOf('expired', null, 0));
    expect(decide(lease('running'), told({ end_reason: null }), null, policy)).toEqual(endOf('internal', null, 0));
  });

  test.each([
    'stopped_by_renter',
    'budget_reached',
    'credit_exhausted',
    'suspended',
    'agent_unreachable',
    'machine_lost',
    'provider_drained',
  ] as const)('is not the machine’s to give when it is %s', (end_reason) => {
    const detail = `The machine gave the reason ${end_reason}, which is not its to give.`;
    const seen = told({ end_reason });
    expect(decide(lease('running'), seen, null, policy)).toEqual(endOf('provider_stopped', detail, 0));
    expect(decide(stopping, seen, null, policy)).toEqual(endOf('expired', detail, 0));
  });

  test('is the machine’s word before anybody’s wish', () => {
    expect(decide(lease('running'), told({}), 'stopped_by_renter', policy)).toEqual(endOf('completed', null, 0));
  });
});

describe('a wish', () => {
  test('stops what the agent was asked for, and ends what it was not', () => {
    expect(decide(lease('running'), at(1), 'expired', policy)).toEqual({ do: 'stopping', reason: 'expired' });
    expect(decide(lease('reserved'), at(1), 'expired', policy)).toEqual({ do: 'stopping', reason: 'expired' });
    expect(decide(fresh, at(1), 'expired', policy)).toEqual(endOf('expired'));
  });
});

describe('after its end', () => {
  const DAY_MS = 86_400_000;
  const ended = lease('ended', { ended_at: 1000 });
  test.each([
    [
      'nothing is left to do once the container is removed',
      { ...ended, removed: true },
      at(1),
      { do: 'wait', until: Infinity },
    ],
    ['what was never asked for has no container', { ...ended, asked: false }, at(1), { do: 'mark_removed' }],
    [
      'a container that lives on is stopped, with the reason that was given',
      { ...ended, stop_reason: 'expired' },
      at(1000, { report: reportOf('running', true) }),
      { do: 'stop', reason: 'expired' },
    ],
    [
      'or as one that came back from a loss',
      ended,
      at(1000, { report: reportOf('preparing', false) }),
      { do: 'stop', reason: 'machine_lost' },
    ],
    [
      'one that stops is given time',
      ended,
      at(1000, { report: reportOf('stopping', true) }),
      { do: 'wait', until: 6000 },
    ],
    ['it is kept for a day', ended, at(DAY_MS + 999), { do: 'wait', until: DAY_MS + 1000 }],
    [
      'also where the agent reports it as ended',
      ended,
      at(1000, { report: reportOf('ended', true) }),
      { do: 'wait', until: DAY_MS + 1000 },
    ],
    ['then the agent forgets it', ended, at(DAY_MS + 1000), { do: 'forget' }],
    ['a machine that is away is asked again later', ended, away(DAY_MS + 1000), { do: 'wait', until: DAY_MS + 61_000 }],
    ['one that is lost is not waited for', ended, away(DAY_MS + 1000, { machine_lost: true }), { do: 'mark_removed' }],
    [
      'the day counts from now where the end has no time',
      { ...ended, ended_at: null },
      at(5000),
      { do: 'wait', until: DAY_MS + 5000 },
    ],
  ] as const)('%s', (_, facts, seen, action) => {
    expect(decide(facts, seen, null, policy)).toEqual(action);
  });
});
