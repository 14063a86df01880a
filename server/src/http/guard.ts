import type { Context, MiddlewareHandler } from 'hono';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Bearer } from '../users/keys.ts';
import { accessOf, type Access, type RouteId } from './access.ts';
import { callerAddress, isLoopback } from './caller-address.ts';
import type { HttpDeps, HttpEnv } from './deps.ts';
import { rateLimitHeaders, tooMany, type RateLimiter } from './rate-limit.ts';

/** Lets a request of one route through when its row in the access table says so. */
export function guard(id: RouteId, deps: HttpDeps, limiter: RateLimiter): MiddlewareHandler<HttpEnv> {
  const row = accessOf(id);
  return async (c, next) => {
    const bearer = await bearerOf(c, row, deps, limiter);
    c.set('caller', bearer?.caller);
    c.set('keyExpiresAt', bearer?.session === false ? bearer.expiresAt : undefined);
    const subject = bearer?.caller.keyId ?? callerAddress(c, deps.config);
    const allowance = limiter.take(row.limit, subject);
    c.set('limitHeaders', rateLimitHeaders(row.limit, allowance));
    if (allowance.retryAfterS > 0) throw tooMany(row.limit, allowance);
    check(c, row, bearer, deps);
    await next();
  };
}

async function bearerOf(
  c: Context<HttpEnv>,
  row: Access,
  deps: HttpDeps,
  limiter: RateLimiter,
): Promise<Bearer | undefined> {
  if (row.who === 'anyone' || row.who === 'machine-token') return undefined;
  const header = c.req.header('authorization');
  if (header === undefined) {
    if (row.who === 'operator') return undefined;
    throw new CoopError('unauthenticated', 'This needs a key.', {
      hint: 'Log in with `coop login`, or send `Authorization: Bearer coop_…`.',
    });
  }
  const address = callerAddress(c, deps.config);
  const refusals = limiter.look('refused', address);
  if (refusals.retryAfterS > 0) throw tooMany('refused', refusals);
  try {
    return await deps.users.authenticate(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
  } catch (error) {
    if (error instanceof CoopError) limiter.take('refused', address);
    throw error;
  }
}

function check(c: Context<HttpEnv>, row: Access, bearer: Bearer | undefined, deps: HttpDeps): void {
  if (row.who === 'anyone' || row.who === 'machine-token') return;
  if (row.who === 'operator' && (deps.config.network === 'local' || isLoopback(c, deps.config))) return;
  if (bearer === undefined) throw new CoopError('unauthenticated', 'This needs the key of an administrator.');
  const { caller } = bearer;
  if (row.who !== 'user' && !caller.isAdmin) throw new CoopError('forbidden', 'Only administrators may do this.');
  if (row.scope !== undefined && !caller.scopes.has(row.scope)) {
    throw new CoopError('forbidden', `The key lacks the scope ${row.scope}.`, {
      hint: 'Use a key that has it; `coop login` gives one that has all of yours.',
      details: { scope: row.scope, held: [...caller.scopes] },
    });
  }
  if (bearer.suspended !== null && row.suspended === 'may not') {
    throw new CoopError('suspended', `The account is suspended: ${bearer.suspended}`, {
      hint: 'You can still read, stop what runs and take your files. Ask the operator of the network.',
    });
  }
}
