import { randomUUID } from 'node:crypto';
import { everyItem } from '@gpucoop/sdk/client.ts';
import type { Client } from '@gpucoop/sdk/client.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Offer, Quote, QuotedOffer, Run } from '@gpucoop/protocol/resources.ts';
import type { Spec } from '@gpucoop/protocol/spec.ts';
import { agreed } from '../ask.ts';
import { renderExplanation, renderNoGpu } from '../look/explanation.ts';
import { renderQuote } from '../look/quote.ts';
import { exactMoney } from '../look/units.ts';
import type { Terminal } from '../terminal.ts';

export type Wish = {
  spec: Spec;
  secrets: Record<string, string>;
  registryAuth: { username: string; password: string } | undefined;
  wait: boolean;
  yes: boolean;
  dryRun: boolean;
};

const ROUNDS = 5;
/** The quote did not hold; a new one may. */
const QUOTE_AGAIN = new Set(['quote_expired', 'offer_taken', 'price_changed']);

/** Quote, show, ask, order. Undefined: a dry run, or the renter said no. What was once agreed is not asked again at the same price. */
export async function placeOrder(client: Client, wish: Wish, terminal: Terminal): Promise<Run | undefined> {
  const idempotencyKey = randomUUID();
  let agreedTo: { price: bigint; budget: bigint } | undefined;
  for (let round = 1; ; round += 1) {
    const quote = await client.market.quote({ spec: wish.spec, explain: wish.dryRun });
    const limits = limitsOf(quote);
    const same = agreedTo !== undefined && limits.price <= agreedTo.price && limits.budget <= agreedTo.budget;
    if (!same && !(await put(client, quote, limits.price, wish, terminal))) return undefined;
    agreedTo ??= limits;
    try {
      return await client.runs.placeOrder(quote, {
        maxPriceMicrosPerHour: limits.price,
        budgetMicros: limits.budget,
        queue: wish.wait,
        secrets: wish.secrets,
        ...(wish.registryAuth !== undefined && { registryAuth: wish.registryAuth }),
        // Each quote is an order of its own; a repetition of the same one is told by its key.
        idempotencyKey: `${idempotencyKey}-${round}`,
      });
    } catch (error) {
      if (!(error instanceof CoopError) || !QUOTE_AGAIN.has(error.code) || round >= ROUNDS) throw error;
      terminal.aside(terminal.asideLook.dim(`${error.message} Asking for a new quote.`));
      if (error.code === 'price_changed') agreedTo = undefined;
    }
  }
}

/** What the order is signed for: the spec's own limit, or the price shown and no more. */
function limitsOf(quote: Quote): { price: bigint; budget: bigint } {
  const shown = quote.options[0]?.per_hour.micros ?? 0;
  return { price: BigInt(quote.spec.max_price_micros_per_hour ?? shown), budget: BigInt(quote.budget.micros) };
}

/** Shows the quote and asks. True: order it. */
async function put(client: Client, quote: Quote, price: bigint, wish: Wish, terminal: Terminal): Promise<boolean> {
  if (terminal.json) terminal.printJson({ type: 'quote', quote });
  const chosen = quote.options[0];
  if (chosen === undefined) return putNothing(client, quote, wish, terminal);
  if (!terminal.json)
    terminal.aside(
      `\n${renderQuote(quote, chosen, price, terminal.asideLook, terminal.asideWidth, terminal.nowMs())}\n`,
    );
  if (wish.dryRun) return false;
  requireCredit(quote, chosen);
  return wish.yes || agreed(terminal, `Rent it for ${exactMoney(chosen.per_hour)} an hour?`);
}

/** Holds are refused by the server too; here it is said before anything is asked. */
function requireCredit(quote: Quote, chosen: QuotedOffer): void {
  if (quote.hold.micros <= quote.balance.micros) return;
  throw new CoopError(
    'insufficient_credit',
    `${exactMoney(quote.hold)} would be held, and you have ${exactMoney(quote.balance)}.`,
    {
      hint:
        chosen.per_hour.micros > 0
          ? 'A shorter --max-duration or a smaller --budget holds less.'
          : 'coop balance says more.',
    },
  );
}

function hintWords(offers: number, withoutGpu: boolean): string {
  if (offers === 0)
    return 'coop machine add makes a computer a machine; --wait --max-price queues until something matches.';
  const change = withoutGpu ? 'Leave the GPU out' : 'Change a condition as shown';
  return `${change}, or add --wait --max-price to queue until something matches.`;
}

async function putNothing(client: Client, quote: Quote, wish: Wish, terminal: Terminal): Promise<boolean> {
  const { explanation } = quote;
  const withoutGpu = quote.spec.resources.gpu === null ? undefined : await nearestWithoutGpu(client);
  const look = terminal.asideLook;
  if (!terminal.json && explanation !== null) {
    const why =
      withoutGpu === undefined
        ? renderExplanation(explanation, look, terminal.asideWidth)
        : renderNoGpu(explanation.offers, withoutGpu, look, terminal.asideWidth);
    terminal.aside(`\n${why}\n`);
  }
  if (wish.dryRun && wish.wait) return false;
  if (!wish.wait) {
    throw new CoopError('no_match', nothingWords(explanation?.offers ?? 0), {
      hint: hintWords(explanation?.offers ?? 0, withoutGpu !== undefined),
      details: { failed: explanation?.failed ?? [] },
    });
  }
  if (quote.spec.max_price_micros_per_hour === null) {
    throw new CoopError('invalid_request', '--wait needs --max-price: nobody can say yet what will match.', {
      at: '--max-price',
    });
  }
  const most = exactMoney(BigInt(quote.spec.max_price_micros_per_hour));
  return wish.yes || agreed(terminal, `Wait until something matches at ${most} an hour or less?`);
}

/** Undefined where some machine has a GPU, or none has anything; else the cheapest of those that are free. */
async function nearestWithoutGpu(client: Client): Promise<Offer | undefined> {
  let nearest: Offer | undefined;
  for await (const offer of everyItem((page) => client.market.offers({ ...page, limit: 200 }))) {
    if (offer.class !== 'cpu') return undefined;
    const isNearer =
      nearest === undefined || (nearest.units_free === 0 && offer.units_free > 0) || isCheaper(offer, nearest);
    if (isNearer) nearest = offer;
  }
  return nearest;
}

function isCheaper(one: Offer, other: Offer): boolean {
  return one.units_free > 0 && one.price_per_unit_hour.micros < other.price_per_unit_hour.micros;
}

function nothingWords(offers: number): string {
  if (offers === 0) return 'No machine is on the market.';
  return offers === 1
    ? 'The one offer on the market does not match.'
    : `None of the ${offers} offers on the market matches.`;
}
