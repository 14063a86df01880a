import { everyItem } from '@gpucoop/sdk/client.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Offer } from '@gpucoop/protocol/resources.ts';
import { command } from '../grammar.ts';
import { renderOffers } from '../look/offers.ts';
import { openSession } from '../session.ts';

export const offers = command({
  about: 'What is on the market',
  details:
    'An expression is a list of conditions, field op value, all of which must hold: gpu=rtx-4090 price<0.5 "reliability>=0.98".\n' +
    'Quote what holds < or >, or the shell takes it.',
  positionals: [{ name: 'EXPRESSION', about: 'Only offers that meet it', optional: true }],
  flags: {
    sort: {
      type: 'string',
      short: 'o',
      value: 'FIELDS',
      about: 'Sort by these, - for falling: price, -reliability,price',
    },
    limit: { type: 'string', value: 'N', about: 'At most this many', default: '50' },
    all: { type: 'boolean', short: 'a', about: 'Also those that are rented out, paused or offline' },
  },
  examples: [
    ['coop offers', 'Everything that is free now, the cheapest first.'],
    ["coop offers 'gpu=rtx-4090 price<0.5' -o -reliability", 'The most reliable 4090s below 50 cents.'],
  ],
  run: async (input) => {
    const { flags, args, terminal } = input;
    const limit = wholeNumber(flags.limit, '--limit');
    const { client } = await openSession(input);
    const found: Offer[] = [];
    const query = {
      ...(args[0] !== undefined && { q: args[0] }),
      ...(flags.sort !== undefined && { sort: flags.sort }),
    };
    let hidden = 0;
    for await (const offer of everyItem((page) =>
      client.market.offers({ ...query, ...page, limit: Math.min(limit, 200) }),
    )) {
      if (!flags.all && offer.availability !== 'free') hidden += 1;
      else found.push(offer);
      if (found.length >= limit) break;
    }
    if (terminal.json) return terminal.printJson(found);
    if (found.length > 0) terminal.print(renderOffers(found, terminal.look, terminal.width, terminal.nowMs()));
    else terminal.aside(nothingWords(args[0], hidden));
    if (hidden > 0) terminal.aside(terminal.asideLook.dim(`${hidden} more not free now; --all shows them.`));
  },
});

function nothingWords(asked: string | undefined, hidden: number): string {
  if (asked !== undefined) return 'Nothing that is free now meets this.';
  return hidden > 0 ? 'Nothing is free now.' : 'No machine is on the market. coop machine add makes a computer one.';
}

export function wholeNumber(text: string, at: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CoopError('invalid_request', `"${text}" is not a whole number.`, { at });
  return Number(text);
}
