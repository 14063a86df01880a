import { CoopError, Problem, problems, type ProblemCode } from '@gpucoop/protocol/problem.ts';

/** The server's problem as the error it was, so that callers see one kind of error wherever it arose. */
export function errorFromProblem(problem: Problem): CoopError {
  return new CoopError(problem.code, problem.detail, {
    ...(problem.hint !== undefined && { hint: problem.hint }),
    ...(problem.at !== undefined && { at: problem.at }),
    details: { ...problem.details, ...(problem.request_id !== undefined && { request_id: problem.request_id }) },
  });
}

/** From an answer that is no success. A proxy's own page, or a code of a newer server, becomes the nearest code by its status. */
export function errorFromAnswer(status: number, body: string, server: string): CoopError {
  const parsed = Problem.safeParse(tryJson(body));
  if (parsed.success) return errorFromProblem(parsed.data);
  return new CoopError(
    nearestCode(status),
    `${server} answered with status ${status} and no problem that Coop knows.`,
    {
      hint: 'Is this the address of a Coop network? A proxy in between may also answer so.',
      details: { status, body: body.slice(0, 200) },
    },
  );
}

export function unreachable(server: string, cause: unknown): CoopError {
  return new CoopError('unavailable', `${server} does not answer.`, {
    hint: 'Check the address and that the network is up.',
    cause,
  });
}

export function cutOff(server: string, cause: unknown): CoopError {
  return new CoopError('unavailable', `The connection through ${server} was cut.`, { hint: 'Try again.', cause });
}

export const isRetryable = (error: unknown): boolean => error instanceof CoopError && problems[error.code].retryable;

function nearestCode(status: number): ProblemCode {
  if (status === 502 || status === 503) return 'unavailable';
  if (status >= 500) return status === 504 ? 'timeout' : 'internal';
  const known = (Object.keys(problems) as ProblemCode[]).find((code) => problems[code].status === status);
  return known ?? 'invalid_request';
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
