import { LedgerPage, PageQuery } from '@gpucoop/protocol/api.ts';
import { Balance } from '@gpucoop/protocol/resources.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { callerOf, json, pageOf } from './shape.ts';

const tags = ['Money'];

export function moneyRoutes({ route }: Api, { rooms: { money } }: HttpDeps): void {
  route(
    {
      operationId: 'money.balance',
      method: 'get',
      path: '/v1/balance',
      summary: 'What you have, hold, earned and spent',
      tags,
      responses: { 200: json(Balance, 'In millionths of a dollar, and in dollars') },
    },
    async (c) => c.json(await money.balance(callerOf(c).userId), 200),
  );

  route(
    {
      operationId: 'money.ledger',
      method: 'get',
      path: '/v1/ledger',
      summary: 'Every transfer of yours, and what it was for',
      tags,
      request: { query: PageQuery },
      responses: { 200: json(LedgerPage, 'Newest first') },
    },
    async (c) => c.json(await money.ledger(callerOf(c).userId, pageOf(c.req.valid('query'))), 200),
  );
}
