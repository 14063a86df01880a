-- A row that may never change, whoever asks.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: correct by a further row', tg_table_name using errcode = 'restrict_violation';
end $$;

-- Money: accounts, transfers and holds are TigerBeetle's model (server/src/ledger/INVARIANTS.md). Amounts are integers of the asset's
-- smallest unit, and every amount and balance is exact as a JSON number: at most 2^53 - 1.
create table accounts (
  id text primary key,
  asset text not null check (asset in ('usd', 'token')),
  kind text not null check (kind in ('credit', 'spending', 'earnings', 'fees')),
  owner_id text,
  posted bigint not null default 0 check (posted between -9007199254740991 and 9007199254740991),
  held bigint not null default 0 check (held >= 0),
  created_at timestamptz not null,
  -- Only the source of credit may go below zero: what it is short of is what the network owes.
  check (kind = 'credit' or posted - held >= 0),
  check ((kind = 'credit') = (owner_id is null)),
  unique (owner_id, kind, asset),
  unique (id, asset)
);
create unique index accounts_credit on accounts (asset) where kind = 'credit';

create table transfers (
  id text primary key,
  -- Rises in the order in which an account's transfers happened: it is drawn while both accounts are locked.
  n bigint generated always as identity unique,
  kind text not null check (kind in ('transfer', 'hold', 'post', 'release')),
  debit_account_id text not null,
  credit_account_id text not null,
  asset text not null check (asset in ('usd', 'token')),
  amount bigint not null check (amount between 0 and 9007199254740991),
  hold_id text references transfers,
  what text not null,
  run_id text,
  lease_id text,
  statement_hash text,
  -- Posted balances of the two accounts after this row, so that a page of any depth costs the same to read.
  debit_posted bigint not null,
  credit_posted bigint not null,
  created_at timestamptz not null,
  foreign key (debit_account_id, asset) references accounts (id, asset),
  foreign key (credit_account_id, asset) references accounts (id, asset),
  check (debit_account_id <> credit_account_id),
  check ((kind in ('post', 'release')) = (hold_id is not null))
);
-- A hold is posted or released once.
create unique index transfers_resolution on transfers (hold_id) where hold_id is not null;
create index transfers_debit on transfers (debit_account_id, n);
create index transfers_credit on transfers (credit_account_id, n);
create index transfers_lease on transfers (lease_id) where lease_id is not null;
create trigger transfers_immutable before update or delete or truncate on transfers for each statement execute function refuse_change();

create table users (
  id text primary key,
  name text not null,
  is_admin boolean not null default false,
  suspended_at timestamptz,
  suspended_reason text,
  created_at timestamptz not null
);
create table user_keys (
  public_key text primary key,
  user_id text not null references users,
  created_at timestamptz not null
);
create table api_keys (
  id text primary key,
  user_id text not null references users,
  name text not null,
  secret_hash bytea not null unique,
  scopes text[] not null,
  session boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_user on api_keys (user_id);

-- Nonces of logins and links: single use, short-lived.
create table challenges (
  nonce text primary key,
  purpose text not null,
  subject text not null,
  expires_at timestamptz not null
);

-- The answer of every creating request, so that the same request again gives the same answer.
create table idempotency (
  user_id text not null,
  key text not null,
  request_hash text not null,
  status int,
  body jsonb,
  created_at timestamptz not null,
  primary key (user_id, key)
);
create index idempotency_age on idempotency (created_at);

create table join_tokens (
  token_hash bytea primary key,
  user_id text not null references users,
  name text,
  terms jsonb,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  machine_id text
);

create table machines (
  id text primary key,
  provider_id text not null references users,
  name text not null,
  public_key text not null unique,
  listing text not null default 'listed' check (listing in ('listed', 'paused', 'draining', 'removed')),
  presence text not null default 'enrolled' check (presence in ('enrolled', 'online', 'unknown', 'lost')),
  suspended_at timestamptz,
  suspended_reason text,
  facts jsonb not null,
  terms jsonb not null,
  doctor jsonb not null default '[]',
  cpu_owner_busy boolean not null default false,
  drain_at timestamptz,
  last_seen_at timestamptz,
  -- Which server holds the link, and the fence that a newer link raises.
  link_server text,
  link_epoch bigint not null default 0,
  served_ms bigint not null default 0,
  lost_ms bigint not null default 0,
  created_at timestamptz not null
);
create index machines_provider on machines (provider_id);

create table offers (
  id text primary key,
  machine_id text not null references machines,
  class text not null,
  vendor text not null,
  unit_cpus double precision not null,
  unit_memory_mib bigint not null,
  device_memory_mib bigint not null,
  price_micros_per_unit_hour bigint not null check (price_micros_per_unit_hour >= 0),
  withdrawn boolean not null default false,
  -- Rises with every change of the offer, its slots or its machine: the read model follows it.
  version bigint not null,
  unique (machine_id, class)
);
create sequence offers_version;
create index offers_changed on offers (version);

-- One row per unit. A slot belongs to at most one lease: this is what makes renting twice impossible.
create table slots (
  offer_id text not null references offers,
  n int not null,
  device_uuid text,
  present boolean not null default true,
  owner_busy boolean not null default false,
  lease_id text,
  primary key (offer_id, n)
);
create unique index slots_device on slots (device_uuid) where device_uuid is not null and present;
create index slots_lease on slots (lease_id) where lease_id is not null;

create table quotes (
  id text primary key,
  user_id text not null references users,
  spec jsonb not null,
  spec_hash text not null,
  policy_hash text not null,
  options jsonb not null,
  state text not null default 'open' check (state in ('open', 'accepted', 'expired')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index quotes_expiry on quotes (expires_at) where state = 'open';

create table policies (
  hash text primary key,
  body jsonb not null,
  created_at timestamptz not null
);

create table runs (
  id text primary key,
  user_id text not null references users,
  quote_id text not null references quotes,
  name text not null,
  spec jsonb not null,
  policy_hash text not null references policies,
  -- Environment secrets and registry credentials, AES-256-GCM under the server's key; gone when the run has ended.
  secrets bytea,
  state text not null check (state in ('queued', 'starting', 'running', 'unknown', 'stopping', 'ended')),
  attempt int not null default 0,
  retries_left int not null,
  queue boolean not null,
  max_price_micros_per_hour bigint not null,
  budget_micros bigint not null,
  spent_micros bigint not null default 0,
  stop_reason text,
  warned_at timestamptz,
  expiry_warned_at timestamptz,
  order_hash text not null unique,
  end_reason text,
  end_detail text,
  exit_code int,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index runs_user on runs (user_id, created_at desc, id);
create index runs_live on runs (state) where state <> 'ended';

create table leases (
  id text primary key,
  run_id text not null references runs,
  user_id text not null,
  provider_id text not null,
  machine_id text not null references machines,
  offer_id text not null references offers,
  class text not null,
  units int not null,
  cpus double precision not null,
  memory_mib bigint not null,
  disk_mib bigint not null,
  device_uuids text[] not null,
  isolation text not null,
  region text not null,
  state text not null check (state in ('reserved', 'preparing', 'running', 'unknown', 'stopping', 'ended')),
  price_micros_per_hour bigint not null,
  policy_hash text not null,
  hold_id text references transfers,
  held_micros bigint not null,
  settled_micros bigint not null default 0,
  settled_fee_micros bigint not null default 0,
  -- What the agent last reported.
  phase text,
  pulled_bytes bigint,
  total_bytes bigint,
  container_id text,
  -- The meter at its last receipt: what the agent had served, and what of it is billed.
  served_ms bigint not null default 0,
  billed_ms bigint not null default 0,
  unbilled_ms bigint not null default 0,
  receipt_at timestamptz,
  -- The last acknowledged heartbeat since: its signed meter line, and when it came.
  acked_line jsonb,
  acked_at timestamptz,
  stop_reason text,
  stop_asked_at timestamptz,
  credit_warned_at timestamptz,
  end_reason text,
  end_detail text,
  exit_code int,
  state_since timestamptz not null,
  created_at timestamptz not null,
  ready_at timestamptz,
  ended_at timestamptz,
  removed_at timestamptz,
  -- Row lease: whoever holds the token works on it; every write is guarded by it.
  lock_token text,
  lock_expires_at timestamptz,
  due_at timestamptz not null
);
create index leases_run on leases (run_id, created_at);
create index leases_machine on leases (machine_id) where removed_at is null;
create index leases_due on leases (due_at) where removed_at is null;

create table events (
  id bigint generated always as identity primary key,
  run_id text not null references runs,
  lease_id text,
  type text not null,
  message text not null,
  data jsonb not null,
  at timestamptz not null
);
create index events_run on events (run_id, id);

-- Append-only signed statements: from these everything else can be recomputed.
create table evidence (
  hash text primary key,
  n bigint generated always as identity unique,
  kind text not null,
  author text not null,
  subject text not null,
  statement jsonb not null,
  created_at timestamptz not null
);
create index evidence_subject on evidence (subject, n);
create index evidence_kind on evidence (kind, n);
create trigger evidence_immutable before update or delete or truncate on evidence for each statement execute function refuse_change();
