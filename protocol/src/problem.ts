import { z } from 'zod';

/**
 * The closed list of errors. A code is interface: it never changes its meaning.
 * `retryable` says whether the very same request may succeed later.
 */
export const problems = {
  invalid_request: { status: 400, retryable: false, title: 'The request is not valid' },
  invalid_spec: { status: 400, retryable: false, title: 'The spec is not valid' },
  invalid_policy: { status: 400, retryable: false, title: 'The policy is not valid' },
  invalid_expression: { status: 400, retryable: false, title: 'The expression is not valid' },
  invalid_signature: { status: 400, retryable: false, title: 'The signature does not verify' },
  idempotency_key_missing: { status: 400, retryable: false, title: 'An Idempotency-Key header is needed' },
  unauthenticated: { status: 401, retryable: false, title: 'Log in first' },
  insufficient_credit: { status: 402, retryable: false, title: 'Not enough credit' },
  forbidden: { status: 403, retryable: false, title: 'Not allowed' },
  suspended: { status: 403, retryable: false, title: 'The account is suspended' },
  not_found: { status: 404, retryable: false, title: 'Not found' },
  method_not_allowed: { status: 405, retryable: false, title: 'No such method here' },
  wrong_state: { status: 409, retryable: false, title: 'Not possible in this state' },
  idempotency_key_reused: { status: 409, retryable: false, title: 'The Idempotency-Key was used for another request' },
  in_progress: { status: 409, retryable: true, title: 'The same request is being carried out' },
  no_match: { status: 409, retryable: true, title: 'No machine matches' },
  offer_taken: { status: 409, retryable: true, title: 'The offer was taken by somebody else' },
  price_changed: { status: 409, retryable: true, title: 'The price is above the maximum' },
  quote_expired: { status: 410, retryable: false, title: 'The quote has expired' },
  token_expired: { status: 410, retryable: false, title: 'The token has expired or was used' },
  machine_removed: { status: 410, retryable: false, title: 'The machine was removed from the network' },
  payload_too_large: { status: 413, retryable: false, title: 'The request is too large' },
  rate_limited: { status: 429, retryable: true, title: 'Too many requests' },
  machine_unreachable: { status: 503, retryable: true, title: 'The machine does not answer' },
  unavailable: { status: 503, retryable: true, title: 'The server cannot answer now' },
  timeout: { status: 504, retryable: true, title: 'The machine took too long' },
  internal: { status: 500, retryable: true, title: 'Coop failed' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457 problem details, with what a program and a person need to go on. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe('What happened, for a person'),
    code: z.enum(problemCodes),
    hint: z.string().optional().describe('What to do next'),
    retryable: z.boolean(),
    at: z.string().optional().describe('Where in the input: a path, or line and column'),
    request_id: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional().describe('Numbers and lists that belong to the code'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

type CoopErrorOptions = { hint?: string; at?: string; details?: Record<string, unknown>; cause?: unknown };

/** An error that a user can act on. Anything else that is thrown is a defect. */
export class CoopError extends Error {
  override readonly name = 'CoopError';
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly at: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ProblemCode, message: string, options: CoopErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.at = options.at;
    this.details = options.details;
  }
}

export function toProblem(error: CoopError, requestId?: string): Problem {
  const { status, title, retryable } = problems[error.code];
  return {
    type: `urn:coop:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.at !== undefined && { at: error.at }),
    ...(requestId !== undefined && { request_id: requestId }),
    ...(error.details !== undefined && { details: error.details }),
  };
}
