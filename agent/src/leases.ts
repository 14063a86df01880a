import type { LeaseOrder, LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import { isId } from '@gpucoop/protocol/ids.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { OwnContainer } from './engine/engine.ts';
import { hashOf, newRecord, withoutSecrets, type LeaseRecord } from './lease-record.ts';
import { Lease, type LeaseDependencies } from './lease.ts';

/** More are refused: those that live, and those that ended and are kept for their files (a heartbeat holds 1,024). */
const MOST_LIVE = 128;
const MOST_KEPT = 1000;
/** A removed lease is remembered this long, so that a late repetition of its order starts nothing. */
const REMEMBER_MS = 7 * 24 * 3600 * 1000;

/** All leases of this machine. */
export type Leases = {
  /** Idempotent. Refuses an id that is known with another content, was removed, or whose devices another live lease holds. */
  put(order: LeaseOrder): Promise<LeaseReport>;
  stop(leaseId: string, reason: EndReason, graceS: number): Promise<LeaseReport>;
  /** Idempotent; only of an ended lease. */
  remove(leaseId: string): Promise<void>;
  get(leaseId: string): Lease;
  all(): readonly Lease[];
  reports(): LeaseReport[];
  /** Makes records and containers agree; called now and then, and harmless at any time. */
  reconcile(): Promise<void>;
  /** Ends everything and removes it: the machine leaves the network. */
  removeAll(): Promise<void>;
  /** Lets go; containers run on. */
  detach(): Promise<void>;
};

/** Takes up what an earlier agent left: every record goes on from where it stands, every container without a record is ended. */
export async function openLeases(deps: LeaseDependencies): Promise<Leases> {
  const { engine, records, clock, log, onChange } = deps;
  const leases = new Map<string, Lease>();
  const removed = new Map<string, LeaseRecord>();
  /** Orders and removals of one lease come one after the other. */
  const turns = new Map<string, Promise<unknown>>();
  let detached = false;

  for (const record of await records.all()) {
    if (record.removed_at === null) takeUp(record);
    else removed.set(record.order.lease_id, record);
  }

  return {
    put: (order) => inTurn(order.lease_id, () => put(order)),
    stop: async (leaseId, reason, graceS) => {
      const lease = find(leaseId);
      await lease.stop(reason, graceS);
      return lease.report();
    },
    remove: (leaseId) => inTurn(leaseId, () => remove(leaseId)),
    get: find,
    all: () => [...leases.values()],
    reports: () => [...leases.values()].map((lease) => lease.report()),
    reconcile,
    removeAll: async () => {
      await Promise.all(
        [...leases.values()].map((lease) =>
          lease.stop('provider_stopped', Math.min(10, lease.record.order.stop_grace_s)),
        ),
      );
      await Promise.all([...leases.values()].map((lease) => lease.run()));
      for (const lease of leases.values()) await lease.remove();
      leases.clear();
    },
    detach: async () => {
      detached = true;
      await Promise.all([...leases.values()].map((lease) => lease.detach()));
    },
  };

  async function put(order: LeaseOrder): Promise<LeaseReport> {
    const known = leases.get(order.lease_id);
    if (known !== undefined) {
      if (known.record.order_hash === hashOf(order)) return known.report();
      throw new CoopError('wrong_state', `Lease ${order.lease_id} is known here with another content.`);
    }
    if (detached) throw new CoopError('unavailable', 'The agent is about to stop.');
    if (removed.has(order.lease_id))
      throw new CoopError('wrong_state', `Lease ${order.lease_id} was ended and removed here.`);
    const live = [...leases.values()].filter((lease) => !lease.ended).length;
    if (live >= MOST_LIVE || leases.size >= MOST_KEPT) {
      throw new CoopError(
        'wrong_state',
        `This machine holds ${leases.size} leases, ${live} of them live, and takes no more.`,
      );
    }
    assertFree(order.devices);
    const record = newRecord(order, clock.now());
    await records.save(record);
    log.info({ lease_id: order.lease_id, run_id: order.run_id }, 'lease accepted');
    const lease = takeUp(record);
    onChange();
    return lease.report();
  }

  async function remove(leaseId: string): Promise<void> {
    const lease = leases.get(leaseId);
    if (lease === undefined) return;
    if (!lease.ended)
      throw new CoopError('wrong_state', `Lease ${leaseId} has not ended yet.`, { hint: 'Stop it first.' });
    await lease.run(); // the final line is in the journal before the record goes
    await lease.remove();
    leases.delete(leaseId);
    removed.set(leaseId, lease.record);
    log.info({ lease_id: leaseId }, 'lease removed');
    onChange();
  }

  function find(leaseId: string): Lease {
    const lease = leases.get(leaseId);
    if (lease === undefined) throw new CoopError('not_found', 'This machine has no such lease.');
    return lease;
  }

  function takeUp(record: LeaseRecord): Lease {
    const lease = new Lease(record, deps);
    leases.set(lease.id, lease);
    void lease.run();
    return lease;
  }

  /** The server's book says so too; this one is kept in case the two disagree. Never two renters on one device. */
  function assertFree(devices: readonly string[]): void {
    for (const lease of leases.values()) {
      const taken = lease.ended ? undefined : devices.find((uuid) => lease.record.order.devices.includes(uuid));
      if (taken !== undefined) throw new CoopError('wrong_state', `Device ${taken} is in use by lease ${lease.id}.`);
    }
  }

  async function reconcile(): Promise<void> {
    for (const container of await engine.list()) {
      const lease = leases.get(container.lease_id);
      if (lease === undefined && !turns.has(container.lease_id)) await endStray(container);
      // Made by an engine that had been given up, or restarted by somebody's hand.
      else if (lease?.ended && container.state.running) await engine.stop(container.container_id, 0);
    }
    await forgetOld();
  }

  /** Nobody could bill or steer it, and its renter may still want its files: ended, kept, reported, and so removed in the end. */
  async function endStray({ lease_id, container_id, order, state }: OwnContainer): Promise<void> {
    if (!isId('lease', lease_id)) return;
    if (removed.has(lease_id)) return engine.remove(container_id);
    log.error({ lease_id, container_id }, 'a container has no record here; it is stopped');
    if (state.running) await engine.stop(container_id, 0);
    const record: LeaseRecord = {
      ...newRecord(withoutSecrets(order), clock.now()),
      container_id,
      end: {
        at: clock.now().toISOString(),
        reason: 'internal',
        detail: 'The agent had lost its record of this lease.',
        exit_code: (await engine.inspect(container_id))?.exit_code ?? null,
        served_ms: 0,
        meter: null,
        journaled: true,
      },
    };
    await inTurn(lease_id, async () => {
      if (leases.has(lease_id)) return;
      await records.save(record);
      takeUp(record);
      onChange();
    });
  }

  async function forgetOld(): Promise<void> {
    for (const [leaseId, record] of removed) {
      if (clock.now().getTime() - Date.parse(record.removed_at!) < REMEMBER_MS) continue;
      removed.delete(leaseId);
      await records.forget(leaseId);
    }
  }

  function inTurn<Result>(leaseId: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (turns.get(leaseId) ?? Promise.resolve()).catch(() => undefined).then(work);
    turns.set(leaseId, turn);
    const clear = () => turns.get(leaseId) === turn && turns.delete(leaseId);
    turn.then(clear, clear);
    return turn;
  }
}
