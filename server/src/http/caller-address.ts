import type { Context } from 'hono';
import type { HttpConfig, HttpEnv } from './deps.ts';

/** The address that a request came from. */
export function callerAddress(c: Context<HttpEnv>, config: HttpConfig): string {
  if (config.trustProxy === true) {
    const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
    if (forwarded !== undefined && forwarded !== '') return forwarded;
  }
  return c.env?.incoming?.socket.remoteAddress ?? 'unknown';
}

/** On this very computer. What a proxy passed on is not, wherever the proxy runs, unless the proxy is ours and says so. */
export function isLoopback(c: Context<HttpEnv>, config: HttpConfig): boolean {
  const isForwarded = c.req.header('x-forwarded-for') !== undefined || c.req.header('forwarded') !== undefined;
  if (isForwarded && config.trustProxy !== true) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(callerAddress(c, config));
}
