import { etag } from 'hono/etag';
import { DemandList, OfferPage, OfferQuery, PolicyAnswer, QuoteRequest } from '@gpucoop/protocol/api.ts';
import { Offer, Quote } from '@gpucoop/protocol/resources.ts';
import { policyHash, policyJson } from '@gpucoop/policy/policy.ts';
import { parseSpecFile } from '@gpucoop/protocol/spec-file.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { callerOf, idParam, json, jsonBody, pageOf } from './shape.ts';

const tags = ['Market'];

export function marketRoutes({ app, route }: Api, { rooms: { market }, policy }: HttpDeps): void {
  // What everybody polls: unchanged, it costs a header.
  app.use('/v1/offers', etag());
  app.use('/v1/policy', etag());

  route(
    {
      operationId: 'market.offers',
      method: 'get',
      path: '/v1/offers',
      summary: 'What is on the market',
      tags,
      request: { query: OfferQuery },
      responses: { 200: json(OfferPage, 'Cheapest first, or as `sort` says') },
    },
    async (c) => {
      const { q, sort, ...page } = c.req.valid('query');
      c.header('cache-control', 'no-cache');
      return c.json(await market.offers({ q: q ?? null, sort: sort ?? null, ...pageOf(page) }), 200);
    },
  );

  route(
    {
      operationId: 'market.offer',
      method: 'get',
      path: '/v1/offers/{id}',
      summary: 'One offer',
      tags,
      request: { params: idParam('Offer') },
      responses: { 200: json(Offer, 'The offer as it is now') },
    },
    async (c) => c.json(await market.offer(c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'market.demand',
      method: 'get',
      path: '/v1/demand',
      summary: 'Orders that wait, by device class',
      tags,
      responses: { 200: json(DemandList, 'For providers to see what is wanted') },
    },
    async (c) => c.json({ items: await market.demand() }, 200),
  );

  route(
    {
      operationId: 'policy',
      method: 'get',
      path: '/v1/policy',
      summary: 'The economic rules of this network',
      tags,
      responses: { 200: json(PolicyAnswer, 'The policy and its hash, which stands on every quote') },
    },
    (c) => c.json({ hash: policyHash(policy), policy: policyJson(policy) }, 200),
  );

  route(
    {
      operationId: 'market.quote',
      method: 'post',
      path: '/v1/quotes',
      summary: 'What a spec would cost, where, and why not elsewhere',
      description: 'No matching offer is no error: `options` is then empty and `explanation` says what would help.',
      tags,
      request: { body: jsonBody(QuoteRequest) },
      responses: { 201: json(Quote, 'A promise until `expires_at`') },
    },
    async (c) => {
      const { spec, spec_yaml, explain } = c.req.valid('json');
      return c.json(await market.quote(callerOf(c).userId, spec ?? parseSpecFile(spec_yaml!).spec, explain), 201);
    },
  );

  route(
    {
      operationId: 'market.quoteById',
      method: 'get',
      path: '/v1/quotes/{id}',
      summary: 'A quote of yours',
      tags,
      request: { params: idParam('Quote') },
      responses: { 200: json(Quote, 'With offers as they are now') },
    },
    async (c) => c.json(await market.quoteById(callerOf(c).userId, c.req.valid('param').id), 200),
  );
}
