import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { LeaseState } from '@gpucoop/protocol/states.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';

/** What the controller knows of one lease at one instant. Times are milliseconds since the epoch. */
export type LeaseFacts = {
  state: LeaseState;
  state_since: number;
  /** The agent has taken the order (or may have). */
  asked: boolean;
  stop_reason: EndReason | null;
  stop_asked_at: number | null;
  stop_grace_s: number;
  ended_at: number | null;
  removed: boolean;
};

export type Observed = {
  now: number;
  link_up: boolean;
  /** When the machine was last heard, or since when this server listens, whichever is later. */
  heard_at: number;
  /** From a heartbeat on the present link. Undefined: no heartbeat yet. Null: a heartbeat that does not know the lease. */
  report: LeaseReport | null | undefined;
  machine_lost: boolean;
};

/** Why the network or the renter wants it stopped, if anybody does. */
export type Wish = EndReason | null;

export type Action =
  | { do: 'ask' }
  | { do: 'move'; to: 'preparing' | 'running' | 'unknown' }
  | { do: 'stopping'; reason: EndReason }
  | { do: 'stop'; reason: EndReason }
  | { do: 'end'; reason: EndReason; detail: string | null; exit_code: number | null }
  | { do: 'forget' }
  | { do: 'mark_removed' }
  | { do: 'wait'; until: number };

/** A heartbeat may have been on its way when the agent took the order: only after this long does its silence about a lease count. */
export const UNKNOWN_TO_AGENT_MS = 15_000;

/** The one next thing to do for a lease. Pure: it is called again after each action, until it says wait. */
export function decide(lease: LeaseFacts, seen: Observed, wish: Wish, policy: Policy): Action {
  if (lease.state === 'ended') return afterEnd(lease, seen, policy);
  const { report } = seen;
  // What was never asked for cannot have ended, whatever the machine says.
  if (report?.state === 'ended' && lease.asked)
    return { do: 'end', ...reasonFor(report, lease.stop_reason), exit_code: report.exit_code };
  if (lease.state === 'stopping') return whileStopping(lease, seen, policy);
  if (wish !== null) return lease.asked ? { do: 'stopping', reason: wish } : ended(wish);
  if (lease.state === 'reserved') return whileReserved(lease, seen, policy);
  return whileAlive(lease, seen, policy);
}

/** Reasons that the network alone decides. A machine may repeat the one it was stopped with, and no other. */
const OURS: ReadonlySet<EndReason> = new Set<EndReason>([
  'stopped_by_renter',
  'budget_reached',
  'credit_exhausted',
  'expired',
  'suspended',
  'agent_unreachable',
  'machine_lost',
  'provider_drained',
]);

function reasonFor(
  { end_reason: told, end_detail }: LeaseReport,
  asked: EndReason | null,
): { reason: EndReason; detail: string | null } {
  if (told === null) return { reason: asked ?? 'internal', detail: end_detail };
  if (told === asked || !OURS.has(told)) return { reason: told, detail: end_detail };
  return {
    reason: asked ?? 'provider_stopped',
    detail: `The machine gave the reason ${told}, which is not its to give.`,
  };
}

function whileReserved(lease: LeaseFacts, seen: Observed, policy: Policy): Action {
  if (seen.report && lease.asked) return { do: 'move', to: 'preparing' };
  const giveUpAt = lease.state_since + policy.timeouts.accept_ms;
  if (seen.now >= giveUpAt) return ended('agent_unreachable');
  return seen.link_up ? { do: 'ask' } : { do: 'wait', until: giveUpAt };
}

function whileAlive(lease: LeaseFacts, seen: Observed, policy: Policy): Action {
  const silentAt = seen.heard_at + policy.timeouts.silent_ms;
  const lostAt = seen.heard_at + policy.timeouts.lost_ms;
  if (seen.now >= lostAt) return ended('machine_lost');
  if (seen.now >= silentAt) {
    return lease.state === 'unknown' ? { do: 'wait', until: lostAt } : { do: 'move', to: 'unknown' };
  }
  const { report } = seen;
  if (report === null && seen.now - lease.state_since >= UNKNOWN_TO_AGENT_MS) {
    return ended('container_vanished', 'The agent no longer knows of the lease.');
  }
  if (report) {
    const is = report.ready ? 'running' : 'preparing';
    // A container that was ready stays ready: a report of the opposite is a lie or a delay.
    if (lease.state !== is && lease.state !== 'running') return { do: 'move', to: is };
  }
  const stuckAt = lease.state_since + longestPreparationMs(policy);
  if (lease.state === 'preparing' && seen.now >= stuckAt) return { do: 'stopping', reason: 'start_timeout' };
  return { do: 'wait', until: lease.state === 'preparing' ? Math.min(silentAt, stuckAt) : silentAt };
}

/** The agent has a timeout for each phase of its own; this one is for an agent that does not keep them. */
function longestPreparationMs(policy: Policy): number {
  const { pull_s, start_s, ready_s, accept_ms } = policy.timeouts;
  return (pull_s + start_s + ready_s) * 1000 + accept_ms;
}

function whileStopping(lease: LeaseFacts, seen: Observed, policy: Policy): Action {
  const reason = lease.stop_reason ?? 'internal';
  const giveUpAt = (lease.stop_asked_at ?? lease.state_since) + (lease.stop_grace_s + policy.timeouts.stop_s) * 1000;
  if (seen.now >= giveUpAt) return ended(reason, 'The machine did not confirm the stop.');
  if (seen.report === null && seen.now - lease.state_since >= UNKNOWN_TO_AGENT_MS) return ended(reason);
  return seen.link_up && seen.report?.state !== 'stopping' ? { do: 'stop', reason } : { do: 'wait', until: giveUpAt };
}

/** The container outlives the lease for a while, stopped and unbilled; then it goes, or is given up with a machine that is gone. */
function afterEnd(lease: LeaseFacts, seen: Observed, policy: Policy): Action {
  if (lease.removed) return { do: 'wait', until: Infinity };
  if (!lease.asked) return { do: 'mark_removed' };
  if (seen.report && seen.report.state !== 'ended') {
    return seen.report.state === 'stopping'
      ? { do: 'wait', until: seen.now + 5000 }
      : { do: 'stop', reason: lease.stop_reason ?? 'machine_lost' };
  }
  const removeAt = (lease.ended_at ?? seen.now) + policy.keep_stopped_s * 1000;
  if (seen.now < removeAt) return { do: 'wait', until: removeAt };
  if (seen.link_up) return { do: 'forget' };
  return seen.machine_lost ? { do: 'mark_removed' } : { do: 'wait', until: seen.now + 60_000 };
}

function ended(reason: EndReason, detail: string | null = null): Action {
  return { do: 'end', reason, detail, exit_code: null };
}
