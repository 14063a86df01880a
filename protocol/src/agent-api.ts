import { z } from 'zod';
import { DeviceInfo, MachineTerms } from './resources.ts';
import { endReasonCodes } from './reasons.ts';
import { Isolation, ReadinessProbe } from './spec.ts';
import { CONTAINER_ID_MAX, Statement } from './evidence.ts';

/**
 * What server and agent say to each other inside the link. The agent dials out (`GET /v1/link`, a WebSocket), HTTP/2 runs inside
 * it, and the *agent* is the HTTP/2 server:
 *
 *   GET    /v1/events?after=SEQ      NDJSON of AgentEvent, never ending; the server opens one. Header x-coop-heartbeat-ms: how often
 *   POST   /v1/events/ack            {seq, heartbeat_seq}: the agent forgets what it buffered up to it
 *   PUT    /v1/leases/:id            LeaseOrder; idempotent; starts preparing; answers LeaseReport
 *   GET    /v1/leases                LeaseReport[]
 *   POST   /v1/leases/:id/stop       StopRequest; idempotent; answers LeaseReport
 *   DELETE /v1/leases/:id            removes container and files of an ended lease; idempotent
 *   GET    /v1/leases/:id/logs       ?after=SEQ&follow=1&tail=N  NDJSON of LogLine
 *   POST   /v1/leases/:id/exec       header x-coop-exec: execHeader(ExecRequest); bodies are frames (frames.ts) both ways
 *   GET    /v1/leases/:id/files      ?path=P  tar of a path in the container
 *   PUT    /v1/leases/:id/files      ?path=P  tar, unpacked into a directory of the container
 *   GET    /v1/leases/:id/stats      LeaseStats
 *   POST   /v1/leases/:id/connect    ?port=N  raw TCP both ways
 *   PUT    /v1/terms                 MachineTerms, kept by the agent for quiet hours and idleness
 *   POST   /v1/doctor                DoctorCheck[]
 *   POST   /v1/remove                the machine was removed: end all, forget the key, uninstall the service
 *
 * Errors are Problem bodies.
 */

export const LeaseOrder = z.object({
  lease_id: z.string(),
  run_id: z.string(),
  image: z.string().nullable(),
  registry_auth: z.object({ username: z.string(), password: z.string() }).nullable(),
  entrypoint: z.array(z.string()).nullable(),
  command: z.array(z.string()).nullable(),
  env: z.record(z.string(), z.string()),
  working_dir: z.string().nullable(),
  user: z.string().nullable(),
  devices: z.array(z.string()).describe('UUIDs; empty of class cpu'),
  cpus: z.number().positive(),
  memory_mib: z.number().int().positive(),
  disk_mib: z.number().int().positive(),
  shm_mib: z.number().int().nullable(),
  ports: z.array(z.number().int()),
  isolation: Isolation,
  interactive: z.boolean().describe('Keep standing without a command of its own (dev-environment)'),
  readiness: ReadinessProbe,
  utilization_policy: z.object({ min_gpu_utilization: z.number().int(), time_window_s: z.number().int() }).nullable(),
  stop_grace_s: z.number().int(),
  pull_timeout_s: z.number().int(),
  start_timeout_s: z.number().int(),
  ready_timeout_s: z.number().int(),
  billed_from_s: z
    .number()
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Seconds after its start from which it is billed though the probe has not passed; null: not before it passes',
    ),
});
export type LeaseOrder = z.infer<typeof LeaseOrder>;

export const StopRequest = z.object({ reason: z.enum(endReasonCodes), grace_s: z.number().int().min(0).max(600) });
export type StopRequest = z.infer<typeof StopRequest>;

export const leasePhases = ['pulling', 'creating', 'starting', 'probing'] as const;

// What an agent says is stored and shown to others: each value has a bound, and a report beyond it closes the link.
const Int32 = z
  .number()
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1);

export const LeaseReport = z.object({
  lease_id: z.string().max(64),
  state: z.enum(['preparing', 'running', 'stopping', 'ended']),
  phase: z.enum(leasePhases).nullable(),
  pulled_bytes: z.number().int().nonnegative().nullable(),
  total_bytes: z.number().int().nonnegative().nullable(),
  container_id: z.string().max(CONTAINER_ID_MAX).nullable(),
  ready: z.boolean(),
  served_ms: z.number().int().nonnegative().describe('Monotonic, since it is billed; stands still once ended'),
  exit_code: Int32.nullable(),
  end_reason: z.enum(endReasonCodes).nullable(),
  end_detail: z.string().nullable(),
  disk_used_mib: z.number().int().nullable(),
  meter: Statement.nullable().describe('The newest signed meter line'),
});
export type LeaseReport = z.infer<typeof LeaseReport>;

export const EngineInfo = z.object({
  name: z.enum(['docker', 'podman', 'process']),
  version: z.string().max(100),
  isolation: Isolation,
  gpu: z.enum(['cdi', 'nvidia-runtime', 'simulated', 'process', 'none']).describe('How devices are handed over'),
  network: z
    .enum(['internet', 'none'])
    .describe('internet: workloads reach it and nothing private; none: no network, rules could not be set'),
  disk_limit: z.enum(['enforced', 'watched']),
  live_restore: z.boolean(),
  base_image: z.string().max(1024).nullable().describe('What a spec without an image runs in'),
  cached_images: z.array(z.string().max(1024)).max(4096),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

export const MachineFacts = z.object({
  agent_version: z.string().max(100),
  hostname: z.string().max(255),
  os: z.string().max(255),
  architecture: z.enum(['amd64', 'arm64']),
  cpu_model: z.string().max(255),
  // The largest machines of today with room to spare: each CPU or device becomes a row that can be rented.
  cpus: z.number().int().positive().max(4096),
  memory_mib: z
    .number()
    .int()
    .positive()
    .max(2 ** 30),
  disk_total_mib: z
    .number()
    .int()
    .nonnegative()
    .max(2 ** 40),
  disk_free_mib: z
    .number()
    .int()
    .nonnegative()
    .max(2 ** 40),
  time_zone: z.string().max(64),
  devices: z.array(DeviceInfo).max(64).describe('GPUs; empty: the machine offers class cpu'),
  engine: EngineInfo,
});
export type MachineFacts = z.infer<typeof MachineFacts>;

/** All the server needs to know, every few seconds: level-triggered, so that a lost event loses nothing. */
export const Heartbeat = z.object({
  type: z.literal('heartbeat'),
  seq: z.number().int().nonnegative(),
  boot_id: z.string().describe('Of the machine, so that a monotonic clock is never compared across a reboot'),
  monotonic_ms: z.number().int().nonnegative(),
  facts: MachineFacts.nullable().describe('When they changed, and first after connecting'),
  cpu_owner_busy: z.boolean(),
  leases: z.array(LeaseReport).max(1024),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** Buffered by the agent until acknowledged. */
export const MeterEvent = z.object({
  type: z.literal('meter'),
  seq: z.number().int().positive(),
  statement: Statement,
});
export type MeterEvent = z.infer<typeof MeterEvent>;

export const AgentEvent = z.discriminatedUnion('type', [Heartbeat, MeterEvent]);
export type AgentEvent = z.infer<typeof AgentEvent>;

export const EventAck = z.object({
  seq: z.number().int().nonnegative().describe('Meter events up to this one are kept as evidence'),
  heartbeat_seq: z.number().int().nonnegative(),
});
export type EventAck = z.infer<typeof EventAck>;

export const ExecRequest = z.object({
  command: z.array(z.string()).min(1),
  tty: z.boolean(),
  columns: z.number().int().min(1).max(1000).nullable(),
  rows: z.number().int().min(1).max(1000).nullable(),
  env: z.record(z.string(), z.string()),
  user: z.string().nullable(),
});
export type ExecRequest = z.infer<typeof ExecRequest>;

/** ExecRequest as the value of x-coop-exec: headers hold ASCII only, so anything else is escaped. At most about 100 KB. */
export function execHeader(request: ExecRequest): string {
  return JSON.stringify(request).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export const LeaseStats = z.object({
  cpu_percent: z.number(),
  memory_used_mib: z.number(),
  memory_limit_mib: z.number(),
  disk_used_mib: z.number().nullable(),
  pids: z.number(),
  received_bytes: z.number().nullable(),
  sent_bytes: z.number().nullable(),
});
export type LeaseStats = z.infer<typeof LeaseStats>;

/** POST /v1/enrol, plain HTTPS before any link. The token is used up by the first success. */
export const EnrolRequest = z.object({
  token: z.string(),
  public_key: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(63),
  facts: MachineFacts,
  signature: z.string().describe('ed25519 by the new key over enrolMessage'),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolResponse = z.object({
  machine_id: z.string(),
  server_name: z.string().describe('What the signature over linkMessage is bound to'),
  terms: MachineTerms,
});
export type EnrolResponse = z.infer<typeof EnrolResponse>;

/** Headers of the link's upgrade request: x-coop-machine, x-coop-nonce (from POST /v1/link/challenge), x-coop-signature. */
export const LinkChallenge = z.object({ nonce: z.string(), expires_at: z.iso.datetime() });
export type LinkChallenge = z.infer<typeof LinkChallenge>;

/**
 * Why a link ended, as the code of the WebSocket's close frame. Only `removed` means: do not come back. After `flood` or `invalid`
 * the server refuses the machine for a while (429, Retry-After).
 */
export const linkCloseCodes = {
  closed: 1000,
  server_stopping: 1012,
  server_error: 1011,
  replaced: 4000,
  silent: 4001,
  flood: 4002,
  invalid: 4003,
  removed: 4010,
} as const satisfies Record<string, number>;
export type LinkEndCode = keyof typeof linkCloseCodes;
