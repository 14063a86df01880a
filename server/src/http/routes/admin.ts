import { Readable } from 'node:stream';
import { z } from '@hono/zod-openapi';
import {
  GrantRequest,
  Inspection,
  PageQuery,
  ResumeQuery,
  SuspensionRequest,
  UserPage,
} from '@gpucoop/protocol/api.ts';
import { Balance } from '@gpucoop/protocol/resources.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { effectId } from '../idempotent.ts';
import { callerOf, json, jsonBody, nothing, pageOf } from './shape.ts';

const tags = ['Administration'];
const subjectParams = z.object({ subject: z.string().min(1).max(64).describe('A user or a machine') });

export function adminRoutes({ route }: Api, { rooms: { admin }, clock }: HttpDeps): void {
  route(
    {
      operationId: 'admin.grant',
      method: 'post',
      path: '/v1/admin/grants',
      summary: 'Grant credit',
      description: 'A ledger transfer and a public, signed statement with its reason.',
      tags,
      request: { body: jsonBody(GrantRequest) },
      responses: { 201: json(Balance, "The user's balance after it") },
    },
    async (c) => {
      const { userId } = callerOf(c);
      // The ledger refuses a second transfer of the same id: granted once even when the answer was lost before it was kept.
      return c.json(await admin.grant(userId, { ...c.req.valid('json'), id: effectId(c) }), 201);
    },
  );

  route(
    {
      operationId: 'admin.suspend',
      method: 'post',
      path: '/v1/admin/suspensions',
      summary: 'Suspend a user or a machine',
      tags,
      request: { body: jsonBody(SuspensionRequest) },
      responses: { 204: nothing('Suspended; what ran was stopped') },
    },
    async (c) => {
      const { subject, reason } = c.req.valid('json');
      await admin.suspend(callerOf(c).userId, subject, reason);
      return c.body(null, 204);
    },
  );

  route(
    {
      operationId: 'admin.resume',
      method: 'delete',
      path: '/v1/admin/suspensions/{subject}',
      summary: 'Lift a suspension',
      tags,
      request: { params: subjectParams, query: ResumeQuery },
      responses: { 204: nothing('Not suspended any more') },
    },
    async (c) => {
      await admin.resume(callerOf(c).userId, c.req.valid('param').subject, c.req.valid('query').reason);
      return c.body(null, 204);
    },
  );

  route(
    {
      operationId: 'admin.users',
      method: 'get',
      path: '/v1/admin/users',
      summary: 'All users',
      tags,
      request: { query: PageQuery },
      responses: { 200: json(UserPage, 'Oldest first') },
    },
    async (c) => c.json(await admin.users(pageOf(c.req.valid('query'))), 200),
  );

  route(
    {
      operationId: 'admin.inspect',
      method: 'get',
      path: '/v1/admin/inspect',
      summary: 'What is wrong with the books',
      tags,
      responses: { 200: json(Inspection, 'No problems is good') },
    },
    async (c) => c.json(await admin.inspect(), 200),
  );

  route(
    {
      operationId: 'admin.backup',
      method: 'get',
      path: '/v1/admin/backup',
      summary: 'A consistent archive of the database',
      tags,
      responses: {
        200: { description: 'For `coop restore`', content: { 'application/octet-stream': { schema: z.string() } } },
      },
    },
    async () => {
      const archive = await admin.backup();
      const name = `coop-${clock.now().toISOString().replace(/[:.]/g, '-')}.backup`;
      return new Response(Readable.toWeb(archive) as ReadableStream, {
        headers: {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${name}"`,
        },
      });
    },
  );
}
