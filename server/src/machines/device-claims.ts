import { sql, type Kysely, type Transaction } from 'kysely';
import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';
import type { Tables } from '../db/rows.ts';

/**
 * A device is offered by one machine at a time. The first to claim it keeps it for as long as its machine stands: only when that is
 * lost, removed, suspended or was never online does the device go to another that claims it.
 */
export async function claimDevices(tx: Transaction<Tables>, machineId: string, uuids: string[]): Promise<Set<string>> {
  if (uuids.length === 0) return new Set();
  // Two machines with the same claim stand in line here, before either has touched a slot.
  await sql`select pg_advisory_xact_lock(hashtext('coop/device-claims'))`.execute(tx);
  const claims = await claimsOfOthers(tx, machineId, uuids);
  for (const claim of claims.filter(yields)) {
    await tx
      .updateTable('slots')
      .set({ present: false })
      .where('offer_id', '=', claim.offer_id)
      .where('n', '=', claim.n)
      .execute();
    await tx
      .updateTable('offers')
      .set({ version: sql<bigint>`nextval('offers_version')` })
      .where('id', '=', claim.offer_id)
      .execute();
  }
  return new Set(claims.filter((claim) => !yields(claim)).map((claim) => claim.device_uuid ?? ''));
}

/** What the provider is told of devices that his machine has and may not offer; nothing when there are none. */
export async function disputeChecks(db: Kysely<Tables>, machineId: string, uuids: string[]): Promise<DoctorCheck[]> {
  if (uuids.length === 0) return [];
  const disputed = (await claimsOfOthers(db, machineId, uuids)).filter((claim) => !yields(claim));
  if (disputed.length === 0) return [];
  return [
    {
      name: "devices are this machine's alone",
      status: 'failed',
      found: `another machine of the network offers ${disputed.map((claim) => claim.device_uuid).join(', ')}; they are not offered here`,
      hint: 'Remove the other machine if it is the same computer, enrolled before; else ask the operator of the network.',
    },
  ];
}

type Claim = {
  offer_id: string;
  n: number;
  device_uuid: string | null;
  listing: string;
  presence: string;
  suspended_at: Date | null;
};

function yields({ listing, presence, suspended_at }: Claim): boolean {
  return listing === 'removed' || presence === 'lost' || presence === 'enrolled' || suspended_at !== null;
}

async function claimsOfOthers(db: Kysely<Tables>, machineId: string, uuids: string[]): Promise<Claim[]> {
  return db
    .selectFrom('slots')
    .innerJoin('offers', 'offers.id', 'slots.offer_id')
    .innerJoin('machines', 'machines.id', 'offers.machine_id')
    .select([
      'slots.offer_id',
      'slots.n',
      'slots.device_uuid',
      'machines.listing',
      'machines.presence',
      'machines.suspended_at',
    ])
    .where('slots.device_uuid', 'in', uuids)
    .where('slots.present', '=', true)
    .where('offers.machine_id', '<>', machineId)
    .execute();
}
