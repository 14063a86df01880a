import type { Challenge, Login, LoginRequest, NewKey } from '@gpucoop/protocol/api.ts';
import type { ApiKey, KeyScope, User } from '@gpucoop/protocol/resources.ts';
import { readUser } from './accounts.ts';
import { sweepChallenges } from './challenges.ts';
import { authenticate, createKey, listKeys, revokeKey, type Bearer } from './keys.ts';
import { issueChallenge, logIn, type LoginDeps } from './login.ts';

/** What the HTTP room asks of this one. */
export type Users = {
  challenge(publicKey: string): Promise<Challenge>;
  logIn(request: LoginRequest): Promise<Login>;
  authenticate(bearer: string): Promise<Bearer>;
  user(userId: string): Promise<User>;
  createKey(userId: string, wish: { name: string; scopes: KeyScope[]; expiresAt: Date | null }): Promise<NewKey>;
  listKeys(userId: string): Promise<ApiKey[]>;
  revokeKey(userId: string, keyId: string): Promise<void>;
  /** Deletes challenges that nobody can use any more. To be called now and then. */
  sweep(): Promise<void>;
};

export function createUsers(deps: LoginDeps): Users {
  const { db, clock } = deps;
  return {
    challenge: (publicKey) => issueChallenge(deps, publicKey),
    logIn: (request) => logIn(deps, request),
    authenticate: (bearer) => authenticate(db, bearer, clock.now()),
    user: (userId) => readUser(db, userId),
    createKey: (userId, wish) => createKey(db, { ...wish, userId, session: false, at: clock.now() }),
    listKeys: (userId) => listKeys(db, userId, clock.now()),
    revokeKey: (userId, keyId) => revokeKey(db, userId, keyId, clock.now()),
    sweep: () => sweepChallenges(db, clock.now()),
  };
}
