import { CoopError } from '@gpucoop/protocol/problem.ts';
import { signStatement, type Signer } from '@gpucoop/protocol/evidence.ts';
import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { holdRoundedUp } from '@gpucoop/policy/charge.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { keepStatement } from '../evidence/evidence.ts';
import { newId } from '../ids.ts';
import { hold } from '../ledger/ledger.ts';
import { firstHold } from '../ledger/settle.ts';
import { reserve } from '../market/reserve.ts';
import { tell } from './events.ts';
import { specOf, type RunRow, type Tx } from './store.ts';

/** A slice that the run may have at a price: from its quote, or matched anew for a retry. */
export type Slice = {
  offer_id: string;
  machine_id: string;
  class: string;
  units: number;
  cpus: number;
  memory_mib: number;
  disk_mib: number;
  isolation: string;
  region: string;
  price_micros_per_hour: bigint;
};

/**
 * Reserves the slice, places the hold and writes the lease, all in the caller's transaction: either all of it stands or none.
 * Throws `offer_taken` when somebody was faster, `insufficient_credit` when the hold cannot be placed.
 */
export async function placeLease(
  tx: Tx,
  run: RunRow,
  slice: Slice,
  context: { now: Date; policy: Policy; meterSigner: Signer },
): Promise<{ leaseId: string }> {
  const { now, policy } = context;
  const leaseId = newId('lease');
  const reserved = await reserve(tx, leaseId, slice);
  const held = firstHoldOf(run, slice.price_micros_per_hour, policy);
  if (held === 0n && slice.price_micros_per_hour > 0n) {
    throw new CoopError('insufficient_credit', 'The budget of the run is used up.', {
      hint: 'coop extend RUN --budget 1',
    });
  }
  const parties = { id: leaseId, run_id: run.id, user_id: run.user_id, provider_id: reserved.provider_id };
  const holdId = newId('transfer');
  await hold(tx, { ...firstHold(parties, { id: holdId, amount: held }), at: now });
  await tx
    .insertInto('leases')
    .values({
      id: leaseId,
      run_id: run.id,
      user_id: run.user_id,
      provider_id: reserved.provider_id,
      machine_id: slice.machine_id,
      offer_id: slice.offer_id,
      class: slice.class,
      units: slice.units,
      cpus: slice.cpus,
      memory_mib: BigInt(slice.memory_mib),
      disk_mib: BigInt(slice.disk_mib),
      device_uuids: reserved.device_uuids,
      isolation: slice.isolation,
      region: slice.region,
      state: 'reserved',
      price_micros_per_hour: slice.price_micros_per_hour,
      policy_hash: run.policy_hash,
      hold_id: holdId,
      held_micros: held,
      state_since: now,
      created_at: now,
      due_at: now,
    })
    .execute();
  await tx
    .updateTable('runs')
    .set({ state: 'starting', attempt: run.attempt + 1 })
    .where('id', '=', run.id)
    .execute();

  const terms = signStatement(
    'lease_terms',
    {
      lease_id: leaseId,
      run_id: run.id,
      quote_id: run.quote_id,
      order_hash: run.order_hash,
      machine_key: reserved.machine_key,
      renter_id: run.user_id,
      provider_id: reserved.provider_id,
      price_micros_per_hour: Number(slice.price_micros_per_hour),
      policy_hash: run.policy_hash,
    },
    now.toISOString(),
    context.meterSigner,
  );
  await keepStatement(tx, terms, leaseId, now);
  const price = decimalDollars(slice.price_micros_per_hour);
  await tell(
    tx,
    {
      run_id: run.id,
      lease_id: leaseId,
      type: 'lease.reserved',
      message: `Reserved ${slice.units} × ${slice.class} on ${slice.machine_id} at $${price} an hour; $${decimalDollars(held)} held.`,
      data: {
        machine_id: slice.machine_id,
        price_micros_per_hour: Number(slice.price_micros_per_hour),
        held_micros: Number(held),
      },
    },
    now,
  );
  return { leaseId };
}

/** The next hour at most, the longest duration or the rest of the budget if that is less (DESIGN 6, "hold"). */
function firstHoldOf(run: RunRow, price: bigint, policy: Policy): bigint {
  const longest = specOf(run).max_duration_s;
  const hour = holdRoundedUp(price, BigInt(Math.min(policy.hold.horizon_s, longest)));
  const left = run.budget_micros - run.spent_micros;
  return hour < left ? hour : left > 0n ? left : 0n;
}
