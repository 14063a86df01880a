import { CoopError, type ProblemCode } from '@gpucoop/protocol/problem.ts';
import type { ClientOptions } from './client.ts';
import { errorFromAnswer, unreachable } from './errors.ts';
import type { TlsOptions } from './trust.ts';

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Raw body; such a call is never repeated. */
  stream?: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
  accept?: string;
  /** Sent with creating calls; a fresh one where the caller gives none. */
  idempotencyKey?: string | undefined;
  /** False for a POST whose second arrival would be something else than the first. */
  repeatable?: boolean;
  signal?: AbortSignal | undefined;
};

export type Transport = {
  readonly server: string;
  readonly userAgent: string;
  json<Answer>(call: Call): Promise<Answer>;
  /** The answer with its body unread. Throws CoopError when it is no success. */
  send(call: Call): Promise<Response>;
  bearer(): string | undefined;
  useBearer(apiKey: string | undefined): void;
  tls(): Promise<TlsOptions>;
  pause(attempt: number, atLeastMs?: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

const ATTEMPTS = 4;
const BASE_MS = 250;
const PAUSE_MAX_MS = 30_000;

/** Worth repeating without asking anybody. Others that are retryable (`no_match`) are the caller's to decide. */
const repeatedCodes: ReadonlySet<ProblemCode> = new Set([
  'rate_limited',
  'unavailable',
  'in_progress',
  'internal',
  'timeout',
]);

export function createTransport(options: ClientOptions): Transport {
  const server = options.server.replace(/\/+$/, '');
  const userAgent = options.userAgent ?? 'coop-sdk';
  const attempts = options.retry?.attempts ?? ATTEMPTS;
  const trusted = trustedFetch(server, options);
  let bearer = options.apiKey;

  const once = async (call: Call): Promise<Response> => {
    const { fetch } = await trusted();
    let response: Response;
    try {
      response = await fetch(urlOf(server, call), requestOf(call, bearer, userAgent));
    } catch (cause) {
      if (call.signal?.aborted || cause instanceof CoopError) throw cause;
      throw unreachable(server, cause);
    }
    if (response.ok) return response;
    const error = errorFromAnswer(response.status, await response.text().catch(() => ''), server);
    throw Object.assign(error, { retryAfterMs: secondsOf(response.headers.get('retry-after')) * 1000 });
  };

  const pause = (attempt: number, atLeastMs = 0, signal?: AbortSignal) => {
    const backoff = Math.min((options.retry?.baseMs ?? BASE_MS) * 2 ** attempt, PAUSE_MAX_MS);
    return wait(Math.max(backoff * (0.5 + Math.random() / 2), Math.min(atLeastMs, PAUSE_MAX_MS)), signal);
  };

  const send = async (call: Call): Promise<Response> => {
    const repeatable =
      call.stream === undefined && (call.repeatable ?? (call.method !== 'POST' || call.idempotencyKey !== undefined));
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(call);
      } catch (error) {
        const again = repeatable && error instanceof CoopError && repeatedCodes.has(error.code);
        if (!again || attempt + 1 >= attempts) throw error;
        await pause(attempt, 'retryAfterMs' in error ? Number(error.retryAfterMs) : 0, call.signal);
      }
    }
  };

  return {
    server,
    userAgent,
    send,
    pause,
    json: async <Answer>(call: Call) => {
      const response = await send(call);
      return (response.status === 204 ? undefined : await response.json()) as Answer;
    },
    bearer: () => bearer,
    useBearer: (apiKey) => {
      bearer = apiKey;
    },
    tls: async () => (await trusted()).tls,
    close: async () => (await trusted()).close(),
  };
}

type TrustedFetch = { fetch: typeof globalThis.fetch; tls: TlsOptions; close(): Promise<void> };

/** The platform's own fetch, unless a certificate is to be trusted that the platform does not know. Decided at the first call. */
function trustedFetch(server: string, options: ClientOptions): () => Promise<TrustedFetch> {
  const plain = { fetch: options.fetch ?? globalThis.fetch, tls: {}, close: async () => {} };
  const trust = options.tls;
  if (trust === undefined || options.fetch !== undefined || !server.startsWith('https:')) return async () => plain;
  let ready: Promise<TrustedFetch> | undefined;
  return () => {
    ready ??= import('./trusted-fetch.ts').then(({ fetchTrusting }) => fetchTrusting(new URL(server), trust));
    // A server that was down while its certificate was looked at is asked again by the next call.
    ready.catch(() => (ready = undefined));
    return ready.catch((cause: unknown) => {
      throw cause instanceof CoopError ? cause : unreachable(server, cause);
    });
  };
}

function urlOf(server: string, call: Call): string {
  const given = Object.entries(call.query ?? {}).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return `${server}${call.path}${query === '' ? '' : `?${query}`}`;
}

function requestOf(call: Call, bearer: string | undefined, userAgent: string): RequestInit {
  const headers: Record<string, string> = { accept: call.accept ?? 'application/json', 'user-agent': userAgent };
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`;
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  if (call.stream !== undefined) headers['content-type'] = 'application/x-tar';
  return {
    method: call.method,
    headers,
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    ...(call.stream !== undefined && { body: call.stream as ReadableStream, duplex: 'half' }),
    ...(call.signal !== undefined && { signal: call.signal }),
  };
}

function secondsOf(header: string | null): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) ? seconds : 0;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason ?? new Error('aborted'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
