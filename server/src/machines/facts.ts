import { isDeepStrictEqual } from 'node:util';
import { sql, type Kysely, type Transaction } from 'kysely';
import { MachineFacts, type Heartbeat } from '@gpucoop/protocol/agent-api.ts';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import { devicesOf, touchOffers, writeOffers } from './offers.ts';
import { offersOf, type OfferShape } from './supply.ts';

/**
 * Keeps new facts. Offers are written anew only when the facts change what is rented out: a fuller disk alone rewrites nothing else.
 * Answers the devices that are not offered because another machine offers them.
 */
export async function writeFacts(db: Kysely<Tables>, machineId: string, facts: MachineFacts): Promise<string[]> {
  return transaction(db, async (tx) => {
    const row = await tx
      .selectFrom('machines')
      .select(['facts', 'terms', 'listing'])
      .where('id', '=', machineId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined || row.listing === 'removed') return [];
    await tx
      .updateTable('machines')
      .set({ facts: JSON.stringify(facts) })
      .where('id', '=', machineId)
      .execute();
    const terms = MachineTerms.parse(row.terms);
    const wanted = offersOf(facts, terms);
    const before = MachineFacts.safeParse(row.facts);
    if (
      before.success &&
      isDeepStrictEqual(offersOf(before.data, terms), wanted) &&
      (await stand(tx, machineId, wanted))
    ) {
      await touchOffers(tx, machineId);
      return [];
    }
    return writeOffers(tx, machineId, facts, terms);
  });
}

/** True when every device has its slot. One may be missing that another machine has offered so far. */
async function stand(tx: Transaction<Tables>, machineId: string, wanted: OfferShape[]): Promise<boolean> {
  const uuids = devicesOf(wanted);
  if (uuids.length === 0) return true;
  const slots = await tx
    .selectFrom('slots')
    .innerJoin('offers', 'offers.id', 'slots.offer_id')
    .select('slots.device_uuid')
    .where('offers.machine_id', '=', machineId)
    .where('slots.present', '=', true)
    .where('slots.device_uuid', 'in', uuids)
    .execute();
  return slots.length === uuids.length;
}

/** Whether the owner uses the machine himself. Devices are named in facts; without facts theirs is as it was. */
export async function writeOwnerUse(
  db: Kysely<Tables>,
  machineId: string,
  news: Pick<Heartbeat, 'facts' | 'cpu_owner_busy'>,
): Promise<void> {
  await transaction(db, async (tx) => {
    await tx.updateTable('machines').set({ cpu_owner_busy: news.cpu_owner_busy }).where('id', '=', machineId).execute();
    if (news.facts !== null) {
      const busy = news.facts.devices.filter((device) => device.owner_busy).map((device) => device.uuid);
      await tx
        .updateTable('slots')
        .set({ owner_busy: sql<boolean>`device_uuid = any(${busy}::text[])` })
        .where('device_uuid', 'is not', null)
        .where('offer_id', 'in', (eb) => eb.selectFrom('offers').select('id').where('machine_id', '=', machineId))
        .execute();
    }
    await touchOffers(tx, machineId);
  });
}
