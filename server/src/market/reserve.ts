import { sql, type Transaction } from 'kysely';
import { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { Tables } from '../db/rows.ts';
import { touchOffers } from '../machines/offers.ts';
import { rentableDiskMib } from '../machines/supply.ts';

export type Reservation = { offer_id: string; machine_id: string; units: number; disk_mib: number };

/**
 * Gives `units` free slots of an offer to a lease, or throws `offer_taken`. The machine's row is locked first, so that two
 * renters racing for the last slice stand in line, and disk, which its offers share, cannot be given away twice.
 */
export async function reserve(
  tx: Transaction<Tables>,
  leaseId: string,
  wanted: Reservation,
): Promise<{ device_uuids: string[]; provider_id: string; machine_key: string }> {
  const machine = await tx
    .selectFrom('machines')
    .selectAll()
    .where('id', '=', wanted.machine_id)
    .forUpdate()
    .executeTakeFirst();
  if (
    machine === undefined ||
    machine.listing !== 'listed' ||
    machine.suspended_at !== null ||
    machine.presence !== 'online'
  ) {
    throw taken('The machine has left the market.');
  }
  const terms = MachineTerms.parse(machine.terms);
  const facts = MachineFacts.parse(machine.facts);
  const offer = await tx
    .selectFrom('offers')
    .select(['class', 'withdrawn'])
    .where('id', '=', wanted.offer_id)
    .executeTakeFirst();
  const ownerAtWork = terms.only_when_idle && offer?.class === 'cpu' && machine.cpu_owner_busy;
  if (offer === undefined || offer.withdrawn || ownerAtWork) throw taken('The offer has left the market.');

  const free = await tx
    .selectFrom('slots')
    .select(['n', 'device_uuid'])
    .where('offer_id', '=', wanted.offer_id)
    .where('present', '=', true)
    .where('lease_id', 'is', null)
    .$if(terms.only_when_idle, (query) => query.where('owner_busy', '=', false))
    .orderBy('n')
    .limit(wanted.units)
    .forUpdate()
    .execute();
  if (free.length < wanted.units) throw taken('Somebody else took it first.');
  await requireDisk(tx, wanted, rentableDiskMib(facts, terms));

  await tx
    .updateTable('slots')
    .set({ lease_id: leaseId })
    .where('offer_id', '=', wanted.offer_id)
    .where(
      'n',
      'in',
      free.map((slot) => slot.n),
    )
    .execute();
  await touchOffers(tx, wanted.machine_id);
  return {
    device_uuids: free.flatMap((slot) => (slot.device_uuid === null ? [] : [slot.device_uuid])),
    provider_id: machine.provider_id,
    machine_key: machine.public_key,
  };
}

/** Gives the slots of a lease back. Doing it twice changes nothing. */
export async function release(tx: Transaction<Tables>, leaseId: string, machineId: string): Promise<void> {
  await tx.updateTable('slots').set({ lease_id: null }).where('lease_id', '=', leaseId).execute();
  await touchOffers(tx, machineId);
}

async function requireDisk(tx: Transaction<Tables>, wanted: Reservation, rentable: number): Promise<void> {
  const { used } = await tx
    .selectFrom('leases')
    .where('machine_id', '=', wanted.machine_id)
    .where('removed_at', 'is', null)
    .select(sql<bigint>`coalesce(sum(disk_mib), 0)::bigint`.as('used'))
    .executeTakeFirstOrThrow();
  if (Number(used) + wanted.disk_mib > rentable) throw taken('The disk of the machine was rented out meanwhile.');
}

function taken(message: string): CoopError {
  return new CoopError('offer_taken', message, { hint: 'Ask for a new quote; prices and offers are as of then.' });
}
