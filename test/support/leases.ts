import type { Kysely } from 'kysely';
import type { Row, Tables } from '@gpucoop/server/db/rows.ts';

type Lease = Row<'leases'>;

/** A live lease with all the rows it refers to, for suites about what happens to a lease rather than how it came to be. */
export async function insertLease(
  db: Kysely<Tables>,
  lease: Pick<Lease, 'id' | 'user_id' | 'provider_id' | 'hold_id' | 'held_micros' | 'created_at'> &
    Partial<Pick<Lease, 'machine_id' | 'state'>>,
): Promise<void> {
  const { id, user_id, provider_id, created_at: at } = lease;
  const machineId = lease.machine_id ?? `mch_of_${id}`;
  const [runId, quoteId, offerId] = [`run_of_${id}`, `qte_of_${id}`, `off_of_${id}`];
  const json = '{}';
  const users = [...new Set([user_id, provider_id])].map((user) => ({ id: user, name: user, created_at: at }));
  await db
    .insertInto('users')
    .values(users)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('policies')
    .values({ hash: 'policy', body: json, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('machines')
    .values({
      id: machineId,
      provider_id,
      name: machineId,
      public_key: machineId,
      facts: json,
      terms: json,
      created_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const offer = {
    vendor: 'cpu',
    unit_cpus: 1,
    unit_memory_mib: 1024n,
    device_memory_mib: 0n,
    price_micros_per_unit_hour: 0n,
  };
  await db
    .insertInto('offers')
    .values({ ...offer, id: offerId, machine_id: machineId, class: `cpu-${id}`, version: 1n })
    .execute();
  const hashes = { spec_hash: 'spec', policy_hash: 'policy' };
  await db
    .insertInto('quotes')
    .values({ ...hashes, id: quoteId, user_id, spec: json, options: json, created_at: at, expires_at: at })
    .execute();
  await db
    .insertInto('runs')
    .values({
      id: runId,
      user_id,
      quote_id: quoteId,
      name: runId,
      spec: json,
      policy_hash: 'policy',
      state: 'running',
      retries_left: 0,
      queue: false,
      max_price_micros_per_hour: 0n,
      budget_micros: 0n,
      order_hash: `order_of_${id}`,
      created_at: at,
      expires_at: at,
    })
    .execute();
  await db
    .insertInto('leases')
    .values({
      ...lease,
      run_id: runId,
      machine_id: machineId,
      offer_id: offerId,
      class: 'cpu',
      units: 1,
      cpus: 1,
      memory_mib: 1024n,
      disk_mib: 1024n,
      device_uuids: [],
      isolation: 'container',
      region: '',
      state: lease.state ?? 'running',
      price_micros_per_hour: 0n,
      policy_hash: 'policy',
      state_since: at,
      due_at: at,
    })
    .execute();
}
