import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Challenge, Login, LoginRequest } from '@gpucoop/protocol/api.ts';
import { loginMessage, verifySignature } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Clock } from '../clock.ts';
import type { Tables } from '../db/rows.ts';
import { ensureUser, readUser, userOfKey } from './accounts.ts';
import { challengesFor } from './challenges.ts';
import { createKey } from './keys.ts';

export type LoginDeps = {
  db: Kysely<Tables>;
  clock: Clock;
  /** Part of what is signed, so that a login here is none elsewhere. */
  serverName: string;
  /** Whether an unknown key becomes a new user. */
  openSignup: boolean;
  /** Accounts and test credit of a new user. Called at every login, so it must be idempotent: a crash in between heals itself. */
  welcome(userId: string): Promise<void>;
};

const CHALLENGE_MS = 5 * 60_000;
const SESSION_MS = 30 * 86_400_000;

export async function issueChallenge(deps: LoginDeps, publicKey: string): Promise<Challenge> {
  const nonce = randomBytes(24).toString('hex');
  const expiresAt = new Date(deps.clock.now().getTime() + CHALLENGE_MS);
  await challengesFor(deps.db, 'login').put({ nonce, subject: publicKey, expires_at: expiresAt });
  return { nonce, server: deps.serverName, expires_at: expiresAt.toISOString() };
}

/** A signed challenge becomes a session key of 30 days. The challenge is used up whether the signature is right or not. */
export async function logIn(deps: LoginDeps, request: LoginRequest): Promise<Login> {
  const now = deps.clock.now();
  const challenge = await challengesFor(deps.db, 'login').take(request.nonce);
  if (challenge === undefined || challenge.subject !== request.public_key || challenge.expires_at <= now) {
    throw new CoopError('token_expired', 'The challenge has expired or was used.', {
      hint: 'Ask for a new challenge.',
    });
  }
  const signed = { nonce: request.nonce, server: deps.serverName, expires_at: challenge.expires_at.toISOString() };
  if (!verifySignature(request.public_key, loginMessage(signed), request.signature)) {
    throw new CoopError('invalid_signature', 'The signature is not by this key, or not over this challenge.', {
      at: 'signature',
    });
  }
  const userId = await knownOrNew(deps, request, now);
  await deps.welcome(userId);
  const expiresAt = new Date(now.getTime() + SESSION_MS);
  const key = await createKey(deps.db, { userId, name: 'login', scopes: [], session: true, expiresAt, at: now });
  return { user: await readUser(deps.db, userId), key };
}

async function knownOrNew(deps: LoginDeps, request: LoginRequest, at: Date): Promise<string> {
  const known = await userOfKey(deps.db, request.public_key);
  if (known !== undefined) return known;
  if (!deps.openSignup) {
    throw new CoopError('forbidden', 'This network takes no new users by itself.', {
      hint: 'Ask its operator to let your key in.',
    });
  }
  return (await ensureUser(deps.db, { publicKey: request.public_key, name: request.name ?? null, at })).id;
}
