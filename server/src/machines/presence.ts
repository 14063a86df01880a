import type { Heartbeat, LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { MachinePresence } from '@gpucoop/protocol/states.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Tables } from '../db/rows.ts';
import { writeFacts, writeOwnerUse } from './facts.ts';
import { touchOffers } from './offers.ts';

/**
 * What this server hears of machines, in memory. Changes are written at once, but no more than once a second for one machine; that
 * a machine was heard at all is written for all of them together. Several servers share the machines: what one of them does not
 * hear itself it reads from there before it calls a machine silent.
 */
export type Presence = {
  heard(machineId: string, epoch: number, heartbeat: Heartbeat): Promise<void>;
  linkDown(machineId: string, epoch: number): void;
  /** What the last heartbeat on the present link said of a lease: undefined when there was none yet, null when it did not know it. */
  report(machineId: string, leaseId: string): LeaseReport | null | undefined;
  heardAt(machineId: string): Date | undefined;
  /** Machines silent for too long become unknown, then lost. */
  sweep(): Promise<void>;
  flush(): Promise<void>;
};

type Heard = {
  epoch: number;
  at: Date;
  reports: Map<string, LeaseReport> | undefined;
  presence: MachinePresence;
  /** The newest that was said, until it is written. */
  news: Pick<Heartbeat, 'facts' | 'cpu_owner_busy'> | undefined;
  cpuOwnerBusy: boolean | undefined;
  writtenAt: number;
  /** Writes of one machine's presence happen one after the other, so that the last one said is the last one written. */
  writing: Promise<void>;
};

export type PresenceDeps = {
  db: Kysely<Tables>;
  clock: Clock;
  policy: Policy;
  serverId: string;
  log: Logger;
  onSupplyChange(): void;
};

const WRITE_EVERY_MS = 1000;

export async function createPresence(deps: PresenceDeps): Promise<Presence> {
  const { db, clock, policy } = deps;
  const heard = new Map<string, Heard>();
  const dirty = new Set<string>();
  await meetOthers(clock.now());

  /** Machines that others hear, or that were there before this server: they get the same grace as those that fall silent now. */
  async function meetOthers(at: Date | null): Promise<void> {
    const rows = await db
      .selectFrom('machines')
      .select(['id', 'presence', 'last_seen_at'])
      .where('listing', '<>', 'removed')
      .where('presence', 'in', ['online', 'unknown'])
      .where((eb) => eb.or([eb('link_server', 'is', null), eb('link_server', '<>', deps.serverId)]))
      .execute();
    for (const row of rows) {
      if (!heard.has(row.id)) heard.set(row.id, newcomer(-1, at ?? row.last_seen_at ?? clock.now(), row.presence));
    }
  }

  async function setPresence(machineId: string, state: Heard, presence: MachinePresence): Promise<void> {
    state.presence = presence;
    const { at } = state;
    const before = state.writing;
    state.writing = (async () => {
      await before.catch(() => undefined); // its own caller hears of it
      await db.transaction().execute(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('machines')
          .set({ presence, last_seen_at: at })
          .where('id', '=', machineId)
          .where('listing', '<>', 'removed')
          // Silence is only what nobody has heard.
          .$if(presence !== 'online', (query) =>
            query.where((eb) => eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<=', at)])),
          )
          .executeTakeFirst();
        if (numUpdatedRows > 0n) await touchOffers(tx, machineId);
      });
    })();
    await state.writing;
    deps.onSupplyChange();
  }

  /** What it said of itself, at most once a second: an agent that says something new all the time is one transaction a second. */
  async function writeNews(machineId: string, state: Heard): Promise<void> {
    const { news } = state;
    const now = clock.now().getTime();
    if (news === undefined || now - state.writtenAt < WRITE_EVERY_MS) return;
    state.news = undefined;
    state.writtenAt = now;
    try {
      if (news.facts !== null) {
        const disputed = await writeFacts(db, machineId, news.facts);
        if (disputed.length > 0)
          deps.log.warn(
            { machine_id: machineId, devices: disputed },
            'another machine offers these devices; they are not offered twice',
          );
      }
      await writeOwnerUse(db, machineId, news);
      state.cpuOwnerBusy = news.cpu_owner_busy;
    } catch (error) {
      const newer: Heard['news'] = heard.get(machineId)?.news;
      state.news = { ...news, ...newer, facts: newer?.facts ?? news.facts };
      throw error;
    }
    deps.onSupplyChange();
  }

  /** Of those that seem silent here, which another server has heard. */
  async function askOthers(silent: [string, Heard][]): Promise<void> {
    if (silent.length === 0) return;
    const rows = await db
      .selectFrom('machines')
      .select(['id', 'presence', 'last_seen_at'])
      .where(
        'id',
        'in',
        silent.map(([id]) => id),
      )
      .execute();
    const found = new Map(rows.map((row) => [row.id, row]));
    for (const [id, state] of silent) {
      const row = found.get(id);
      if (row === undefined) heard.delete(id);
      else if (row.last_seen_at !== null && row.last_seen_at > state.at) {
        state.at = row.last_seen_at;
        state.presence = row.presence;
      }
    }
  }

  return {
    async heard(machineId, epoch, heartbeat) {
      const state = heard.get(machineId) ?? newcomer(epoch, clock.now(), 'enrolled');
      if (epoch < state.epoch) return; // the last word of a link that has been replaced
      heard.set(machineId, state);
      state.epoch = epoch;
      state.at = clock.now();
      state.reports = new Map(heartbeat.leases.map((report) => [report.lease_id, report]));
      dirty.add(machineId);
      const { facts, cpu_owner_busy } = heartbeat;
      if (facts !== null || cpu_owner_busy !== state.cpuOwnerBusy || state.news !== undefined) {
        state.news = { facts: facts ?? state.news?.facts ?? null, cpu_owner_busy };
      }
      await writeNews(machineId, state);
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
    heardAt: (machineId) => heard.get(machineId)?.at,
    async sweep() {
      const now = clock.now().getTime();
      const silentFor = (state: Heard): number => now - state.at.getTime();
      const seeming = [...heard].filter(([, state]) => due(state.presence, silentFor(state)) !== undefined);
      await askOthers(seeming.filter(([, state]) => state.reports === undefined));
      for (const [machineId, state] of seeming) {
        const next = due(state.presence, silentFor(state));
        if (next !== undefined) await setPresence(machineId, state, next);
      }
      for (const [machineId, state] of heard) await writeNews(machineId, state);
    },
    async flush() {
      const rows = [...dirty].flatMap((id) => {
        const state = heard.get(id);
        return state === undefined ? [] : [{ id, at: state.at.toISOString() }];
      });
      dirty.clear();
      try {
        await writeHeard(db, rows);
      } catch (error) {
        for (const { id } of rows) dirty.add(id);
        throw error;
      }
      await meetOthers(null);
    },
  };

  function due(presence: MachinePresence, silentMs: number): MachinePresence | undefined {
    if (presence === 'online' && silentMs >= policy.timeouts.silent_ms) return 'unknown';
    return presence === 'unknown' && silentMs >= policy.timeouts.lost_ms ? 'lost' : undefined;
  }
}

function newcomer(epoch: number, at: Date, presence: MachinePresence): Heard {
  return {
    epoch,
    at,
    presence,
    reports: undefined,
    news: undefined,
    cpuOwnerBusy: undefined,
    writtenAt: 0,
    writing: Promise.resolve(),
  };
}

async function writeHeard(db: Kysely<Tables>, rows: { id: string; at: string }[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    update machines set last_seen_at = heard.at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as heard(id text, at timestamptz)
    where machines.id = heard.id
  `.execute(db);
}
