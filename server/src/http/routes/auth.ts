import {
  Challenge,
  ChallengeRequest,
  KeyList,
  KeyRequest,
  Login,
  LoginRequest,
  Me,
  NewKey,
} from '@gpucoop/protocol/api.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { KeyScope } from '@gpucoop/protocol/resources.ts';
import type { Api } from '../api.ts';
import type { HttpDeps } from '../deps.ts';
import { callerOf, idParam, json, jsonBody, nothing } from './shape.ts';

const tags = ['Login and keys'];

export function authRoutes({ route }: Api, { users, clock }: HttpDeps): void {
  route(
    {
      operationId: 'auth.challenge',
      method: 'post',
      path: '/v1/auth/challenge',
      summary: 'Ask for a challenge to sign',
      tags,
      request: { body: jsonBody(ChallengeRequest) },
      responses: { 200: json(Challenge, 'Good for one login within five minutes') },
    },
    async (c) => c.json(await users.challenge(c.req.valid('json').public_key), 200),
  );

  route(
    {
      operationId: 'auth.login',
      method: 'post',
      path: '/v1/auth/login',
      summary: 'Log in with a signed challenge',
      description:
        'An unknown public key signs up, where the network is open. The key that comes back holds all scopes of the user for 30 days.',
      tags,
      request: { body: jsonBody(LoginRequest) },
      responses: { 200: json(Login, 'The user, and a session key that is shown once') },
    },
    async (c) => c.json(await users.logIn(c.req.valid('json')), 200),
  );

  route(
    {
      operationId: 'auth.logout',
      method: 'post',
      path: '/v1/auth/logout',
      summary: 'Revoke the key that asks',
      tags,
      responses: { 204: nothing('The key works no more') },
    },
    async (c) => {
      const { userId, keyId } = callerOf(c);
      await users.revokeKey(userId, keyId);
      return c.body(null, 204);
    },
  );

  route(
    {
      operationId: 'me',
      method: 'get',
      path: '/v1/me',
      summary: 'Who am I',
      tags,
      responses: { 200: json(Me, 'The user and what the key may do') },
    },
    async (c) => {
      const { userId, keyId, scopes } = callerOf(c);
      return c.json({ user: await users.user(userId), key_id: keyId, scopes: [...scopes] }, 200);
    },
  );

  route(
    {
      operationId: 'keys.create',
      method: 'post',
      path: '/v1/keys',
      summary: 'Make a key for a program',
      description:
        'With at most the scopes of the key that asks, and for no longer than a named key that asks itself lives.',
      tags,
      request: { body: jsonBody(KeyRequest) },
      responses: { 201: json(NewKey, 'The secret is shown once') },
    },
    async (c) => {
      const { name, scopes, expires_at } = c.req.valid('json');
      const caller = callerOf(c);
      const expiresAt = expires_at === null ? null : new Date(expires_at);
      checkScopes(scopes, caller.scopes);
      checkExpiry(expiresAt, clock.now(), c.var.keyExpiresAt);
      return c.json(await users.createKey(caller.userId, { name, scopes: [...new Set(scopes)], expiresAt }), 201);
    },
  );

  route(
    {
      operationId: 'keys.list',
      method: 'get',
      path: '/v1/keys',
      summary: 'Keys that work',
      tags,
      responses: { 200: json(KeyList, 'Without secrets') },
    },
    async (c) => c.json({ items: await users.listKeys(callerOf(c).userId) }, 200),
  );

  route(
    {
      operationId: 'keys.revoke',
      method: 'delete',
      path: '/v1/keys/{id}',
      summary: 'Revoke a key',
      tags,
      request: { params: idParam('Key') },
      responses: { 204: nothing('The key works no more') },
    },
    async (c) => {
      await users.revokeKey(callerOf(c).userId, c.req.valid('param').id);
      return c.body(null, 204);
    },
  );
}

function checkScopes(wanted: KeyScope[], held: ReadonlySet<KeyScope>): void {
  const beyond = wanted.filter((scope) => !held.has(scope));
  if (beyond.length === 0) return;
  throw new CoopError('forbidden', `The key that asks does not hold ${beyond.join(', ')}.`, {
    at: 'body.scopes',
    details: { beyond },
  });
}

function checkExpiry(wanted: Date | null, now: Date, limit: Date | null | undefined): void {
  if (wanted !== null && wanted <= now)
    throw new CoopError('invalid_request', 'expires_at: is in the past', { at: 'body.expires_at' });
  if (limit === undefined || limit === null || (wanted !== null && wanted <= limit)) return;
  throw new CoopError(
    'forbidden',
    `The key that asks ends at ${limit.toISOString()}, and the new one may not outlive it.`,
    {
      at: 'body.expires_at',
    },
  );
}
