import { EvidencePage, ExtendRequest, OrderRequest, PageQuery, RunPage, RunQuery } from '@gpucoop/protocol/api.ts';
import { LeaseStats } from '@gpucoop/protocol/agent-api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { Run } from '@gpucoop/protocol/resources.ts';
import { runStates, type RunState } from '@gpucoop/protocol/states.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { effectId } from '../idempotent.ts';
import { callerOf, idParam, json, jsonBody, pageOf } from './shape.ts';

const tags = ['Runs'];
const params = idParam('Run');

export function runRoutes({ route }: Api, { rooms: { runs, evidence } }: HttpDeps): void {
  route(
    {
      operationId: 'runs.place',
      method: 'post',
      path: '/v1/runs',
      summary: 'Accept a quote and run it',
      description:
        'The statement is an `order` signed by one of your keys; nothing dearer or longer than it says is ever charged. ' +
        'Secrets are kept encrypted until the run has ended.',
      tags,
      request: { body: jsonBody(OrderRequest) },
      responses: { 201: json(Run, 'Reserved and held, or queued') },
    },
    async (c) => c.json(await runs.place(callerOf(c).userId, c.req.valid('json')), 201),
  );

  route(
    {
      operationId: 'runs.list',
      method: 'get',
      path: '/v1/runs',
      summary: 'Your runs',
      tags,
      request: { query: RunQuery },
      responses: { 200: json(RunPage, 'Newest first') },
    },
    async (c) => {
      const { state, ...page } = c.req.valid('query');
      return c.json(await runs.list(callerOf(c).userId, { states: parseStates(state), ...pageOf(page) }), 200);
    },
  );

  route(
    {
      operationId: 'runs.get',
      method: 'get',
      path: '/v1/runs/{id}',
      summary: 'A run, by id or name',
      tags,
      request: { params },
      responses: { 200: json(Run, 'With all its leases') },
    },
    async (c) => c.json(await runs.get(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'runs.stop',
      method: 'post',
      path: '/v1/runs/{id}/stop',
      summary: 'Stop a run',
      description: 'Stopping twice is stopping once. The stopped container and its files stay for a day.',
      tags,
      request: { params },
      responses: { 200: json(Run, 'Stopping, or ended') },
    },
    async (c) => c.json(await runs.stop(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'runs.extend',
      method: 'post',
      path: '/v1/runs/{id}/extend',
      summary: 'Raise the budget or the longest duration',
      tags,
      request: { params, body: jsonBody(ExtendRequest) },
      responses: { 200: json(Run, 'At the price of its lease') },
    },
    async (c) => {
      const by = { ...c.req.valid('json'), id: effectId(c) };
      return c.json(await runs.extend(callerOf(c).userId, c.req.valid('param').id, by), 200);
    },
  );

  route(
    {
      operationId: 'runs.stats',
      method: 'get',
      path: '/v1/runs/{id}/stats',
      summary: 'What the container uses now',
      tags,
      request: { params },
      responses: { 200: json(LeaseStats, 'As the machine says') },
    },
    async (c) => c.json(await runs.stats(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'runs.evidence',
      method: 'get',
      path: '/v1/runs/{id}/evidence',
      summary: 'The signed statements of a run',
      description:
        'Order, lease terms, meter lines and receipts: from these every charge can be recomputed. For its renter and its providers.',
      tags,
      request: { params, query: PageQuery },
      responses: { 200: json(EvidencePage, 'Oldest first') },
    },
    async (c) => {
      const page = await evidence.ofRun(callerOf(c).userId, c.req.valid('param').id, pageOf(c.req.valid('query')));
      return c.json(page as { items: never[]; next_cursor: string | null }, 200); // bodies differ by kind, which JSON's type cannot say
    },
  );
}

function parseStates(text: string | undefined): RunState[] | null {
  if (text === undefined || text === '') return null;
  const wanted = text.split(',').map((state) => state.trim());
  const unknown = wanted.find((state) => !(runStates as string[]).includes(state));
  if (unknown === undefined) return wanted as RunState[];
  throw new CoopError('invalid_request', `state: there is no state ${unknown}`, {
    at: 'query.state',
    hint: `States are ${runStates.join(', ')}.`,
  });
}
