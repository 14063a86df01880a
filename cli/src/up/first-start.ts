import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@gpucoop/sdk/client.ts';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { parsePolicy } from '@gpucoop/policy/policy.ts';
import { saveContext, saveCredential } from '../contexts.ts';
import type { Context } from '../contexts.ts';
import type { Home } from '../home.ts';
import { readOrMakeSigner, readSigner } from '../login-key.ts';
import { clientFor } from '../session.ts';

export const LOCAL = 'local';

/** The renter of this computer, logged in and kept as the current context. The key is made at the first start. */
export async function logInHere(
  home: Home,
  context: Context,
): Promise<{ client: Client; signer: Signer; userId: string }> {
  const signer = await readOrMakeSigner(home.loginKey);
  const client = clientFor(context, { signer });
  const { user, key } = await client.auth.login({ name: userInfo().username });
  await saveContext(home, LOCAL, context);
  await saveCredential(home, LOCAL, { api_key: key.secret, user_id: user.id, expires_at: key.expires_at });
  return { client, signer, userId: user.id };
}

/**
 * The test credit of the policy, once. An account in which money has moved has had it; the key of the call keeps two starts at
 * once from granting twice.
 */
export async function grantTestCredit(home: Home, context: Context, client: Client, userId: string): Promise<void> {
  const { policy } = await client.policy();
  const credit = parsePolicy(policy).test_credit_micros;
  if (credit === 0) return;
  const { items } = await client.money.ledger({ limit: 1 });
  if (items.length > 0) return;
  const admin = await readSigner(join(home.network, 'admin.key'));
  if (admin === undefined) throw new CoopError('internal', `The server wrote no ${join(home.network, 'admin.key')}.`);
  const administrator = clientFor(context, { signer: admin });
  await administrator.auth.login({ name: 'administrator' });
  try {
    await administrator.admin.grant(
      { user_id: userId, amount_micros: credit, reason: 'test credit at the first start' },
      { idempotencyKey: `test-credit-${userId}` },
    );
  } finally {
    await administrator.auth.logout();
    await administrator.close();
  }
}
