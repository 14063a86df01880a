import { signStatement, type OrderBody, type Signer } from '@gpucoop/protocol/evidence.ts';
import type { OrderRequest } from '@gpucoop/protocol/api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Quote } from '@gpucoop/protocol/resources.ts';
import { toMoney } from '@gpucoop/protocol/money.ts';

/** What the renter promises with an order. Left out, it is what the quote says. */
export type OrderOptions = {
  maxPriceMicrosPerHour?: bigint;
  budgetMicros?: bigint;
  maxDurationS?: number;
  /** Wait for an offer when none is free. */
  queue?: boolean;
  secrets?: Record<string, string>;
  registryAuth?: { username: string; password: string };
  idempotencyKey?: string;
};

/** The signed acceptance of a quote, with what travels beside it. `at` is RFC 3339 in UTC. */
export function signOrder(quote: Quote, options: OrderOptions, signer: Signer, at: string): OrderRequest {
  const body: OrderBody = {
    quote_id: quote.id,
    spec_hash: quote.spec_hash,
    policy_hash: quote.policy_hash,
    max_price_micros_per_hour: toMoney(options.maxPriceMicrosPerHour ?? priceToAccept(quote)).micros,
    budget_micros: toMoney(options.budgetMicros ?? BigInt(quote.budget.micros)).micros,
    max_duration_s: options.maxDurationS ?? quote.spec.max_duration_s,
  };
  return {
    statement: signStatement('order', body, at, signer),
    queue: options.queue ?? false,
    secrets: options.secrets ?? {},
    registry_auth: options.registryAuth ?? null,
  };
}

/** The spec's own limit, or else the cheapest option as quoted: a renter who says nothing accepts what was shown and no more. */
function priceToAccept(quote: Quote): bigint {
  if (quote.spec.max_price_micros_per_hour !== null) return BigInt(quote.spec.max_price_micros_per_hour);
  const cheapest = quote.options[0];
  if (cheapest !== undefined) return BigInt(cheapest.per_hour.micros);
  throw new CoopError('no_match', 'Nothing matches now, and no maximum price was given to wait with.', {
    hint: 'Give a maximum price, so that the order can wait for an offer.',
  });
}
