import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { html } from './page.ts';

/** Swagger UI from its own package: no other host is asked, and no script stands in the page. */
const packageDir = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const types = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
  'start.js': 'text/javascript; charset=utf-8',
} as const;
type Name = keyof typeof types;
export const docsFileNames = Object.keys(types) as [Name, ...Name[]];

const start = `SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null, docExpansion: 'list', defaultModelsExpandDepth: 0,
  tagsSorter: 'alpha', supportedSubmitMethods: ['get', 'post', 'put', 'patch', 'delete'], persistAuthorization: false
});
`;

export function docsPage(network: string): Response {
  return html({
    title: `API of ${network}`,
    head: '<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png">',
    body:
      '<div id="api"><p>The page needs JavaScript; <a href="/openapi.json">openapi.json</a> is the same for programs.</p></div>' +
      '<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>',
    // Swagger UI draws its icons from data: URLs and sets styles from script, which style-src does not touch.
    policy:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
}

export function docsFile(name: Name): Response {
  const headers = { 'content-type': types[name], 'cache-control': 'public, max-age=3600' };
  if (name === 'start.js') return new Response(start, { headers });
  return new Response(Readable.toWeb(createReadStream(join(packageDir, name))) as ReadableStream, { headers });
}
