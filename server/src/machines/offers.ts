import { sql, type Transaction } from 'kysely';
import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import type { MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { Tables } from '../db/rows.ts';
import { newId } from '../ids.ts';
import { claimDevices } from './device-claims.ts';
import { offersOf, type OfferShape } from './supply.ts';

/**
 * Makes offers and slots what facts and terms say. Slots of a running lease stay with it, even when the device has gone. Answers the
 * devices that are not offered because another machine offers them.
 */
export async function writeOffers(
  tx: Transaction<Tables>,
  machineId: string,
  facts: MachineFacts,
  terms: MachineTerms,
): Promise<string[]> {
  const wanted = offersOf(facts, terms);
  const disputed = await claimDevices(tx, machineId, devicesOf(wanted));
  const shapes = wanted.flatMap((shape) => {
    const slots = shape.slots.filter((uuid) => uuid === null || !disputed.has(uuid));
    return slots.length === 0 ? [] : [{ ...shape, slots }];
  });
  await tx
    .updateTable('offers')
    .set({ withdrawn: true })
    .where('machine_id', '=', machineId)
    .$if(shapes.length > 0, (query) =>
      query.where(
        'class',
        'not in',
        shapes.map((shape) => shape.class),
      ),
    )
    .execute();
  // All leave their slots before any enters one: a card may have moved to another class.
  await tx
    .updateTable('slots')
    .set({ present: false })
    .where('offer_id', 'in', (eb) => eb.selectFrom('offers').select('id').where('machine_id', '=', machineId))
    .execute();
  for (const shape of shapes) await writeOffer(tx, machineId, shape);
  await touchOffers(tx, machineId);
  return [...disputed];
}

export function devicesOf(shapes: OfferShape[]): string[] {
  return shapes.flatMap((shape) => shape.slots).filter((uuid) => uuid !== null);
}

async function writeOffer(tx: Transaction<Tables>, machineId: string, shape: OfferShape): Promise<void> {
  const values = {
    vendor: shape.vendor,
    unit_cpus: shape.unit_cpus,
    unit_memory_mib: BigInt(shape.unit_memory_mib),
    device_memory_mib: BigInt(shape.device_memory_mib),
    price_micros_per_unit_hour: shape.price_micros_per_unit_hour,
    withdrawn: false,
    version: sql<bigint>`nextval('offers_version')`,
  };
  const { id } = await tx
    .insertInto('offers')
    .values({ id: newId('offer'), machine_id: machineId, class: shape.class, ...values })
    .onConflict((conflict) => conflict.columns(['machine_id', 'class']).doUpdateSet(values))
    .returning('id')
    .executeTakeFirstOrThrow();
  await writeSlots(tx, id, shape.slots);
}

async function writeSlots(tx: Transaction<Tables>, offerId: string, wanted: (string | null)[]): Promise<void> {
  const existing = await tx.selectFrom('slots').selectAll().where('offer_id', '=', offerId).orderBy('n').execute();
  let next = existing.reduce((most, slot) => Math.max(most, slot.n + 1), 0);
  // Leased ones first: when there are fewer CPUs than before, those that are free are the ones that go.
  const spare = existing
    .filter((slot) => slot.device_uuid === null)
    .toSorted((a, b) => Number(a.lease_id === null) - Number(b.lease_id === null));
  const back: number[] = [];
  const added: { offer_id: string; n: number; device_uuid: string | null }[] = [];
  for (const uuid of wanted) {
    const slot = uuid === null ? spare.shift() : existing.find((candidate) => candidate.device_uuid === uuid);
    if (slot !== undefined) back.push(slot.n);
    else added.push({ offer_id: offerId, n: next++, device_uuid: uuid });
  }
  if (back.length > 0)
    await tx
      .updateTable('slots')
      .set({ present: true })
      .where('offer_id', '=', offerId)
      .where('n', 'in', back)
      .execute();
  if (added.length > 0) await tx.insertInto('slots').values(added).execute();
}

/** Tells the read models that something about a machine's offers has changed. */
export async function touchOffers(tx: Transaction<Tables>, machineId: string): Promise<void> {
  await tx
    .updateTable('offers')
    .set({ version: sql<bigint>`nextval('offers_version')` })
    .where('machine_id', '=', machineId)
    .execute();
}
