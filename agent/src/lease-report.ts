import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { Statement } from '@gpucoop/protocol/evidence.ts';
import type { LeaseRecord } from './lease-record.ts';

export type LeaseProgress = Pick<LeaseReport, 'phase' | 'pulled_bytes' | 'total_bytes'>;

/** What the server is told of a lease. `line` is the newest signed one, where it is ready and has not ended. */
export function leaseReport(
  { order, container_id, stop, end, ready }: LeaseRecord,
  progress: LeaseProgress,
  line: Statement<'meter'> | null,
  diskUsedMib: number | null,
): LeaseReport {
  const state = end !== null ? 'ended' : stop !== null ? 'stopping' : ready !== null ? 'running' : 'preparing';
  return {
    lease_id: order.lease_id,
    state,
    ...progress,
    phase: state === 'preparing' || state === 'running' ? progress.phase : null,
    container_id,
    ready: ready !== null,
    served_ms: end?.served_ms ?? line?.body.served_ms ?? 0,
    exit_code: end?.exit_code ?? null,
    end_reason: end?.reason ?? null,
    end_detail: end?.detail ?? null,
    disk_used_mib: diskUsedMib,
    meter: end === null ? line : end.meter,
  };
}
