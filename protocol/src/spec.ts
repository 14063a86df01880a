import { z } from 'zod';

/**
 * What to run, normalised: every size in MiB, every duration in seconds, every default filled in. The YAML that people write
 * (dstack's shape) becomes this in `spec-file.ts`; this is what is hashed, quoted and kept. It never holds a secret's value.
 */

const MIB_MAX = 2 ** 40;
const Range = (unit: string) =>
  z
    .object({ min: z.number().int().nonnegative(), max: z.number().int().nonnegative().nullable() })
    .refine((range) => range.max === null || range.min <= range.max, 'min must not be above max')
    .describe(`${unit}; max null means no upper limit`);
export type Range = { min: number; max: number | null };

export const GpuRequest = z
  .object({
    vendor: z.enum(['nvidia', 'amd', 'intel']).nullable(),
    classes: z.array(z.string()).max(32).describe('Canonical classes; empty means any'),
    memory_mib: Range('MiB per device'),
    count: Range('Devices'),
  })
  .meta({ id: 'GpuRequest' });
export type GpuRequest = z.infer<typeof GpuRequest>;

export const Resources = z
  .object({
    gpu: GpuRequest.nullable().describe('null: a machine of class cpu serves it'),
    cpus: Range('CPUs'),
    memory_mib: Range('MiB'),
    disk_mib: Range('MiB'),
    shm_mib: z.number().int().min(0).max(MIB_MAX).nullable(),
    architecture: z.enum(['amd64', 'arm64']).nullable(),
  })
  .meta({ id: 'Resources' });
export type Resources = z.infer<typeof Resources>;

export const isolationLevels = ['none', 'container', 'sandbox'] as const;
export const Isolation = z
  .enum(isolationLevels)
  .describe('none: a plain process; container: runc with our rules; sandbox: gVisor');
export type Isolation = z.infer<typeof Isolation>;

export const retryEvents = ['no-capacity', 'interruption', 'error'] as const;

/** When a lease counts as ready, which is when billing starts. */
export const ReadinessProbe = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('started') }),
    z.object({ kind: z.literal('tcp'), port: z.number().int().min(1).max(65535) }),
    z.object({ kind: z.literal('http'), port: z.number().int().min(1).max(65535), path: z.string().max(1024) }),
  ])
  .meta({ id: 'ReadinessProbe' });
export type ReadinessProbe = z.infer<typeof ReadinessProbe>;

export const Spec = z
  .object({
    type: z.enum(['task', 'dev-environment']),
    name: z.string().max(63).nullable(),
    image: z.string().max(512).nullable().describe("null: the machine's own base image"),
    entrypoint: z.array(z.string()).max(64).nullable().describe("null: the image's own"),
    command: z.array(z.string().max(65536)).max(256).nullable().describe("null: the image's own"),
    env: z.record(z.string(), z.string().max(65536)).describe('Plain values'),
    secret_names: z
      .array(z.string())
      .max(128)
      .describe('Variables whose values travel beside the order, encrypted at rest'),
    registry_auth: z.boolean().describe('The order brings registry credentials'),
    working_dir: z.string().max(1024).nullable(),
    user: z.string().max(64).nullable(),
    ports: z.array(z.number().int().min(1).max(65535)).max(32),
    resources: Resources,
    readiness: ReadinessProbe,
    max_price_micros_per_hour: z.number().int().nonnegative().nullable(),
    budget_micros: z.number().int().positive().nullable(),
    max_duration_s: z
      .number()
      .int()
      .min(1)
      .max(365 * 86_400),
    retry: z.object({ on_events: z.array(z.enum(retryEvents)), duration_s: z.number().int().positive() }).nullable(),
    utilization_policy: z
      .object({ min_gpu_utilization: z.number().int().min(0).max(100), time_window_s: z.number().int().min(60) })
      .nullable(),
    stop_grace_s: z.number().int().min(0).max(600),
    where: z.string().max(2000).nullable().describe('An expression over offers'),
    isolation: Isolation.nullable().describe(
      'The weakest isolation that will do; null: container, or none on a local network',
    ),
    regions: z.array(z.string()).max(64).nullable(),
  })
  .meta({ id: 'Spec' });
export type Spec = z.infer<typeof Spec>;

/** What a spec is when it says nothing else. */
export const specDefaults = {
  type: 'task',
  name: null,
  image: null,
  entrypoint: null,
  command: null,
  env: {},
  secret_names: [],
  registry_auth: false,
  working_dir: null,
  user: null,
  ports: [],
  resources: {
    gpu: null,
    cpus: { min: 1, max: null },
    memory_mib: { min: 512, max: null },
    disk_mib: { min: 1024, max: null },
    shm_mib: null,
    architecture: null,
  },
  readiness: { kind: 'started' },
  max_price_micros_per_hour: null,
  budget_micros: null,
  max_duration_s: 86_400,
  retry: null,
  utilization_policy: null,
  stop_grace_s: 10,
  where: null,
  isolation: null,
  regions: null,
} as const satisfies Spec;
