import type { Kysely } from 'kysely';
import { DoctorCheck, MachineTerms, type Earnings, type Machine, type Offer } from '@gpucoop/protocol/resources.ts';
import { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { listingTransitions, mayMove } from '@gpucoop/protocol/states.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { Row, Tables } from '../db/rows.ts';
import { transaction } from '../db/transaction.ts';
import type { Links } from '../gateway/links.ts';
import type { LinkTo } from '../peers/link-to.ts';
import { earningsOf } from '../ledger/statements.ts';
import type { Page, PageQuery } from '../rooms.ts';
import { disputeChecks } from './device-claims.ts';
import { devicesOf, touchOffers, writeOffers } from './offers.ts';
import { isTimeZone } from './quiet-hours.ts';
import { offersOf } from './supply.ts';

export type MachinesDeps = {
  db: Kysely<Tables>;
  clock: Clock;
  policy: Policy;
  links: Links;
  linkTo: LinkTo;
  /** A machine whose link another server has is that one's to part with, for as long as it is heard of there. */
  own: { serverId: string; silentMs: number };
  /** What of it is on the market now. */
  offersOf(machineId: string): Offer[];
  onSupplyChange(): Promise<void>;
  wake(leaseId: string): void;
  /** When removed machines were told so. */
  told: Map<string, number>;
};

type MachineRow = Row<'machines'>;

export async function findMachine(db: Kysely<Tables>, userId: string, idOrName: string): Promise<MachineRow> {
  const row = await db
    .selectFrom('machines')
    .selectAll()
    .where('provider_id', '=', userId)
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined)
    throw new CoopError('not_found', `There is no machine ${idOrName} of yours.`, {
      hint: 'coop machine list shows yours.',
    });
  return row;
}

export async function listMachines(
  deps: MachinesDeps,
  userId: string,
  query: { removed: boolean } & PageQuery,
): Promise<Page<Machine>> {
  const rows = await deps.db
    .selectFrom('machines')
    .selectAll()
    .where('provider_id', '=', userId)
    .$if(!query.removed, (builder) => builder.where('listing', '<>', 'removed'))
    .$if(query.cursor !== null, (builder) => builder.where('id', '>', query.cursor ?? ''))
    .orderBy('id')
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  return {
    items: await Promise.all(page.map((row) => viewMachine(deps, row))),
    next_cursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
  };
}

export async function viewMachine(deps: MachinesDeps, row: MachineRow): Promise<Machine> {
  const facts = MachineFacts.parse(row.facts);
  const leases = await deps.db
    .selectFrom('leases')
    .select(['id', 'state', 'class', 'units'])
    .where('machine_id', '=', row.id)
    .where('state', '<>', 'ended')
    .orderBy('created_at')
    .execute();
  const earnings = await earningsOf(deps.db, row.id);
  return {
    id: row.id,
    name: row.name,
    listing: row.listing,
    presence: row.presence,
    suspended: row.suspended_at !== null,
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
    agent_version: facts.agent_version,
    hostname: facts.hostname,
    architecture: facts.architecture,
    cpu_model: facts.cpu_model,
    cpus: facts.cpus,
    memory_mib: facts.memory_mib,
    disk_mib: facts.disk_free_mib,
    engine: `${facts.engine.name} ${facts.engine.version}`,
    isolation: facts.engine.isolation,
    network: facts.engine.network,
    disk_limit: facts.engine.disk_limit,
    devices: facts.devices,
    terms: MachineTerms.parse(row.terms),
    offers: deps.offersOf(row.id),
    leases: leases.map((lease) => ({ ...lease, state: lease.state })),
    doctor: [...(await disputes(deps.db, row)), ...DoctorCheck.array().parse(row.doctor)],
    earned: earnings.total ?? toMoney(0n),
    created_at: row.created_at.toISOString(),
  };
}

/** New terms hold for new quotes. Leases and open quotes keep the price they were promised. */
export async function setTerms(
  deps: MachinesDeps,
  userId: string,
  machineId: string,
  change: Partial<MachineTerms>,
): Promise<Machine> {
  const found = await findMachine(deps.db, userId, machineId);
  await transaction(deps.db, async (tx) => {
    const row = await tx
      .selectFrom('machines')
      .selectAll()
      .where('id', '=', found.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    requireEnrolled(row);
    const before = MachineTerms.parse(row.terms);
    const prices = { ...before.price_micros_per_unit_hour, ...change.price_micros_per_unit_hour };
    const terms = MachineTerms.parse({ ...before, ...change, price_micros_per_unit_hour: prices });
    requireSensible(terms);
    await tx
      .updateTable('machines')
      .set({ terms: JSON.stringify(terms) })
      .where('id', '=', row.id)
      .execute();
    await writeOffers(tx, row.id, MachineFacts.parse(row.facts), terms);
  });
  await deps.onSupplyChange();
  const row = await findMachine(deps.db, userId, found.id);
  // The agent keeps them for quiet hours and idleness; it gets them again with its next link, so a failure here loses nothing.
  await deps
    .linkTo(row.id)
    .then((link) => link.request('PUT', '/v1/terms', { json: row.terms }))
    .catch(() => undefined);
  return viewMachine(deps, row);
}

function requireSensible(terms: MachineTerms): void {
  const refuse = (at: string, message: string): never => {
    throw new CoopError('invalid_request', message, { at });
  };
  if (terms.max_units !== null && terms.max_units < terms.min_units)
    refuse('max_units', 'The most units are fewer than the fewest.');
  if (terms.max_duration_s < terms.min_duration_s)
    refuse('max_duration_s', 'The longest term is shorter than the shortest.');
  if (!isTimeZone(terms.time_zone))
    refuse('time_zone', `There is no time zone ${terms.time_zone}; Europe/Berlin is one.`);
  for (const [index, { from, to }] of terms.quiet_hours.entries()) {
    if (!isClock(from) || !isClock(to))
      refuse(`quiet_hours.${index}`, `Quiet hours go from 00:00 to 23:59, not ${from} to ${to}.`);
  }
}

const isClock = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);

export async function setListing(
  deps: MachinesDeps,
  userId: string,
  machineId: string,
  listing: 'listed' | 'paused' | 'draining',
): Promise<Machine> {
  const found = await findMachine(deps.db, userId, machineId);
  const now = deps.clock.now();
  await transaction(deps.db, async (tx) => {
    const row = await tx
      .selectFrom('machines')
      .selectAll()
      .where('id', '=', found.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    requireEnrolled(row);
    if (!mayMove(listingTransitions, row.listing, listing)) {
      throw new CoopError('wrong_state', `A machine that is ${row.listing} cannot become ${listing}.`);
    }
    const drainAt =
      listing === 'draining' ? (row.drain_at ?? new Date(now.getTime() + deps.policy.drain_notice_s * 1000)) : null;
    await tx.updateTable('machines').set({ listing, drain_at: drainAt }).where('id', '=', row.id).execute();
    if (listing === 'draining' && row.listing !== 'draining') await announceDrain(tx, row.id, drainAt ?? now, now);
    await touchOffers(tx, row.id);
  });
  await deps.onSupplyChange();
  await wakeLeases(deps, found.id);
  return viewMachine(deps, await findMachine(deps.db, userId, found.id));
}

/** Renters hear of it before it happens: notice is what tells a drain from a loss. */
async function announceDrain(tx: Kysely<Tables>, machineId: string, drainAt: Date, now: Date): Promise<void> {
  const leases = await tx
    .selectFrom('leases')
    .select(['id', 'run_id'])
    .where('machine_id', '=', machineId)
    .where('state', '<>', 'ended')
    .execute();
  const message = `The provider takes the machine off the market. The lease ends at ${drainAt.toISOString()}; save your work.`;
  for (const lease of leases) {
    await tx
      .insertInto('events')
      .values({
        run_id: lease.run_id,
        lease_id: lease.id,
        type: 'run.warning',
        message,
        data: JSON.stringify({ why: 'drain', at: drainAt.toISOString() }),
        at: now,
      })
      .execute();
  }
}

/** Takes the machine out for good. Its leases end as the provider's doing; the agent uninstalls itself when it hears of it. */
export async function removeMachine(deps: MachinesDeps, userId: string, machineId: string): Promise<Machine> {
  const found = await findMachine(deps.db, userId, machineId);
  await transaction(deps.db, async (tx) => {
    await tx.updateTable('machines').set({ listing: 'removed' }).where('id', '=', found.id).execute();
    await tx.updateTable('offers').set({ withdrawn: true }).where('machine_id', '=', found.id).execute();
    await touchOffers(tx, found.id);
  });
  await deps.onSupplyChange();
  await wakeLeases(deps, found.id);
  await partWithRemoved(deps);
  return viewMachine(deps, await findMachine(deps.db, userId, found.id));
}

/** How long a removed machine has to take its leave: to end its leases, have its last meter lines acknowledged, and hang up. */
const FAREWELL_MS = 60_000;

/**
 * Removed machines whose leases have ended are told to uninstall. They hang up by themselves; then, or when they take too long, they
 * are parted with: from then on they are refused. To be called now and then.
 */
export async function partWithRemoved(deps: MachinesDeps): Promise<void> {
  const now = deps.clock.now().getTime();
  const removed = await deps.db
    .selectFrom('machines')
    .select('id')
    .where('listing', '=', 'removed')
    .where('presence', '<>', 'lost')
    .where((eb) =>
      eb.or([
        eb('link_server', 'is', null),
        eb('link_server', '=', deps.own.serverId),
        eb('last_seen_at', 'is', null),
        eb('last_seen_at', '<=', new Date(now - deps.own.silentMs)),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('leases')
            .select('leases.id')
            .whereRef('leases.machine_id', '=', 'machines.id')
            .where('leases.state', '<>', 'ended'),
        ),
      ),
    )
    .execute();
  for (const { id } of removed) {
    const link = deps.links.linkOf(id);
    const toldAt = deps.told.get(id);
    if (link !== undefined && toldAt === undefined) {
      deps.told.set(id, now);
      await link.request('POST', '/v1/remove', { timeoutMs: 10_000 }).catch(() => undefined);
      continue;
    }
    if (link !== undefined && now - (toldAt ?? now) < FAREWELL_MS) continue;
    await partWith(deps, id);
  }
}

async function partWith(deps: MachinesDeps, machineId: string): Promise<void> {
  deps.told.delete(machineId);
  await deps.links.closeMachine(machineId, { code: 'removed', detail: 'The machine was removed from the network' });
  await deps.db.updateTable('machines').set({ presence: 'lost' }).where('id', '=', machineId).execute();
  await deps.db
    .updateTable('leases')
    .set({ removed_at: deps.clock.now() })
    .where('machine_id', '=', machineId)
    .where('removed_at', 'is', null)
    .execute();
}

async function wakeLeases(deps: MachinesDeps, machineId: string): Promise<void> {
  const leases = await deps.db
    .selectFrom('leases')
    .select('id')
    .where('machine_id', '=', machineId)
    .where('removed_at', 'is', null)
    .execute();
  for (const lease of leases) deps.wake(lease.id);
}

export async function runDoctor(deps: MachinesDeps, userId: string, machineId: string): Promise<DoctorCheck[]> {
  const machine = await findMachine(deps.db, userId, machineId);
  const link = await deps.linkTo(machine.id).catch((cause: unknown) => {
    if (!(cause instanceof CoopError)) throw cause;
    throw new CoopError('machine_unreachable', `${machine.name} is not linked now.`, {
      hint: 'On the machine itself: coop agent doctor',
      cause,
    });
  });
  const checks = await link.request('POST', '/v1/doctor', { answer: DoctorCheck.array(), timeoutMs: 60_000 });
  await deps.db
    .updateTable('machines')
    .set({ doctor: JSON.stringify(checks) })
    .where('id', '=', machine.id)
    .execute();
  return [...(await disputes(deps.db, machine)), ...checks];
}

/** Looked up each time: it passes when the other machine goes. */
async function disputes(db: Kysely<Tables>, row: MachineRow): Promise<DoctorCheck[]> {
  return disputeChecks(db, row.id, devicesOf(offersOf(MachineFacts.parse(row.facts), MachineTerms.parse(row.terms))));
}

export async function machineEarnings(deps: MachinesDeps, userId: string, machineId: string): Promise<Earnings> {
  return earningsOf(deps.db, (await findMachine(deps.db, userId, machineId)).id);
}

function requireEnrolled(row: MachineRow): void {
  if (row.listing === 'removed') throw new CoopError('wrong_state', `${row.name} was removed from the network.`);
}
