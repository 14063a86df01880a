import { Offer } from '@gpucoop/protocol/resources.ts'; // before the app: whoever comes first, the schemas are the same
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { access, routeIds, type RouteId } from './access.ts';
import { httpFixture, type Fixture } from './testing/http-fixture.ts';

type Operation = {
  operationId: RouteId;
  description?: string;
  security: unknown[];
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: object };
};

let database: TestDatabase;
let fixture: Fixture;
let document: Document;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
  fixture = httpFixture(database);
  document = (await (await fixture.app.request('/openapi.json')).json()) as Document;
});
afterAll(() => database.close());

const operations = () => Object.values(document.paths).flatMap((path) => Object.values(path));

test('every route is in it, with the access that the table gives it', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(
    operations()
      .map((operation) => operation.operationId)
      .toSorted(),
  ).toEqual(routeIds.toSorted());
  for (const { operationId, security, parameters = [], description } of operations()) {
    const row = access[operationId];
    expect([operationId, security.length > 0]).toEqual([operationId, row.who === 'user' || row.who === 'admin']);
    expect([operationId, parameters.some((parameter) => parameter.name === 'Idempotency-Key')]).toEqual([
      operationId,
      row.idempotent !== false,
    ]);
    if ('scope' in row && row.scope !== undefined) expect(description).toContain(`\`${row.scope}\``);
  }
});

test('shapes have names, and every reference leads somewhere', () => {
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining([
      'Offer',
      'Run',
      'Lease',
      'Quote',
      'Machine',
      'Money',
      'Problem',
      'Statement',
      'OrderRequest',
      'ApiKey',
    ]),
  );
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1]!,
  );
  expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  expect(Object.keys((document.components.schemas['Offer'] as { properties: object }).properties)).toEqual(
    Object.keys(Offer.shape),
  );
  for (const { responses } of operations()) {
    expect(responses['default']?.content?.['application/problem+json']?.schema.$ref).toBe(
      '#/components/schemas/Problem',
    );
  }
});

test('what does not change costs a header', async () => {
  for (const path of ['/openapi.json', '/v1/offers', '/v1/policy']) {
    const etag = (await fixture.app.request(path)).headers.get('etag');
    expect(etag).toBeTruthy();
    expect((await fixture.app.request(path, { headers: { 'if-none-match': etag! } })).status).toBe(304);
  }
});

test('the pages ask no other host and run no script of their own, and say so', async () => {
  for (const path of ['/docs', '/']) {
    const response = await fixture.app.request(path);
    const page = await response.text();
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page).not.toMatch(/https?:\/\/|<script>|\son\w+=/);
    const files = [...page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map((match) => match[1]!);
    for (const file of files) {
      const answer = await fixture.app.request(file);
      expect([file, answer.status, (await answer.arrayBuffer()).byteLength > 100]).toEqual([file, 200, true]);
    }
    if (path === '/docs') expect(files).toHaveLength(4);
  }
  expect((await fixture.app.request('/docs/package.json')).status).toBe(400);
});

test('a server that cannot do its work says which part', async () => {
  expect(await (await fixture.app.request('/healthz')).json()).toEqual({ status: 'ok', checks: {} });
  expect((await fixture.app.request('/readyz')).status).toBe(200);
  const failing = httpFixture(database, { readiness: async () => ({ database: 'connection refused', links: 'ok' }) });
  const response = await failing.app.request('/readyz');
  expect([response.status, await response.json()]).toEqual([
    503,
    { status: 'failing', checks: { database: 'connection refused', links: 'ok' } },
  ]);
});
