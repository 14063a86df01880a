import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Terminal } from './terminal.ts';

/**
 * `--explain`: every API call as the curl line that does the same, on stderr. It listens to what Node's HTTP clients announce, so
 * it shows what was really sent. The key stands as $COOP_API_KEY, and secrets are left out.
 */
export function explainCalls(server: string, terminal: Pick<Terminal, 'aside' | 'asideLook'>): void {
  const origin = new URL(server).origin;
  const bodies = new WeakMap<object, Buffer[]>();
  const say = (request: Request, body: string): void =>
    terminal.aside(terminal.asideLook.dim(curlLine(origin, request, body)));

  on<{ request: Request }>('undici:request:create', ({ request }) => {
    if (String(request.origin) !== origin) return;
    if (request.body === null || request.body === undefined) say(request, '');
    else bodies.set(request, []);
  });
  on<{ request: Request; chunk: Uint8Array | string }>('undici:request:bodyChunkSent', ({ request, chunk }) => {
    bodies.get(request)?.push(Buffer.from(chunk as Uint8Array));
  });
  on<{ request: Request }>('undici:request:bodySent', ({ request }) => {
    const chunks = bodies.get(request);
    bodies.delete(request);
    if (chunks !== undefined) say(request, Buffer.concat(chunks).toString('utf8'));
  });
  // exec and port are WebSockets, which curl does not speak.
  on<{ request: ClientRequest }>('http.client.request.start', ({ request }) => {
    if (request.getHeader('upgrade') !== undefined)
      terminal.aside(terminal.asideLook.dim(`WebSocket ${origin.replace(/^http/, 'ws')}${request.path}`));
  });
}

type Request = { origin: string | URL; method: string; path: string; headers: string[]; body: unknown };

const on = <Message>(channel: string, listener: (message: Message) => void): void =>
  subscribe(channel, (message) => listener(message as Message));

const SHOWN_HEADERS = new Set(['content-type', 'idempotency-key', 'last-event-id', 'accept']);

export function curlLine(
  origin: string,
  { method, path, headers }: Pick<Request, 'method' | 'path' | 'headers'>,
  body: string,
): string {
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quote(`${origin}${path}`)];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (name === 'authorization') parts.push('-H', '"Authorization: Bearer $COOP_API_KEY"');
    else if (SHOWN_HEADERS.has(name) && headers[i + 1] !== '*/*') parts.push('-H', quote(`${name}: ${headers[i + 1]}`));
  }
  const isTar = method !== 'GET' && headers.includes('application/x-tar');
  if (isTar) parts.push('-T', 'files.tar');
  else if (body !== '') parts.push('-d', quote(withoutSecrets(body)));
  return parts.join(' ');
}

function withoutSecrets(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), (name, value: unknown) => {
      if (name === 'secrets' && typeof value === 'object' && value !== null) {
        return Object.fromEntries(Object.keys(value).map((key) => [key, '…']));
      }
      return name === 'password' ? '…' : value;
    });
  } catch {
    return body;
  }
}

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
