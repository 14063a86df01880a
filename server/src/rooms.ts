import type { Duplex, Readable } from 'node:stream';
import type { DoctorCheck, MachineTerms } from '@gpucoop/protocol/resources.ts';
import type {
  Balance,
  Demand,
  Earnings,
  KeyScope,
  LedgerLine,
  LogLine,
  Machine,
  Offer,
  Quote,
  Run,
  RunEvent,
  User,
} from '@gpucoop/protocol/resources.ts';
import type { EnrolRequest, EnrolResponse, ExecRequest, LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import type { Statement } from '@gpucoop/protocol/evidence.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import type { RunState } from '@gpucoop/protocol/states.ts';

/**
 * What the HTTP room may ask of the rooms below it. `main.ts` wires it by hand. Every function checks that the thing asked for
 * belongs to the user given; when it does not, the answer is `not_found`, so that ids of others cannot be probed.
 */
export type Rooms = {
  market: {
    offers(query: { q: string | null; sort: string | null } & PageQuery): Promise<Page<Offer>>;
    offer(id: string): Promise<Offer>;
    /** Open demand by class, for providers to see. */
    demand(): Promise<Demand[]>;
    /** `explained`: say why offers do not match also where some do. */
    quote(userId: string, spec: Spec, explained?: boolean): Promise<Quote>;
    quoteById(userId: string, quoteId: string): Promise<Quote>;
  };
  runs: {
    /** Places the order. `queue` waits for an offer when none is free. The statement is an `order` signed by one of the user's keys. */
    place(userId: string, order: PlaceOrder): Promise<Run>;
    list(userId: string, query: { states: RunState[] | null } & PageQuery): Promise<Page<Run>>;
    /** By id, or by the name of the newest run that has it. */
    get(userId: string, idOrName: string): Promise<Run>;
    stop(userId: string, runId: string): Promise<Run>;
    /** Raises budget and expiry at the lease's price. */
    extend(userId: string, runId: string, by: Extension): Promise<Run>;
    /** Ends when the run has ended and all was given. */
    events(userId: string, runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent>;
    logs(userId: string, runId: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
    /** A duplex of frames (protocol/frames.ts). */
    exec(userId: string, runId: string, request: ExecRequest): Promise<Duplex>;
    readFiles(userId: string, runId: string, path: string): Promise<Readable>;
    writeFiles(userId: string, runId: string, path: string, tar: Readable): Promise<void>;
    stats(userId: string, runId: string): Promise<LeaseStats>;
    connect(userId: string, runId: string, port: number): Promise<Duplex>;
  };
  machines: {
    list(userId: string, query: { removed: boolean } & PageQuery): Promise<Page<Machine>>;
    get(userId: string, machineId: string): Promise<Machine>;
    setTerms(userId: string, machineId: string, terms: Partial<MachineTerms>): Promise<Machine>;
    setListing(userId: string, machineId: string, listing: 'listed' | 'paused' | 'draining'): Promise<Machine>;
    /** Ends its leases (provider_stopped), tells the agent to uninstall, forgets the key. */
    remove(userId: string, machineId: string): Promise<Machine>;
    doctor(userId: string, machineId: string): Promise<DoctorCheck[]>;
    earnings(userId: string, machineId: string): Promise<Earnings>;
    /** The token is shown once; only its hash is kept. */
    createJoinToken(
      userId: string,
      wish: { name: string | null; ttl_s: number },
    ): Promise<{ token: string; expires_at: string; command: string }>;
    /** Anonymous: the token is the authority. */
    enrol(request: EnrolRequest): Promise<EnrolResponse>;
  };
  money: {
    balance(userId: string): Promise<Balance>;
    ledger(userId: string, query: PageQuery): Promise<Page<LedgerLine>>;
  };
  evidence: {
    /** Statements of one run: order, terms, meter lines, receipts. For its renter and its providers. */
    ofRun(userId: string, runId: string, query: PageQuery): Promise<Page<Statement>>;
  };
  admin: {
    grant(
      adminId: string,
      grant: { user_id: string; amount_micros: number; reason: string; id: string },
    ): Promise<Balance>;
    suspend(adminId: string, subjectId: string, reason: string): Promise<void>;
    resume(adminId: string, subjectId: string, reason: string): Promise<void>;
    users(query: PageQuery): Promise<Page<User>>;
    /** Everything that is wrong: sums of the ledger, holds without leases, slots without leases. Empty lists are good. */
    inspect(): Promise<Inspection>;
    /** A consistent archive of the database. */
    backup(): Promise<Readable>;
  };
};

/** `session` keys come from a login and hold every scope the user has. */
export type Caller = { userId: string; isAdmin: boolean; keyId: string; scopes: ReadonlySet<KeyScope> };

export type PageQuery = { cursor: string | null; limit: number };
export type Page<Item> = { items: Item[]; next_cursor: string | null };
export type PlaceOrder = {
  statement: unknown;
  queue: boolean;
  secrets: Record<string, string>;
  registry_auth: { username: string; password: string } | null;
};
/** `id`: the same extension again changes nothing. */
export type Extension = { id: string; budget_micros: number | null; duration_s: number | null };
export type LogQuery = { after: number | null; tail: number | null; follow: boolean; lease_id: string | null };
export type Inspection = {
  assets: { asset: string; sum_micros: number; transfers: number }[];
  problems: { what: string; ids: string[] }[];
  counts: Record<string, number>;
};
