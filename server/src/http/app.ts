import { randomBytes } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { encodeBase32 } from '@gpucoop/protocol/ids.ts';
import { createApi } from './api.ts';
import type { HttpDeps, HttpEnv } from './deps.ts';
import { observed } from './observed.ts';
import { answerError, problemResponse } from './problems.ts';
import { adminRoutes } from './routes/admin.ts';
import { authRoutes } from './routes/auth.ts';
import { machineRoutes } from './routes/machines.ts';
import { marketRoutes } from './routes/market.ts';
import { moneyRoutes } from './routes/money.ts';
import { plainRoutes } from './routes/plain.ts';
import { runRoutes } from './routes/runs.ts';
import { runSocketRoutes } from './routes/run-sockets.ts';
import { runStreamRoutes } from './routes/run-streams.ts';

/** The whole HTTP API. Refuses to start when a route lacks its row in the access table. */
export function createApp(deps: HttpDeps): OpenAPIHono<HttpEnv> {
  const api = createApi(deps);
  const { app } = api;

  app.use(async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId =
      given !== undefined && /^[\w.:-]{8,64}$/.test(given) ? given : `req_${encodeBase32(randomBytes(10))}`;
    c.set('requestId', requestId);
    c.set('log', deps.log.child({ request_id: requestId }));
    await next();
    c.header('x-request-id', requestId);
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    for (const [name, value] of Object.entries(c.var.limitHeaders ?? {})) c.header(name, value);
  });
  app.use(observed(deps));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const error = new CoopError('method_not_allowed', `${c.req.method} is not possible here.`, {
          hint: `Possible: ${methods.join(', ')}.`,
        });
        return problemResponse(error, c.get('requestId'), { allow: methods.join(', ') });
      },
    }),
  );

  for (const declare of [
    authRoutes,
    marketRoutes,
    runRoutes,
    runStreamRoutes,
    runSocketRoutes,
    machineRoutes,
    moneyRoutes,
    adminRoutes,
    plainRoutes,
  ]) {
    declare(api, deps);
  }
  api.assertComplete();

  app.notFound((c) =>
    problemResponse(
      new CoopError('not_found', `There is nothing at ${c.req.path}.`, { hint: 'GET /docs shows what there is.' }),
      c.var.requestId,
    ),
  );
  app.onError(answerError);
  return app;
}
