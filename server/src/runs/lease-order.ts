import type { LeaseOrder } from '@gpucoop/protocol/agent-api.ts';
import type { Isolation } from '@gpucoop/protocol/spec.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { openSecrets } from './secrets.ts';
import { specOf, type LeaseRow, type RunRow } from './store.ts';

type OrderContext = { policy: Policy; secretsKey: Uint8Array; billedFromS: number | null };

/** What the agent is asked to run: the spec on this slice, with the secrets that travelled beside the order. */
export function leaseOrder(
  lease: LeaseRow,
  run: RunRow,
  { policy, secretsKey, billedFromS }: OrderContext,
): LeaseOrder {
  const spec = specOf(run);
  const secrets = openSecrets(run.secrets, run.id, secretsKey);
  return {
    lease_id: lease.id,
    run_id: run.id,
    image: spec.image,
    registry_auth: secrets.registry_auth,
    entrypoint: spec.entrypoint,
    command: spec.command,
    env: { ...spec.env, ...secrets.values, COOP_RUN_ID: run.id, COOP_LEASE_ID: lease.id },
    working_dir: spec.working_dir,
    user: spec.user,
    devices: lease.device_uuids,
    cpus: lease.cpus,
    memory_mib: Number(lease.memory_mib),
    disk_mib: Number(lease.disk_mib),
    shm_mib: spec.resources.shm_mib,
    ports: spec.ports,
    isolation: lease.isolation as Isolation,
    interactive: spec.type === 'dev-environment' && spec.command === null,
    readiness: spec.readiness,
    utilization_policy: spec.utilization_policy,
    stop_grace_s: spec.stop_grace_s,
    pull_timeout_s: policy.timeouts.pull_s,
    start_timeout_s: policy.timeouts.start_s,
    ready_timeout_s: policy.timeouts.ready_s,
    billed_from_s: billedFromS,
  };
}
