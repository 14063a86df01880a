import type { Duplex } from 'node:stream';
import type {
  GrantRequest,
  Health,
  Inspection,
  JoinToken,
  JoinTokenRequest,
  KeyRequest,
  Login,
  Me,
  NewKey,
  OfferQuery,
  OrderRequest,
  Page,
  MachineQuery,
  PageQuery,
  PolicyAnswer,
  QuoteRequest,
  RunQuery,
  SuspensionRequest,
  TermsRequest,
} from '@gpucoop/protocol/api.ts';
import type { EnrolRequest, EnrolResponse, ExecRequest, LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import type { Signer, Statement } from '@gpucoop/protocol/evidence.ts';
import type {
  ApiKey,
  Balance,
  Demand,
  DoctorCheck,
  Earnings,
  LedgerLine,
  LogLine,
  Machine,
  Offer,
  Quote,
  Run,
  RunEvent,
  User,
} from '@gpucoop/protocol/resources.ts';
import { callsTo } from './calls.ts';
import type { ExecSession } from './exec.ts';
import type { OrderOptions } from './order.ts';
import type { TrustOptions } from './trust.ts';
import { createTransport } from './transport.ts';

export type ClientOptions = {
  /** Where the network is: `http://127.0.0.1:7070`. */
  server: string;
  /** A bearer key, `coop_…`. Without it only what is public can be asked, until `login`. */
  apiKey?: string;
  /** Signs logins and orders. */
  key?: Signer;
  /** A fetch of one's own; `tls` then has no effect on it. */
  fetch?: typeof globalThis.fetch;
  /** For a server with a self-made certificate. Node only. */
  tls?: TrustOptions;
  /** How calls that may be repeated are repeated. */
  retry?: { attempts?: number; baseMs?: number };
  userAgent?: string;
};

/** `idempotencyKey`: the caller's own, so that a call repeated by another process has its effect once. */
export type CreateOptions = { idempotencyKey?: string; signal?: AbortSignal };
export type StreamOptions = {
  after?: number;
  signal?: AbortSignal;
  /** The connection was cut and is being opened again. */
  onReconnect?: (cause: unknown) => void;
};
export type LogOptions = StreamOptions & { follow?: boolean; tail?: number; leaseId?: string };
export type Bytes = ReadableStream<Uint8Array>;

/** Everything a user can ask of a network. Errors are CoopError with the server's code, hint and details. */
export type Client = {
  readonly server: string;
  auth: {
    /** Challenge, signature, key: the client then uses the key that it got. An unknown public key signs up. */
    login(options?: { name?: string }): Promise<Login>;
    logout(): Promise<void>;
    me(): Promise<Me>;
  };
  keys: {
    create(key: KeyRequest, options?: CreateOptions): Promise<NewKey>;
    list(): Promise<ApiKey[]>;
    revoke(keyId: string): Promise<void>;
  };
  market: {
    offers(query?: OfferQuery): Promise<Page<Offer>>;
    offer(offerId: string): Promise<Offer>;
    demand(): Promise<Demand[]>;
    /** From a normalised spec, or from YAML as people write it (`{ spec_yaml }`). */
    quote(request: QuoteRequest): Promise<Quote>;
    quoteById(quoteId: string): Promise<Quote>;
  };
  policy(): Promise<PolicyAnswer>;
  runs: {
    /** Signs the acceptance of a quote and places it. */
    placeOrder(quote: Quote, options?: OrderOptions): Promise<Run>;
    /** Places a signed order. The same order and idempotencyKey, from whatever process, give the same run. */
    place(order: OrderRequest, options?: CreateOptions): Promise<Run>;
    list(query?: RunQuery): Promise<Page<Run>>;
    get(idOrName: string): Promise<Run>;
    stop(runId: string): Promise<Run>;
    extend(runId: string, by: { budget_micros?: number; duration_s?: number }, options?: CreateOptions): Promise<Run>;
    /** From the first event (or `after`) to the end of the run; reconnects and resumes by itself. */
    events(runId: string, options?: StreamOptions): AsyncIterable<RunEvent>;
    logs(runId: string, options?: LogOptions): AsyncIterable<LogLine>;
    stats(runId: string): Promise<LeaseStats>;
    exec(runId: string, request: ExecRequest, options?: { signal?: AbortSignal }): Promise<ExecSession>;
    /** A tar of a file or directory in the container. */
    readFiles(runId: string, path: string): Promise<Bytes>;
    /** Unpacks a tar into a directory of the container. */
    writeFiles(runId: string, path: string, tar: Bytes | AsyncIterable<Uint8Array>): Promise<void>;
    /** Raw TCP to a port of the container. */
    connect(runId: string, port: number, options?: { signal?: AbortSignal }): Promise<Duplex>;
    /** What every charge can be computed from again, oldest first: `everyItem((page) => client.runs.evidence(id, page))`. */
    evidence(runId: string, query?: PageQuery): Promise<Page<Statement>>;
  };
  machines: {
    createJoinToken(wish?: JoinTokenRequest, options?: CreateOptions): Promise<JoinToken>;
    list(query?: MachineQuery): Promise<Page<Machine>>;
    get(machineId: string): Promise<Machine>;
    setTerms(machineId: string, terms: TermsRequest): Promise<Machine>;
    setListing(machineId: string, listing: 'listed' | 'paused' | 'draining'): Promise<Machine>;
    remove(machineId: string): Promise<Machine>;
    doctor(machineId: string): Promise<DoctorCheck[]>;
    earnings(machineId: string): Promise<Earnings>;
    enrol(request: EnrolRequest): Promise<EnrolResponse>;
  };
  money: {
    balance(): Promise<Balance>;
    ledger(query?: PageQuery): Promise<Page<LedgerLine>>;
  };
  admin: {
    grant(grant: GrantRequest, options?: CreateOptions): Promise<Balance>;
    suspend(suspension: SuspensionRequest, options?: CreateOptions): Promise<void>;
    resume(subject: string, reason?: string): Promise<void>;
    users(query?: PageQuery): Promise<Page<User>>;
    inspect(): Promise<Inspection>;
    backup(): Promise<Bytes>;
  };
  ready(): Promise<Health>;
  /** Ends idle connections, so that a program may exit at once. */
  close(): Promise<void>;
};

export function createClient(options: ClientOptions): Client {
  return callsTo(createTransport(options), options.key);
}

/** Every item of every page: `everyItem((query) => client.runs.list(query))`. */
export async function* everyItem<Item>(
  page: (query: { cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let cursor: string | null | undefined;
  do {
    const { items, next_cursor } = await page(typeof cursor === 'string' ? { cursor } : {});
    yield* items;
    cursor = next_cursor;
  } while (cursor !== null);
}
