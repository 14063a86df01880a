import type { MiddlewareHandler } from 'hono';
import type { HttpDeps, HttpEnv } from './deps.ts';

const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One line and one measurement for each request. Queries are not logged: they may hold what is nobody's business. */
export function observed({ metrics, log }: HttpDeps): MiddlewareHandler<HttpEnv> {
  const observe = metrics.histogram(
    'coop_http_request_duration_seconds',
    'From the request to the head of the answer',
    ['method', 'route', 'status'],
    BUCKETS_S,
  );
  return async (c, next) => {
    const start = performance.now();
    await next();
    const ms = performance.now() - start;
    // By route, never by path: paths are without number.
    const route = c.var.routeId ?? 'none';
    const status = c.env?.accept !== undefined && c.res.ok ? 101 : c.res.status;
    observe({ method: c.req.method, route, status: String(status) }, ms / 1000);
    const level =
      status >= 500 ? 'warn' : route === 'healthz' || route === 'readyz' || route === 'metrics' ? 'debug' : 'info';
    const user_id = c.var.caller?.userId;
    log[level](
      {
        request_id: c.var.requestId,
        method: c.req.method,
        path: c.req.path,
        route,
        status,
        ms: Math.round(ms * 10) / 10,
        user_id,
      },
      'request',
    );
  };
}
