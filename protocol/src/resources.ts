import { z } from 'zod';
import { Money } from './money.ts';
import { endReasonCodes, noMatchCodes } from './reasons.ts';
import { Isolation, Spec } from './spec.ts';
import { leaseStates, machineListings, machinePresences, runStates } from './states.ts';

/** The things of the HTTP API, as they travel. Times are RFC 3339 in UTC, sizes carry their unit, ids are opaque. */

const Time = z.iso.datetime();

export const Offer = z
  .object({
    id: z.string(),
    machine_id: z.string(),
    class: z.string(),
    vendor: z.string(),
    architecture: z.enum(['amd64', 'arm64']),
    units_total: z.number().int().describe('A unit is one device with its share of the machine; of class cpu, one CPU'),
    units_free: z.number().int(),
    min_units: z.number().int(),
    max_units: z.number().int(),
    unit_cpus: z.number().describe('CPUs per unit'),
    unit_memory_mib: z.number().int(),
    disk_free_mib: z.number().int().describe('Of the machine, shared by its units'),
    device_memory_mib: z.number().int().describe('Memory of one device; 0 of class cpu'),
    price_per_unit_hour: Money,
    min_duration_s: z.number().int(),
    max_duration_s: z.number().int(),
    isolation: Isolation,
    disk_limit: z.enum(['enforced', 'watched']),
    network: z.enum(['internet', 'none']),
    region: z.string(),
    driver: z.string().nullable(),
    cpu_model: z.string(),
    engine: z.string(),
    reliability_ppm: z
      .number()
      .int()
      .describe('Share of leased seconds not lost by the provider, in millionths; new machines start at 600000'),
    verified: z.boolean().describe('False until checkers have proven the device'),
    presence: z.enum(machinePresences),
    availability: z.enum(['free', 'rented', 'owner_busy', 'quiet_hours', 'offline', 'paused']),
    available_from: Time.nullable(),
    last_seen_at: Time.nullable(),
    cached_images: z.array(z.string()),
  })
  .meta({ id: 'Offer' });
export type Offer = z.infer<typeof Offer>;

export const PriceLine = z
  .object({ what: z.string(), per_hour: Money, note: z.string().nullable() })
  .meta({ id: 'PriceLine' });
export type PriceLine = z.infer<typeof PriceLine>;

export const ReferencePrice = z
  .object({ cloud: z.string(), product: z.string(), per_hour: Money, as_of: z.string(), source: z.string() })
  .meta({ id: 'ReferencePrice' });
export type ReferencePrice = z.infer<typeof ReferencePrice>;

export const QuotedOffer = z
  .object({
    offer: Offer,
    units: z.number().int(),
    cpus: z.number(),
    memory_mib: z.number().int(),
    disk_mib: z.number().int(),
    lines: z.array(PriceLine),
    per_hour: Money,
    reference: ReferencePrice.nullable(),
  })
  .meta({ id: 'QuotedOffer' });
export type QuotedOffer = z.infer<typeof QuotedOffer>;

/** Why offers did not match: how many failed on what, and what relaxing each single condition would bring. */
export const Explanation = z
  .object({
    offers: z.number().int(),
    matching: z.number().int(),
    failed: z.array(z.object({ reason: z.enum(noMatchCodes), offers: z.number().int() })),
    relaxing: z.array(
      z.object({
        reason: z.enum(noMatchCodes),
        offers: z.number().int().describe('How many offers would match without this one condition'),
        example: z.string().describe('The nearest value that would match, for a person'),
      }),
    ),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.infer<typeof Explanation>;

export const Quote = z
  .object({
    id: z.string(),
    spec: Spec,
    spec_hash: z.string(),
    policy_hash: z.string(),
    options: z.array(QuotedOffer).describe('Cheapest first; an order takes the first that is still free'),
    explanation: Explanation.nullable().describe('null where something matches and nobody asked to have it explained'),
    hold: Money.describe('What will be held of the credit at the start'),
    budget: Money.describe('The most the whole run can cost'),
    balance: Money.describe('Credit available now'),
    created_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'Quote' });
export type Quote = z.infer<typeof Quote>;

export const Lease = z
  .object({
    id: z.string(),
    run_id: z.string(),
    offer_id: z.string(),
    machine_id: z.string(),
    class: z.string(),
    units: z.number().int(),
    cpus: z.number(),
    memory_mib: z.number().int(),
    disk_mib: z.number().int(),
    devices: z.array(z.string()),
    isolation: Isolation,
    region: z.string(),
    state: z.enum(leaseStates),
    phase: z.enum(['pulling', 'creating', 'starting', 'probing']).nullable(),
    pulled_bytes: z.number().int().nullable(),
    total_bytes: z.number().int().nullable(),
    price_per_hour: Money,
    billed_s: z.number().int(),
    unbilled_s: z.number().int().describe('Seconds after ready that are not paid: the machine was silent too long'),
    cost: Money.describe('So far, held or charged'),
    held: Money,
    end_reason: z.enum(endReasonCodes).nullable(),
    end_detail: z.string().nullable(),
    exit_code: z.number().int().nullable(),
    created_at: Time,
    ready_at: Time.nullable(),
    ended_at: Time.nullable(),
    removed_at: Time.nullable().describe('When the stopped container and its files were removed'),
  })
  .meta({ id: 'Lease' });
export type Lease = z.infer<typeof Lease>;

export const Run = z
  .object({
    id: z.string(),
    name: z.string(),
    spec: Spec,
    state: z.enum(runStates),
    attempt: z.number().int().describe('1 for the first lease'),
    budget: Money,
    cost: Money,
    max_price_per_hour: Money,
    expires_at: Time,
    end_reason: z.enum(endReasonCodes).nullable(),
    end_detail: z.string().nullable(),
    exit_code: z.number().int().nullable(),
    created_at: Time,
    ended_at: Time.nullable(),
    leases: z.array(Lease).describe('Oldest first'),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

export const eventTypes = [
  'run.queued',
  'run.demand',
  'run.extended',
  'run.warning',
  'run.retrying',
  'run.ended',
  'lease.reserved',
  'lease.progress',
  'lease.ready',
  'lease.unknown',
  'lease.recovered',
  'lease.unbilled',
  'lease.stopping',
  'lease.ended',
  'lease.settled',
] as const;

export const RunEvent = z
  .object({
    id: z.number().int().describe('Rising; resume after it with Last-Event-ID'),
    run_id: z.string(),
    lease_id: z.string().nullable(),
    type: z.enum(eventTypes),
    at: Time,
    message: z.string().describe('For a person'),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RunEvent' });
export type RunEvent = z.infer<typeof RunEvent>;
export type EventType = (typeof eventTypes)[number];

export const LogLine = z
  .object({
    seq: z.number().int(),
    at: Time,
    stream: z.enum(['stdout', 'stderr']),
    text: z.string().describe('UTF-8 as it came, line end included; not always a whole line'),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof LogLine>;

export const DeviceInfo = z
  .object({
    uuid: z.string().min(1).max(128),
    class: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{0,126}$/)
      .refine((slug) => slug !== 'cpu', 'cpu is the class of a machine without devices'),
    name: z.string().max(255).describe('As the driver says: a claim, not evidence'),
    vendor: z.enum(['nvidia', 'amd', 'intel', 'cpu']),
    memory_mib: z
      .number()
      .int()
      .min(0)
      .max(2 ** 24),
    index: z.number().int().min(0).max(4096),
    pci_address: z.string().max(64).nullable(),
    driver: z.string().max(100).nullable(),
    power_limit_w: z.number().int().nullable(),
    mig: z.boolean(),
    owner_busy: z.boolean().describe("The owner's own process runs on it"),
    owner_process: z.string().max(1024).nullable(),
    utilization_percent: z.number().int().nullable(),
    memory_used_mib: z.number().int().nullable(),
  })
  .meta({ id: 'DeviceInfo' });
export type DeviceInfo = z.infer<typeof DeviceInfo>;

/** What the provider asks and allows. Prices are for one unit, by class. */
export const MachineTerms = z
  .object({
    // A million dollars an hour: thousands of units at that price are still exact as JSON numbers.
    price_micros_per_unit_hour: z.record(
      z.string(),
      z
        .number()
        .int()
        .nonnegative()
        .max(10 ** 12),
    ),
    min_units: z.number().int().min(1),
    max_units: z.number().int().min(1).nullable(),
    min_duration_s: z.number().int().min(1),
    max_duration_s: z.number().int().min(1),
    quiet_hours: z
      .array(z.object({ from: z.string().regex(/^\d\d:\d\d$/), to: z.string().regex(/^\d\d:\d\d$/) }))
      .max(8)
      .describe("Daily, in the machine's time zone; not offered then"),
    time_zone: z.string(),
    only_when_idle: z.boolean(),
    reserve_cpus: z.number().int().min(0).describe('Kept for the owner'),
    reserve_memory_mib: z.number().int().min(0),
    disk_mib: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe('At most this much of the disk is rented; null: nine tenths of what is free'),
    region: z.string().max(64),
  })
  .meta({ id: 'MachineTerms' });
export type MachineTerms = z.infer<typeof MachineTerms>;

export const DoctorCheck = z
  .object({
    name: z.string(),
    status: z.enum(['ok', 'warning', 'failed']),
    found: z.string(),
    hint: z.string().nullable(),
  })
  .meta({ id: 'DoctorCheck' });
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const Machine = z
  .object({
    id: z.string(),
    name: z.string(),
    listing: z.enum(machineListings),
    presence: z.enum(machinePresences),
    suspended: z.boolean(),
    last_seen_at: Time.nullable(),
    agent_version: z.string().nullable(),
    hostname: z.string(),
    architecture: z.enum(['amd64', 'arm64']),
    cpu_model: z.string(),
    cpus: z.number().int(),
    memory_mib: z.number().int(),
    disk_mib: z.number().int(),
    engine: z.string(),
    isolation: Isolation,
    network: z.enum(['internet', 'none']),
    disk_limit: z.enum(['enforced', 'watched']),
    devices: z.array(DeviceInfo),
    terms: MachineTerms,
    offers: z.array(Offer),
    leases: z.array(
      z.object({ id: z.string(), state: z.enum(leaseStates), class: z.string(), units: z.number().int() }),
    ),
    doctor: z.array(DoctorCheck),
    earned: Money.describe('After the fee, all time'),
    created_at: Time,
  })
  .meta({ id: 'Machine' });
export type Machine = z.infer<typeof Machine>;

export const Balance = z
  .object({
    available: Money.describe('Can be spent or withdrawn'),
    held: Money.describe('For the running hour of your leases'),
    earned: Money.describe('Earnings as provider, after fees'),
    spent: Money.describe('All time'),
  })
  .meta({ id: 'Balance' });
export type Balance = z.infer<typeof Balance>;

export const LedgerLine = z
  .object({
    id: z.string(),
    at: Time,
    kind: z.enum(['transfer', 'hold', 'post', 'release']),
    amount: Money.describe(
      'Seen from your account: negative leaves it. A hold and its release change only what is available',
    ),
    what: z.string().describe('What it was for'),
    run_id: z.string().nullable(),
    lease_id: z.string().nullable(),
    balance: Money.describe('Posted balance after this line'),
    account: z.enum(['spending', 'earnings']),
  })
  .meta({ id: 'LedgerLine' });
export type LedgerLine = z.infer<typeof LedgerLine>;

export const Earnings = z
  .object({
    machine_id: z.string(),
    leases: z.array(
      z.object({
        lease_id: z.string(),
        class: z.string(),
        units: z.number().int(),
        billed_s: z.number().int(),
        unbilled_s: z.number().int(),
        gross: Money,
        fee: Money,
        net: Money,
        ended_at: Time.nullable(),
        note: z.string().nullable().describe('Why seconds are unpaid, where they are'),
      }),
    ),
    total: Money,
  })
  .meta({ id: 'Earnings' });
export type Earnings = z.infer<typeof Earnings>;

export const Demand = z
  .object({
    class: z.string(),
    runs: z.number().int().describe('Orders that wait'),
    units: z.number().int(),
    max_price_per_unit_hour: Money.nullable().describe('The most anybody who waits would pay'),
    oldest_at: Time,
  })
  .meta({ id: 'Demand' });
export type Demand = z.infer<typeof Demand>;

export const keyScopes = [
  'runs:read',
  'runs:write',
  'machines:read',
  'machines:write',
  'money:read',
  'keys:write',
  'admin',
] as const;
export type KeyScope = (typeof keyScopes)[number];

export const ApiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(keyScopes)),
    created_at: Time,
    expires_at: Time.nullable(),
    last_used_at: Time.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

export const User = z
  .object({
    id: z.string(),
    name: z.string(),
    public_keys: z.array(z.string()),
    is_admin: z.boolean(),
    suspended: z.boolean(),
    created_at: Time,
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof User>;
