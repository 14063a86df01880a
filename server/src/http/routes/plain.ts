import { Readable } from 'node:stream';
import { z } from '@hono/zod-openapi';
import { etag } from 'hono/etag';
import { Health } from '@gpucoop/protocol/api.ts';
import type { Served } from '../../machines/join.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { docsFile, docsFileNames, docsPage } from '../docs-page.ts';
import { frontPage } from '../front-page.ts';
import { openApiDocument } from '../openapi.ts';
import { json } from './shape.ts';

const tags = ['About this server'];
const text = (type: string, description: string) => ({ description, content: { [type]: { schema: z.string() } } });

export function plainRoutes({ app, route }: Api, deps: HttpDeps): void {
  const { readiness, metrics, policy, config, join } = deps;
  app.use('/openapi.json', etag());

  route(
    {
      operationId: 'healthz',
      method: 'get',
      path: '/healthz',
      summary: 'The process lives',
      tags,
      responses: { 200: json(Health, 'It does') },
    },
    (c) => c.json({ status: 'ok' as const, checks: {} }, 200),
  );

  route(
    {
      operationId: 'readyz',
      method: 'get',
      path: '/readyz',
      summary: 'The server can do its work',
      tags,
      responses: { 200: json(Health, 'It can'), 503: json(Health, 'It cannot: each check says why') },
    },
    async (c) => {
      const checks = await readiness();
      const ok = Object.values(checks).every((found) => found === 'ok');
      return ok ? c.json({ status: 'ok' as const, checks }, 200) : c.json({ status: 'failing' as const, checks }, 503);
    },
  );

  route(
    {
      operationId: 'metrics',
      method: 'get',
      path: '/metrics',
      summary: 'Numbers for Prometheus',
      description: 'On a public network for administrators, and for whoever asks from the same computer.',
      tags,
      responses: { 200: text('text/plain', 'Text format') },
    },
    async () => {
      const { body, contentType } = await metrics.render();
      return new Response(body, { headers: { 'content-type': contentType } });
    },
  );

  route(
    {
      operationId: 'openapi',
      method: 'get',
      path: '/openapi.json',
      summary: 'This API, for programs',
      tags,
      responses: { 200: { description: 'OpenAPI 3.1' } },
    },
    (c) => c.json(openApiDocument(app, config.version)),
  );

  route(
    {
      operationId: 'docs',
      method: 'get',
      path: '/docs',
      summary: 'This API, for people',
      tags,
      responses: { 200: text('text/html', 'A page') },
    },
    () => docsPage(policy.name),
  );

  route(
    {
      operationId: 'docs.file',
      method: 'get',
      path: '/docs/{name}',
      summary: 'What the page needs',
      tags,
      request: { params: z.object({ name: z.enum(docsFileNames) }) },
      responses: { 200: { description: 'A file' } },
    },
    (c) => docsFile(c.req.valid('param').name),
  );

  route(
    {
      operationId: 'front',
      method: 'get',
      path: '/',
      summary: 'What this is',
      tags,
      responses: { 200: text('text/html', 'A page') },
    },
    () => frontPage(policy, config.version),
  );

  const joining = ['Agents'];
  const served = { 200: { description: 'A file' } };
  route(
    {
      operationId: 'join.script',
      method: 'get',
      path: '/join.sh',
      summary: 'The script that makes a computer a machine of this network',
      tags: joining,
      responses: served,
    },
    async () => answer(await join.script()),
  );
  route(
    {
      operationId: 'join.agent',
      method: 'get',
      path: '/agent/agent.mjs',
      summary: 'The agent',
      tags: joining,
      responses: served,
    },
    async (c) => answer(await join.agent(c.req.header('accept-encoding') ?? null)),
  );
  route(
    {
      operationId: 'join.node',
      method: 'get',
      path: '/agent/node',
      summary: 'A Node to run it with',
      tags: joining,
      responses: served,
    },
    async (c) => answer(await join.node(c.req.header('accept-encoding') ?? null)),
  );
}

function answer({ status, headers, body }: Served): Response {
  return new Response(typeof body === 'string' ? body : (Readable.toWeb(body) as ReadableStream), { status, headers });
}
