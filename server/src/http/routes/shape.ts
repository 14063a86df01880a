import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Caller } from '../../rooms.ts';
import type { HttpEnv } from '../deps.ts';

/** Small words for declaring routes. */

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

export const nothing = (description: string) => ({ description });

export const idParam = (of: string) => z.object({ id: z.string().min(1).max(128).describe(of) });

/** The caller of a route that lets nobody else in. */
export const callerOf = (c: Context<HttpEnv>): Caller => c.var.caller!;

export const pageOf = (query: { cursor?: string | undefined; limit: number }) => ({
  cursor: query.cursor ?? null,
  limit: query.limit,
});
