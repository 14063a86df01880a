import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { LeaseFacts } from '@gpucoop/server/runs/decide.ts';

/** For tests: a lease that was reserved just now, and what an agent may tell of it. */
export const fresh: LeaseFacts = {
  state: 'reserved',
  state_since: 0,
  asked: false,
  stop_reason: null,
  stop_asked_at: null,
  stop_grace_s: 10,
  ended_at: null,
  removed: false,
};

export const reportOf = (state: LeaseReport['state'], ready: boolean): LeaseReport => ({
  lease_id: 'lse_1',
  state,
  phase: null,
  pulled_bytes: null,
  total_bytes: null,
  container_id: 'c1',
  ready,
  served_ms: 0,
  exit_code: state === 'ended' ? 0 : null,
  end_reason: state === 'ended' ? 'completed' : null,
  end_detail: null,
  disk_used_mib: null,
  meter: null,
});
