import type { Challenge, Login, Page, PolicyAnswer } from '@gpucoop/protocol/api.ts';
import { loginMessage, type Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { LogLine, Run, RunEvent } from '@gpucoop/protocol/resources.ts';
import { bytesToHex } from './hex.ts';
import type { Bytes, Client, CreateOptions } from './client.ts';
import { signOrder } from './order.ts';
import { resumableStream } from './stream.ts';
import type { Call, Transport } from './transport.ts';

/** Every method of the client as the call that it is. */
export function callsTo(transport: Transport, signer: Signer | undefined): Client {
  const get = <Answer>(path: string, query: Call['query'] = {}) =>
    transport.json<Answer>({ method: 'GET', path, query });
  const post = <Answer>(path: string, body: unknown) =>
    transport.json<Answer>({ method: 'POST', path, body, repeatable: true });
  const create = <Answer>(path: string, body: unknown, options: CreateOptions = {}) =>
    transport.json<Answer>({
      method: 'POST',
      path,
      body,
      idempotencyKey: options.idempotencyKey ?? globalThis.crypto.randomUUID(),
      signal: options.signal,
    });
  const items = async <Item>(path: string) => (await get<{ items: Item[] }>(path)).items;
  const bytes = async (path: string, query: Call['query'] = {}, accept = 'application/x-tar') =>
    (await transport.send({ method: 'GET', path, query, accept })).body as Bytes;
  const place: Client['runs']['place'] = (order, options) => create<Run>('/v1/runs', order, options);

  return {
    server: transport.server,
    auth: {
      login: async ({ name } = {}) => {
        const login = await logIn(transport, signerOr(signer), name);
        transport.useBearer(login.key.secret);
        return login;
      },
      logout: async () => {
        await post<void>('/v1/auth/logout', {});
        transport.useBearer(undefined);
      },
      me: () => get('/v1/me'),
    },
    keys: {
      create: (key, options) => create('/v1/keys', key, options),
      list: () => items('/v1/keys'),
      revoke: (keyId) => transport.json({ method: 'DELETE', path: at`/v1/keys/${keyId}` }),
    },
    market: {
      offers: (query) => get<Page<never>>('/v1/offers', query),
      offer: (offerId) => get(at`/v1/offers/${offerId}`),
      demand: () => items('/v1/demand'),
      quote: (request) => post('/v1/quotes', request),
      quoteById: (quoteId) => get(at`/v1/quotes/${quoteId}`),
    },
    policy: () => get<PolicyAnswer>('/v1/policy'),
    runs: {
      place,
      placeOrder: (quote, options = {}) =>
        place(
          signOrder(quote, options, signerOr(signer), new Date().toISOString()),
          options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey },
        ),
      list: (query) => get('/v1/runs', query),
      get: (idOrName) => get(at`/v1/runs/${idOrName}`),
      stop: (runId) => post(at`/v1/runs/${runId}/stop`, {}),
      extend: (runId, by, options) => create(at`/v1/runs/${runId}/extend`, by, options),
      events: (runId, options = {}) =>
        resumableStream<RunEvent>(transport, {
          call: { method: 'GET', path: at`/v1/runs/${runId}/events` },
          position: (event) => event.id,
          options,
        }),
      logs: (runId, { follow, tail, leaseId, ...options } = {}) =>
        resumableStream<LogLine>(transport, {
          call: { method: 'GET', path: at`/v1/runs/${runId}/logs`, query: { follow, tail, lease_id: leaseId } },
          position: (line) => line.seq,
          options,
        }),
      stats: (runId) => get(at`/v1/runs/${runId}/stats`),
      exec: async (runId, request, { signal } = {}) =>
        (await import('./exec.ts')).openExec(transport, at`/v1/runs/${runId}/exec`, request, signal),
      readFiles: (runId, path) => bytes(at`/v1/runs/${runId}/files`, { path }),
      writeFiles: (runId, path, tar) =>
        transport.json({ method: 'PUT', path: at`/v1/runs/${runId}/files`, query: { path }, stream: tar }),
      connect: async (runId, port, { signal } = {}) =>
        (await import('./port.ts')).openPort(transport, at`/v1/runs/${runId}/ports/${String(port)}`, signal),
      evidence: (runId, query) => get(at`/v1/runs/${runId}/evidence`, query),
    },
    machines: {
      createJoinToken: (wish = {}, options) => create('/v1/machines/join-tokens', wish, options),
      list: (query) => get('/v1/machines', query),
      get: (machineId) => get(at`/v1/machines/${machineId}`),
      setTerms: (machineId, terms) =>
        transport.json({ method: 'PATCH', path: at`/v1/machines/${machineId}/terms`, body: terms }),
      setListing: (machineId, listing) => post(at`/v1/machines/${machineId}/listing`, { listing }),
      remove: (machineId) => transport.json({ method: 'DELETE', path: at`/v1/machines/${machineId}` }),
      doctor: async (machineId) => (await post<{ items: never[] }>(at`/v1/machines/${machineId}/doctor`, {})).items,
      earnings: (machineId) => get(at`/v1/machines/${machineId}/earnings`),
      enrol: (request) => transport.json({ method: 'POST', path: '/v1/enrol', body: request }),
    },
    money: {
      balance: () => get('/v1/balance'),
      ledger: (query) => get('/v1/ledger', query),
    },
    admin: {
      grant: (grant, options) => create('/v1/admin/grants', grant, options),
      suspend: (suspension, options) => create('/v1/admin/suspensions', suspension, options),
      resume: (subject, reason) =>
        transport.json({ method: 'DELETE', path: at`/v1/admin/suspensions/${subject}`, query: { reason } }),
      users: (query) => get('/v1/admin/users', query),
      inspect: () => get('/v1/admin/inspect'),
      backup: () => bytes('/v1/admin/backup', {}, 'application/octet-stream'),
    },
    ready: () => get('/readyz'),
    close: () => transport.close(),
  };
}

async function logIn(transport: Transport, signer: Signer, name: string | undefined): Promise<Login> {
  const public_key = signer.publicKey;
  const challenge = await transport.json<Challenge>({
    method: 'POST',
    path: '/v1/auth/challenge',
    body: { public_key },
    repeatable: true,
  });
  const { nonce, server, expires_at } = challenge;
  const signature = bytesToHex(signer.sign(loginMessage({ nonce, server, expires_at })));
  return await transport.json<Login>({
    method: 'POST',
    path: '/v1/auth/login',
    body: { public_key, nonce, signature, ...(name !== undefined && { name }) },
  });
}

function signerOr(signer: Signer | undefined): Signer {
  if (signer !== undefined) return signer;
  throw new CoopError('unauthenticated', 'This needs a signature, and the client has no key to sign with.', {
    hint: 'Log in with `coop login`, which makes one, or give createClient a `key`.',
  });
}

/** A path with every part escaped. */
function at(texts: TemplateStringsArray, ...parts: string[]): string {
  return texts.reduce((path, text, n) => path + encodeURIComponent(parts[n - 1]!) + text);
}
