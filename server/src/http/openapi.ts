import type { OpenAPIHono } from '@hono/zod-openapi';
import type { HttpEnv } from './deps.ts';

/** The API as OpenAPI 3.1, from the very routes and schemas that answer. */
export function openApiDocument(app: OpenAPIHono<HttpEnv>, version: string) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Coop',
      version,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      description:
        'A network of rented GPUs. Errors are RFC 9457 problems with a stable `code`, a `hint` and `retryable`. ' +
        'Money is an integer of millionths of a dollar with a decimal string beside it. Lists give `next_cursor`. ' +
        'Creating calls need an `Idempotency-Key`: the same request again has its effect once.',
    },
  });
}
