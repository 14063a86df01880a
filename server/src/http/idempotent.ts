import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Idempotency } from '../users/idempotency.ts';
import type { HttpEnv } from './deps.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;

/**
 * Carries a creating request out once per Idempotency-Key, and gives the same answer to all who send it again. An answer that
 * holds a secret is kept encrypted and given only to the very key that asked first.
 */
export function idempotent(idempotency: Idempotency, sealed: boolean): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const caller = c.var.caller!; // the guard before let nobody else through
    const key = c.req.header('idempotency-key');
    if (key === undefined || !KEY.test(key)) {
      throw new CoopError(
        'idempotency_key_missing',
        'This request needs the header Idempotency-Key: 1 to 200 printable characters.',
        {
          at: 'header.idempotency-key',
          hint: 'Use a fresh random value for each new request, and the same one when you repeat it.',
        },
      );
    }
    const url = new URL(c.req.url);
    const claim = await idempotency.claim({
      userId: caller.userId,
      key,
      content: [
        c.req.method,
        url.pathname,
        url.search,
        new Uint8Array(await c.req.arrayBuffer()),
        sealed ? caller.keyId : '',
      ],
      sealed,
    });
    if (claim.kind === 'answered') {
      const { status, body } = claim.answer;
      return new Response(body === null ? null : JSON.stringify(body), {
        status,
        headers: { 'idempotent-replayed': 'true', ...(body !== null && { 'content-type': 'application/json' }) },
      });
    }
    await next();
    if (!c.res.ok) return await claim.abandon();
    const text = await c.res.clone().text();
    await claim.keep({ status: c.res.status, body: text === '' ? null : JSON.parse(text) });
  };
}

/**
 * The id of what a request brings about, for the room that carries it out: the same request has the same effect once, even when
 * its answer was lost before it was kept.
 */
export function effectId(c: Context<HttpEnv>): string {
  return createHash('sha256')
    .update(`${c.var.caller!.userId} ${c.req.header('idempotency-key')}`)
    .digest('hex')
    .slice(0, 32);
}
