import type { Heartbeat, LeaseReport, MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { MachineTerms } from '@gpucoop/protocol/resources.ts';
import type { MachinePresence } from '@gpucoop/protocol/states.ts';
import { canonicalHash } from '@gpucoop/protocol/canonical.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { Tables } from '../db/rows.ts';
import { touchOffers, writeOffers } from './offers.ts';

/**
 * What this server hears of machines, in memory. Changes are written at once (facts, presence, the owner at work); that a machine
 * was heard at all is written for all of them together, every ten seconds.
 */
export type Presence = {
  heard(machineId: string, epoch: number, heartbeat: Heartbeat): Promise<void>;
  linkDown(machineId: string, epoch: number): void;
  /** What the last heartbeat on the present link said of a lease: undefined when there was none yet, null when it did not know it. */
  report(machineId: string, leaseId: string): LeaseReport | null | undefined;
  reports(machineId: string): LeaseReport[];
  heardAt(machineId: string): Date | undefined;
  presenceOf(machineId: string): MachinePresence;
  /** Machines silent for too long become unknown, then lost. */
  sweep(): Promise<void>;
  flush(): Promise<void>;
};

type Heard = { epoch: number; at: Date; reports: Map<string, LeaseReport> | undefined; presence: MachinePresence; busy: string };

export type PresenceDeps = {
  db: Kysely<Tables>;
  clock: Clock;
  policy: Policy;
  serverId: string;
  onSupplyChange(): void;
};

export async function createPresence(deps: PresenceDeps): Promise<Presence> {
  const { db, clock, policy } = deps;
  const heard = new Map<string, Heard>();
  const dirty = new Set<string>();
  const started = clock.now();
  // Machines that were there before this server started get the same grace as those that fall silent now.
  const known = await db.selectFrom('machines').select(['id', 'presence', 'last_seen_at']).where('listing', '<>', 'removed').execute();
  for (const row of known) {
    if (row.presence !== 'online' && row.presence !== 'unknown') continue;
    heard.set(row.id, { epoch: -1, at: started, reports: undefined, presence: row.presence, busy: '' });
  }

  async function setPresence(machineId: string, state: Heard, presence: MachinePresence): Promise<void> {
    state.presence = presence;
    await db.transaction().execute(async (tx) => {
      await tx.updateTable('machines').set({ presence, last_seen_at: state.at }).where('id', '=', machineId).where('listing', '<>', 'removed').execute();
      await touchOffers(tx, machineId);
    });
    deps.onSupplyChange();
  }

  return {
    async heard(machineId, epoch, heartbeat) {
      const state = heard.get(machineId) ?? { epoch, at: clock.now(), reports: undefined, presence: 'enrolled', busy: '' };
      heard.set(machineId, state);
      state.epoch = epoch;
      state.at = clock.now();
      state.reports = new Map(heartbeat.leases.map((report) => [report.lease_id, report]));
      dirty.add(machineId);
      if (heartbeat.facts !== null) {
        await writeFacts(db, machineId, heartbeat.facts);
        deps.onSupplyChange();
      }
      if (await writeOwnerUse(db, machineId, state, heartbeat)) deps.onSupplyChange();
      if (state.presence !== 'online') await setPresence(machineId, state, 'online');
    },
    linkDown(machineId, epoch) {
      const state = heard.get(machineId);
      if (state !== undefined && state.epoch === epoch) state.reports = undefined;
    },
    report(machineId, leaseId) {
      const reports = heard.get(machineId)?.reports;
      return reports === undefined ? undefined : (reports.get(leaseId) ?? null);
    },
    reports: (machineId) => [...(heard.get(machineId)?.reports?.values() ?? [])],
    heardAt: (machineId) => heard.get(machineId)?.at,
    presenceOf: (machineId) => heard.get(machineId)?.presence ?? 'lost',
    async sweep() {
      const now = clock.now().getTime();
      for (const [machineId, state] of heard) {
        const silentS = (now - state.at.getTime()) / 1000;
        if (state.presence === 'online' && silentS >= policy.timeouts.silent_s) await setPresence(machineId, state, 'unknown');
        if (state.presence === 'unknown' && silentS >= policy.timeouts.lost_s) await setPresence(machineId, state, 'lost');
      }
    },
    async flush() {
      const rows = [...dirty].flatMap((id) => {
        const state = heard.get(id);
        return state === undefined ? [] : [{ id, at: state.at.toISOString() }];
      });
      dirty.clear();
      if (rows.length === 0) return;
      await sql`
        update machines set last_seen_at = heard.at, link_server = ${deps.serverId}
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as heard(id text, at timestamptz)
        where machines.id = heard.id
      `.execute(db);
    },
  };
}

/** New facts change the offers only when they change what is rented out: a fuller disk alone rewrites nothing else. */
export async function writeFacts(db: Kysely<Tables>, machineId: string, facts: MachineFacts): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom('machines').select(['facts', 'terms', 'listing']).where('id', '=', machineId).forUpdate().executeTakeFirst();
    if (row === undefined || row.listing === 'removed') return;
    await tx.updateTable('machines').set({ facts: JSON.stringify(facts) }).where('id', '=', machineId).execute();
    const terms = MachineTerms.parse(row.terms);
    await writeOffers(tx, machineId, facts, terms);
  });
}

async function writeOwnerUse(db: Kysely<Tables>, machineId: string, state: Heard, heartbeat: Heartbeat): Promise<boolean> {
  const devices = heartbeat.facts?.devices;
  if (devices === undefined && state.busy !== '' && state.busy.endsWith(String(heartbeat.cpu_owner_busy))) return false;
  const busyUuids = devices?.filter((device) => device.owner_busy).map((device) => device.uuid);
  const busy = `${busyUuids === undefined ? state.busy.split('|')[0] : canonicalHash(busyUuids)}|${heartbeat.cpu_owner_busy}`;
  if (busy === state.busy) return false;
  state.busy = busy;
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('machines').set({ cpu_owner_busy: heartbeat.cpu_owner_busy }).where('id', '=', machineId).execute();
    if (busyUuids !== undefined) {
      await tx
        .updateTable('slots')
        .set({ owner_busy: sql<boolean>`device_uuid = any(${busyUuids}::text[])` })
        .where('device_uuid', 'is not', null)
        .where('offer_id', 'in', (eb) => eb.selectFrom('offers').select('id').where('machine_id', '=', machineId))
        .execute();
    }
    await touchOffers(tx, machineId);
  });
  return true;
}

