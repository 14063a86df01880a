import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaseTransitions, mayMove, type LeaseState } from '@gpucoop/protocol/states.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { decide, type Action, type LeaseFacts, type Observed, type Wish } from './decide.ts';
import { fresh, reportOf } from '../../../test/support/sample-lease.ts';

const policy = localPolicy;
type World = { lease: LeaseFacts; ended: string[] };

/** Applies an action as the controller does, and checks the move against the table of states. */
function apply(world: World, action: Action, now: number): void {
  const { lease } = world;
  const goTo = (to: LeaseState): void => {
    expect(mayMove(leaseTransitions, lease.state, to), `${lease.state} → ${to}`).toBe(true);
    if (lease.state !== to) lease.state_since = now;
    lease.state = to;
  };
  switch (action.do) {
    case 'ask':
      lease.asked = true;
      goTo('preparing');
      break;
    case 'move':
      lease.asked = true;
      goTo(action.to);
      break;
    case 'stopping':
      goTo('stopping');
      lease.stop_reason = action.reason;
      lease.stop_asked_at = now;
      break;
    case 'end':
      goTo('ended');
      lease.ended_at = now;
      world.ended.push(action.reason);
      break;
    case 'forget':
    case 'mark_removed':
      lease.removed = true;
      break;
    default:
  }
}

/** One turn: decides and acts until it waits or calls the agent. */
function turn(world: World, seen: Observed, wish: Wish): void {
  for (let step = 0; step < 12; step++) {
    const action = decide(world.lease, seen, wish, policy);
    if (action.do === 'wait') {
      expect(action.until).toBeGreaterThan(seen.now);
      return;
    }
    apply(world, action, seen.now);
    if (action.do === 'stop') return;
  }
  throw new Error('the controller spins');
}

const observations = fc.array(
  fc.record({
    after_ms: fc.integer({ min: 1, max: 700_000 }),
    heard: fc.boolean(),
    link_up: fc.boolean(),
    report: fc.constantFrom(
      undefined,
      null,
      reportOf('preparing', false),
      reportOf('running', true),
      reportOf('stopping', true),
      reportOf('ended', true),
    ),
    wish: fc.constantFrom<Wish>(null, null, null, 'stopped_by_renter', 'budget_reached'),
  }),
  { maxLength: 25 },
);

describe('a lease under any story', () => {
  test('moves only along the table, ends at most once, and when silence follows it ends and is removed', () => {
    fc.assert(
      fc.property(observations, (story) => {
        const world: World = { lease: { ...fresh }, ended: [] };
        let now = 0;
        let heardAt = 0;
        for (const { after_ms, heard, link_up, report, wish } of story) {
          now += after_ms;
          if (heard) heardAt = now;
          turn(
            world,
            { now, link_up, heard_at: heardAt, report: heard ? report : undefined, machine_lost: false },
            wish,
          );
        }
        for (let step = 0; step < 200 && !world.lease.removed; step++) {
          now += 60_000;
          const lost = now - heardAt > policy.timeouts.lost_ms;
          turn(world, { now, link_up: false, heard_at: heardAt, report: undefined, machine_lost: lost }, null);
          if (world.lease.state === 'ended') now += policy.keep_stopped_s * 1000;
        }
        expect(world.lease).toMatchObject({ state: 'ended', removed: true });
        expect(world.ended).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
  });
});
