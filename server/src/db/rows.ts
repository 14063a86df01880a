// Generated from the migrations by `npm run generate`. Do not edit.
import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';

/** Written as JSON text, so that both drivers store the same; read as parsed. */
type Json = ColumnType<unknown, string, string>;
type JsonOrNull = ColumnType<unknown, string | null | undefined, string | null>;
type JsonWithDefault = ColumnType<unknown, string | undefined, string>;

export type Tables = {
  accounts: {
    id: string;
    asset: 'usd' | 'token';
    kind: 'credit' | 'spending' | 'earnings' | 'fees';
    owner_id: string | null;
    posted: Generated<bigint>;
    held: Generated<bigint>;
    created_at: Date;
  };
  api_keys: {
    id: string;
    user_id: string;
    name: string;
    secret_hash: Uint8Array;
    scopes: string[];
    session: boolean;
    created_at: Date;
    expires_at: Date | null;
    last_used_at: Date | null;
    revoked_at: Date | null;
  };
  challenges: {
    nonce: string;
    purpose: string;
    subject: string;
    expires_at: Date;
  };
  events: {
    id: GeneratedAlways<bigint>;
    run_id: string;
    lease_id: string | null;
    type: string;
    message: string;
    data: Json;
    at: Date;
  };
  evidence: {
    hash: string;
    n: GeneratedAlways<bigint>;
    kind: string;
    author: string;
    subject: string;
    statement: Json;
    created_at: Date;
  };
  idempotency: {
    user_id: string;
    key: string;
    request_hash: string;
    status: number | null;
    body: JsonOrNull;
    created_at: Date;
  };
  join_tokens: {
    token_hash: Uint8Array;
    user_id: string;
    name: string | null;
    terms: JsonOrNull;
    created_at: Date;
    expires_at: Date;
    used_at: Date | null;
    machine_id: string | null;
  };
  leases: {
    id: string;
    run_id: string;
    user_id: string;
    provider_id: string;
    machine_id: string;
    offer_id: string;
    class: string;
    units: number;
    cpus: number;
    memory_mib: bigint;
    disk_mib: bigint;
    device_uuids: string[];
    isolation: string;
    region: string;
    state: 'reserved' | 'preparing' | 'running' | 'unknown' | 'stopping' | 'ended';
    price_micros_per_hour: bigint;
    policy_hash: string;
    hold_id: string | null;
    held_micros: bigint;
    settled_micros: Generated<bigint>;
    settled_fee_micros: Generated<bigint>;
    phase: string | null;
    pulled_bytes: bigint | null;
    total_bytes: bigint | null;
    container_id: string | null;
    served_ms: Generated<bigint>;
    billed_ms: Generated<bigint>;
    unbilled_ms: Generated<bigint>;
    receipt_at: Date | null;
    acked_line: JsonOrNull;
    acked_at: Date | null;
    stop_reason: string | null;
    stop_asked_at: Date | null;
    credit_warned_at: Date | null;
    end_reason: string | null;
    end_detail: string | null;
    exit_code: number | null;
    state_since: Date;
    created_at: Date;
    ready_at: Date | null;
    ended_at: Date | null;
    removed_at: Date | null;
    lock_token: string | null;
    lock_expires_at: Date | null;
    due_at: Date;
  };
  machines: {
    id: string;
    provider_id: string;
    name: string;
    public_key: string;
    listing: Generated<'listed' | 'paused' | 'draining' | 'removed'>;
    presence: Generated<'enrolled' | 'online' | 'unknown' | 'lost'>;
    suspended_at: Date | null;
    suspended_reason: string | null;
    facts: Json;
    terms: Json;
    doctor: JsonWithDefault;
    cpu_owner_busy: Generated<boolean>;
    drain_at: Date | null;
    last_seen_at: Date | null;
    link_server: string | null;
    link_epoch: Generated<bigint>;
    served_ms: Generated<bigint>;
    lost_ms: Generated<bigint>;
    created_at: Date;
    linked_at: Date | null;
  };
  offers: {
    id: string;
    machine_id: string;
    class: string;
    vendor: string;
    unit_cpus: number;
    unit_memory_mib: bigint;
    device_memory_mib: bigint;
    price_micros_per_unit_hour: bigint;
    withdrawn: Generated<boolean>;
    version: bigint;
  };
  policies: {
    hash: string;
    body: Json;
    created_at: Date;
  };
  quotes: {
    id: string;
    user_id: string;
    spec: Json;
    spec_hash: string;
    policy_hash: string;
    options: Json;
    state: Generated<'open' | 'accepted' | 'expired'>;
    created_at: Date;
    expires_at: Date;
  };
  runs: {
    id: string;
    user_id: string;
    quote_id: string;
    name: string;
    spec: Json;
    policy_hash: string;
    secrets: Uint8Array | null;
    state: 'queued' | 'starting' | 'running' | 'unknown' | 'stopping' | 'ended';
    attempt: Generated<number>;
    retries_left: number;
    queue: boolean;
    max_price_micros_per_hour: bigint;
    budget_micros: bigint;
    spent_micros: Generated<bigint>;
    stop_reason: string | null;
    warned_at: Date | null;
    expiry_warned_at: Date | null;
    order_hash: string;
    end_reason: string | null;
    end_detail: string | null;
    exit_code: number | null;
    created_at: Date;
    expires_at: Date;
    ended_at: Date | null;
  };
  schema_migrations: {
    name: string;
    hash: string;
    n: number;
  };
  servers: {
    id: string;
    peer_url: string | null;
    peer_certificate: string | null;
    beat: Generated<bigint>;
    started_at: Date;
  };
  slots: {
    offer_id: string;
    n: number;
    device_uuid: string | null;
    present: Generated<boolean>;
    owner_busy: Generated<boolean>;
    lease_id: string | null;
  };
  transfers: {
    id: string;
    n: GeneratedAlways<bigint>;
    kind: 'transfer' | 'hold' | 'post' | 'release';
    debit_account_id: string;
    credit_account_id: string;
    asset: 'usd' | 'token';
    amount: bigint;
    hold_id: string | null;
    what: string;
    run_id: string | null;
    lease_id: string | null;
    statement_hash: string | null;
    debit_posted: bigint;
    credit_posted: bigint;
    created_at: Date;
  };
  user_keys: {
    public_key: string;
    user_id: string;
    created_at: Date;
  };
  users: {
    id: string;
    name: string;
    is_admin: Generated<boolean>;
    suspended_at: Date | null;
    suspended_reason: string | null;
    created_at: Date;
  };
};

/** A row as it is read. */
export type Row<Table extends keyof Tables> = Selectable<Tables[Table]>;
