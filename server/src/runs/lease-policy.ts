import { parsePolicy, type Policy } from '@gpucoop/policy/policy.ts';
import type { Db } from './store.ts';

/** A policy never changes once it has a hash, so it is read once. */
const known = new Map<string, Policy>();

/** The policy of a lease's quote. It is settled under that one, whatever is in force when it ends. */
export async function policyOf(db: Db, hash: string): Promise<Policy> {
  const before = known.get(hash);
  if (before !== undefined) return before;
  const { body } = await db.selectFrom('policies').select('body').where('hash', '=', hash).executeTakeFirstOrThrow();
  const policy = parsePolicy(body);
  known.set(hash, policy);
  return policy;
}
