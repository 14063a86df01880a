import { CoopError } from '@gpucoop/protocol/problem.ts';

/** Token buckets in the memory of one server: `burst` at once, refilled at `perMinute`. With n servers a caller has up to n times that. */
export type Rate = { burst: number; perMinute: number };

export const defaultRates = {
  none: { burst: Infinity, perMinute: Infinity },
  /** Without a key, by address. */
  open: { burst: 200, perMinute: 1200 },
  login: { burst: 30, perMinute: 60 },
  /** A whole farm behind one address dials in again after an outage. */
  link: { burst: 2000, perMinute: 6000 },
  /** With a key, by key. */
  read: { burst: 600, perMinute: 6000 },
  write: { burst: 200, perMinute: 1200 },
  stream: { burst: 200, perMinute: 1200 },
  /** Keys that are wrong, by address: looked at before the database is asked. */
  refused: { burst: 60, perMinute: 60 },
} as const satisfies Record<string, Rate>;

export type LimitClass = keyof typeof defaultRates;
export type Rates = Partial<Record<LimitClass, Rate>>;

export type Allowance = {
  rate: Rate;
  remaining: number;
  /** Until one more is there; 0 when one is. */ retryAfterS: number;
};
export type RateLimiter = {
  /** Takes one. `retryAfterS` above 0: refused, nothing taken. */
  take(limit: LimitClass, subject: string): Allowance;
  /** As `take`, but takes nothing. */
  look(limit: LimitClass, subject: string): Allowance;
};

const BUCKETS_MAX = 100_000;

export function createRateLimiter(now: () => number, rates: Rates = {}): RateLimiter {
  /** Least recently used first: a Map keeps the order of insertion. */
  const buckets = new Map<string, { tokens: number; at: number }>();

  const count = (limit: LimitClass, subject: string, cost: 0 | 1): Allowance => {
    const rate = rates[limit] ?? defaultRates[limit];
    if (rate.burst === Infinity) return { rate, remaining: Infinity, retryAfterS: 0 };
    const name = `${limit} ${subject}`;
    const perMs = rate.perMinute / 60_000;
    const known = buckets.get(name);
    const at = now();
    const tokens = known === undefined ? rate.burst : Math.min(rate.burst, known.tokens + (at - known.at) * perMs);
    if (tokens < 1) return { rate, remaining: 0, retryAfterS: Math.ceil((1 - tokens) / perMs / 1000) };
    if (cost === 0) return { rate, remaining: Math.floor(tokens), retryAfterS: 0 };
    buckets.delete(name);
    buckets.set(name, { tokens: tokens - cost, at });
    if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value!);
    return { rate, remaining: Math.floor(tokens - cost), retryAfterS: 0 };
  };
  return { take: (limit, subject) => count(limit, subject, 1), look: (limit, subject) => count(limit, subject, 0) };
}

/** Fields of draft-ietf-httpapi-ratelimit-headers-10; q and w of the policy describe the burst and how long it takes to refill. */
export function rateLimitHeaders(limit: LimitClass, allowance: Allowance): Record<string, string> {
  const { rate, remaining, retryAfterS } = allowance;
  if (rate.burst === Infinity) return {};
  const window = Math.ceil((rate.burst / rate.perMinute) * 60);
  const untilFull = Math.ceil(((rate.burst - remaining) / rate.perMinute) * 60);
  return {
    'ratelimit-policy': `"${limit}";q=${rate.burst};w=${window}`,
    ratelimit: `"${limit}";r=${remaining};t=${remaining > 0 ? untilFull : retryAfterS}`,
  };
}

export function tooMany(limit: LimitClass, allowance: Allowance): CoopError {
  return new CoopError('rate_limited', `Too many requests of the kind "${limit}".`, {
    hint: `Wait ${allowance.retryAfterS} s; ${allowance.rate.perMinute} a minute are allowed.`,
    details: { retry_after_s: allowance.retryAfterS, limit },
  });
}
