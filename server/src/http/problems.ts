import { HTTPException } from 'hono/http-exception';
import type { Context } from 'hono';
import { CoopError, toProblem } from '@gpucoop/protocol/problem.ts';
import type { z } from 'zod';
import type { HttpEnv } from './deps.ts';

/** Any error as the problem that the caller sees. What is no CoopError is a defect: logged with its cause, and never shown. */
export function answerError(error: unknown, c: Context<HttpEnv>): Response {
  const known = asCoopError(error);
  if (known.code === 'internal') c.var.log.error({ err: known.cause ?? known }, 'a request failed');
  else if (known.cause !== undefined) c.var.log.info({ err: known.cause, code: known.code }, known.message);
  return problemResponse(known, c.var.requestId);
}

export function problemResponse(error: CoopError, requestId: string, headers: Record<string, string> = {}): Response {
  const problem = toProblem(error, requestId);
  const retryAfter = error.details?.retry_after_s ?? (problem.status === 503 ? 1 : undefined);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(typeof retryAfter === 'number' && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...(problem.status === 401 && { 'www-authenticate': 'Bearer realm="coop"' }),
      ...headers,
    },
  });
}

export function asCoopError(error: unknown): CoopError {
  if (error instanceof CoopError) return error;
  if (error instanceof HTTPException) return fromHono(error);
  if (isDatabaseDown(error)) {
    return new CoopError('unavailable', 'The database of the network does not answer.', {
      hint: 'Try again shortly.',
      cause: error,
    });
  }
  return new CoopError('internal', 'Coop failed; this is a defect of ours.', {
    hint: 'Try again; if it stays, report it with the request id.',
    cause: error,
  });
}

/** The first issue in words, with its place; all of them in `details`. */
export function validationError(target: string, error: z.core.$ZodError): CoopError {
  const issues = error.issues.flatMap((issue) => readable(issue, []));
  const first = issues[0] ?? { at: '', message: 'is not valid' };
  const where = target === 'json' ? 'body' : target === 'param' ? 'path' : target;
  const place = first.at === '' ? where : first.at;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new CoopError('invalid_request', `${place}: ${first.message}${more}`, {
    at: first.at === '' ? where : `${where}.${first.at}`,
    hint: 'GET /docs shows the shape of every request.',
    details: { issues: issues.slice(0, 20) },
  });
}

type Issue = { at: string; message: string };

function readable(issue: z.core.$ZodIssue, under: PropertyKey[]): Issue[] {
  const path = [...under, ...issue.path];
  const at = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ at: [...path, key].map(String).join('.'), message: 'no such field' }));
  }
  // Of a union, the branch that came furthest is most likely what was meant.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.map((errors) => errors.flatMap((error) => readable(error, path)));
    return branches.toSorted((a, b) => a.length - b.length)[0] ?? [{ at, message: issue.message }];
  }
  const message = issue.message
    .replace(/^Invalid input: expected (\w+), received undefined$/, 'is missing')
    .replace(/^Invalid input: expected (\w+), received (\w+)$/, 'must be $1, not $2')
    .replace(/^Invalid option: expected one of /, 'must be one of ')
    .replace(/^Too (small|big): expected \w+ to (have|be) /, 'must $2 ');
  return [{ at, message }];
}

function fromHono(error: HTTPException): CoopError {
  if (error.status === 413) return new CoopError('payload_too_large', 'The request is larger than is taken here.');
  if (error.status === 415) {
    return new CoopError('invalid_request', 'The content type is not taken here.', {
      hint: 'Send JSON as application/json.',
      at: 'content-type',
    });
  }
  if (error.status < 500) {
    return new CoopError('invalid_request', error.message || 'The request could not be read.', {
      at: 'body',
      cause: error.cause,
    });
  }
  return new CoopError('internal', 'Coop failed; this is a defect of ours.', { cause: error });
}

/** Socket errors and PostgreSQL's own "not now": starting up, shutting down, too many connections. */
function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03', '53300', '08006'].includes(
    String(error.code),
  );
}
