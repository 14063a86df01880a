import { OpenAPIHono, type RouteConfig, type RouteHandler } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { CoopError, Problem } from '@gpucoop/protocol/problem.ts';
import { accessOf, routeIds, type Access, type RouteId } from './access.ts';
import type { HttpDeps, HttpEnv } from './deps.ts';
import { guard } from './guard.ts';
import { idempotent } from './idempotent.ts';
import { validationError } from './problems.ts';
import { createRateLimiter } from './rate-limit.ts';
import { refuseUnstorableText } from './storable-text.ts';

/** Routes are declared through this, so that none can be without its row of the access table. */
export type Api = {
  app: OpenAPIHono<HttpEnv>;
  route<Config extends RouteConfig & { operationId: RouteId }>(
    config: Config,
    handler: RouteHandler<Config, HttpEnv>,
  ): void;
  /** Throws when the table and the routes differ. */
  assertComplete(): void;
};

const MAX_JSON_BYTES = 2 * 1024 * 1024;

export function createApi(deps: HttpDeps): Api {
  const app = new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw validationError(result.target, result.error);
      refuseUnstorableText(result.target, result.data);
    },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'coop_<id>_<secret>',
  });
  const limiter = createRateLimiter(() => deps.clock.now().getTime(), deps.config.rates);
  const declared = new Set<RouteId>();

  return {
    app,
    route: (config, handler) => {
      const id = config.operationId;
      if (!routeIds.includes(id)) throw new Error(`the route ${id} has no row in the access table`);
      if (declared.has(id)) throw new Error(`the route ${id} is declared twice`);
      declared.add(id);
      const row = accessOf(id);
      const path = config.path.replaceAll(/\{(.+?)\}/g, ':$1');
      app.on([config.method], [path], async (c, next) => {
        c.set('routeId', id);
        await next();
      });
      app.on([config.method], [path], guard(id, deps, limiter));
      if (!takesStream(config))
        app.on([config.method], [path], limitedBody(deps.config.maxJsonBytes ?? MAX_JSON_BYTES));
      if (row.idempotent !== false)
        app.on([config.method], [path], idempotent(deps.idempotency, row.idempotent === 'sealed'));
      app.openapi(described(config, row), handler);
    },
    assertComplete: () => {
      const missing = routeIds.filter((id) => !declared.has(id));
      if (missing.length > 0) throw new Error(`the access table has rows without a route: ${missing.join(', ')}`);
    },
  };
}

function limitedBody(maxBytes: number) {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new CoopError('payload_too_large', `The body may hold at most ${maxBytes} bytes.`, {
        details: { max_bytes: maxBytes },
      });
    },
  });
}

const takesStream = (config: RouteConfig): boolean => config.request?.body?.content['application/x-tar'] !== undefined;

/** With what the access table says, so that the page for people cannot disagree with it. */
function described<Config extends RouteConfig>(config: Config, row: Access): Config {
  const words = [
    config.description,
    row.who === 'admin' && 'Administrators only.',
    row.scope !== undefined && `Scope: \`${row.scope}\`.`,
    row.idempotent !== false && 'Needs an `Idempotency-Key`.',
    row.idempotent === 'sealed' &&
      'The secret is shown to the asking key only, for a day, when it repeats the same request.',
    row.limit !== 'none' && `Rate limit: \`${row.limit}\`.`,
  ];
  return {
    ...config,
    description: words.filter((word) => typeof word === 'string').join('\n\n'),
    security: row.who === 'user' || row.who === 'admin' ? [{ key: [] }] : [],
    ...(row.idempotent !== false && { parameters: [idempotencyHeader] }),
    responses: {
      ...config.responses,
      default: { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } },
    },
  };
}

const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: true,
  schema: { type: 'string' as const, maxLength: 200 },
};
