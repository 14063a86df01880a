import { toMoney } from '@gpucoop/protocol/money.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Lease, Run } from '@gpucoop/protocol/resources.ts';
import type { Isolation } from '@gpucoop/protocol/spec.ts';
import { billedSoFarMs, wholeSeconds } from './meter.ts';
import type { Meters } from './meters.ts';
import { meterOf, specOf, type LeaseRow, type RunRow } from './store.ts';
import { grossOf } from './transitions.ts';

/** A run as the API shows it. Costs of live leases are of this instant: held, not charged yet. */
export function viewRun(run: RunRow, leases: LeaseRow[], meters: Meters): Run {
  const shown = leases.map((lease) => viewLease(lease, meters));
  return {
    id: run.id,
    name: run.name,
    spec: specOf(run),
    state: run.state,
    attempt: Math.max(1, run.attempt),
    budget: toMoney(run.budget_micros),
    cost: toMoney(shown.reduce((sum, lease) => sum + BigInt(lease.cost.micros), 0n)),
    max_price_per_hour: toMoney(run.max_price_micros_per_hour),
    expires_at: run.expires_at.toISOString(),
    end_reason: run.end_reason as EndReason | null,
    end_detail: run.end_detail,
    exit_code: run.exit_code,
    created_at: run.created_at.toISOString(),
    ended_at: run.ended_at?.toISOString() ?? null,
    leases: shown,
  };
}

export function viewLease(row: LeaseRow, meters: Meters): Lease {
  const billedMs = billedMsOf(row, meters);
  return {
    id: row.id,
    run_id: row.run_id,
    offer_id: row.offer_id,
    machine_id: row.machine_id,
    class: row.class,
    units: row.units,
    cpus: row.cpus,
    memory_mib: Number(row.memory_mib),
    disk_mib: Number(row.disk_mib),
    devices: row.device_uuids,
    isolation: row.isolation as Isolation,
    region: row.region,
    state: row.state,
    phase: row.phase as Lease['phase'],
    pulled_bytes: row.pulled_bytes === null ? null : Number(row.pulled_bytes),
    total_bytes: row.total_bytes === null ? null : Number(row.total_bytes),
    price_per_hour: toMoney(row.price_micros_per_hour),
    billed_s: Number(wholeSeconds(billedMs)),
    unbilled_s: Number(wholeSeconds(Number(row.unbilled_ms))),
    cost: toMoney(row.state === 'ended' ? row.settled_micros : grossOf(row, billedMs)),
    held: toMoney(row.held_micros),
    end_reason: row.end_reason as EndReason | null,
    end_detail: row.end_detail,
    exit_code: row.exit_code,
    created_at: row.created_at.toISOString(),
    ready_at: row.ready_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
    removed_at: row.removed_at?.toISOString() ?? null,
  };
}

/** From the live meter where this server has it, else from the row. */
export function billedMsOf(row: LeaseRow, meters: Meters): number {
  if (row.state === 'ended') return Number(row.billed_ms);
  const meter = meters.of(row.id) ?? meterOf(row);
  return meter === undefined ? 0 : billedSoFarMs(meter);
}
