import { z } from '@hono/zod-openapi';
import { EnrolRequest, EnrolResponse, LinkChallenge } from '@gpucoop/protocol/agent-api.ts';
import {
  JoinToken,
  JoinTokenRequest,
  LinkChallengeRequest,
  ListingRequest,
  MachinePage,
  MachineQuery,
  TermsRequest,
} from '@gpucoop/protocol/api.ts';
import { DoctorCheck, Earnings, Machine, type MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { callerOf, idParam, json, jsonBody, pageOf } from './shape.ts';

const tags = ['Machines'];
const params = idParam('Machine');
const Checks = z.object({ items: z.array(DoctorCheck) });

export function machineRoutes({ route }: Api, { rooms: { machines }, links }: HttpDeps): void {
  route(
    {
      operationId: 'machines.createJoinToken',
      method: 'post',
      path: '/v1/machines/join-tokens',
      summary: 'A token with which one machine may join',
      tags,
      request: { body: jsonBody(JoinTokenRequest) },
      responses: { 201: json(JoinToken, 'Shown once') },
    },
    async (c) => c.json(await machines.createJoinToken(callerOf(c).userId, c.req.valid('json')), 201),
  );

  route(
    {
      operationId: 'machines.list',
      method: 'get',
      path: '/v1/machines',
      summary: 'Your machines',
      tags,
      request: { query: MachineQuery },
      responses: { 200: json(MachinePage, 'With their offers and leases') },
    },
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await machines.list(callerOf(c).userId, { ...pageOf(query), removed: query.removed }), 200);
    },
  );

  route(
    {
      operationId: 'machines.get',
      method: 'get',
      path: '/v1/machines/{id}',
      summary: 'A machine of yours',
      tags,
      request: { params },
      responses: { 200: json(Machine, 'As last seen') },
    },
    async (c) => c.json(await machines.get(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'machines.setTerms',
      method: 'patch',
      path: '/v1/machines/{id}/terms',
      summary: 'Change what you ask and allow',
      description: 'Only what is given changes. Leases that run keep their price.',
      tags,
      request: { params, body: jsonBody(TermsRequest) },
      responses: { 200: json(Machine, 'With the new terms') },
    },
    async (c) => {
      const terms = c.req.valid('json') as Partial<MachineTerms>; // zod writes absent fields as undefined; here they are absent
      return c.json(await machines.setTerms(callerOf(c).userId, c.req.valid('param').id, terms), 200);
    },
  );

  route(
    {
      operationId: 'machines.setListing',
      method: 'post',
      path: '/v1/machines/{id}/listing',
      summary: 'List, pause or drain a machine',
      description: '`draining` ends its leases with notice.',
      tags,
      request: { params, body: jsonBody(ListingRequest) },
      responses: { 200: json(Machine, 'With the new listing') },
    },
    async (c) =>
      c.json(await machines.setListing(callerOf(c).userId, c.req.valid('param').id, c.req.valid('json').listing), 200),
  );

  route(
    {
      operationId: 'machines.remove',
      method: 'delete',
      path: '/v1/machines/{id}',
      summary: 'Remove a machine',
      description: 'Its leases end, its agent uninstalls itself, its key is forgotten.',
      tags,
      request: { params },
      responses: { 200: json(Machine, 'Removed') },
    },
    async (c) => c.json(await machines.remove(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'machines.doctor',
      method: 'post',
      path: '/v1/machines/{id}/doctor',
      summary: 'Let the machine examine itself',
      tags,
      request: { params },
      responses: { 200: json(Checks, 'What was found, and what to do') },
    },
    async (c) => c.json({ items: await machines.doctor(callerOf(c).userId, c.req.valid('param').id) }, 200),
  );

  route(
    {
      operationId: 'machines.earnings',
      method: 'get',
      path: '/v1/machines/{id}/earnings',
      summary: 'What a machine earned, lease by lease',
      tags,
      request: { params },
      responses: { 200: json(Earnings, 'Gross, fee and net') },
    },
    async (c) => c.json(await machines.earnings(callerOf(c).userId, c.req.valid('param').id), 200),
  );

  route(
    {
      operationId: 'machines.enrol',
      method: 'post',
      path: '/v1/enrol',
      summary: 'Enrol a new machine with its join token',
      description: 'Called by agents. The token is the authority; the machine signs with the key it just made.',
      tags: ['Agents'],
      request: { body: jsonBody(EnrolRequest) },
      responses: { 201: json(EnrolResponse, 'The machine is known; it may dial in') },
    },
    async (c) => c.json(await machines.enrol(c.req.valid('json')), 201),
  );

  route(
    {
      operationId: 'machines.linkChallenge',
      method: 'post',
      path: '/v1/link/challenge',
      summary: 'Ask for a challenge to open a link',
      description: 'Called by agents. The link itself is the WebSocket `/v1/link`.',
      tags: ['Agents'],
      request: { body: jsonBody(LinkChallengeRequest) },
      responses: { 200: json(LinkChallenge, 'Good for one link') },
    },
    async (c) => c.json(await links.challenge(c.req.valid('json').machine_id), 200),
  );
}
