import type { Spec } from '@gpucoop/protocol/spec.ts';
import type { Demand } from '@gpucoop/protocol/resources.ts';
import { toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import type { Logger } from 'pino';
import { transaction } from '../db/transaction.ts';
import { cheapestFor, quotedOffer, type QuoteDeps } from '../market/quotes.ts';
import { placeFirst, sliceOf, type OrderDeps } from './orders.ts';
import { specOf, type Db, type RunRow } from './store.ts';
import { endRun } from './transitions.ts';

/** Runs that wait: for their first offer (`--wait`) or, after an interruption, for another machine. Oldest first. */
export type Queue = { wake(): void; start(): void; stop(): Promise<void> };

export type QueueDeps = OrderDeps & QuoteDeps & { log: Logger; onPlaced(leaseId: string): void };

const LOOK_EVERY_MS = 2000;
const PAGE = 200;

export function createQueue(deps: QueueDeps): Queue {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  /** One look at a time; who asks during one gets another after it. */
  function turn(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = serveWaiting(deps, () => stopped).finally(() => {
      running = undefined;
      const next = again ? 0 : LOOK_EVERY_MS;
      again = false;
      if (!stopped) timer = setTimeout(turn, next);
    });
  }

  return {
    wake: turn,
    start: turn,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Looks at all that wait, once. */
export async function serveWaiting(deps: QueueDeps, stopped: () => boolean = () => false): Promise<void> {
  try {
    for await (const run of waiting(deps.db)) {
      if (stopped()) return;
      // One that cannot be served is no reason for those behind it to wait.
      await serve(deps, run).catch((error: unknown) =>
        deps.log.error({ err: error, run_id: run.id }, 'a waiting run could not be looked at'),
      );
    }
  } catch (error) {
    deps.log.error({ err: error }, 'the queue could not be looked through');
  }
}

/** All that wait, oldest first, a page at a time: those that never match must not hide those behind them. */
async function* waiting(db: Db): AsyncGenerator<RunRow> {
  let after: RunRow | undefined;
  for (;;) {
    const page: RunRow[] = await db
      .selectFrom('runs')
      .selectAll()
      .where('state', '=', 'queued')
      .$if(after !== undefined, (query) =>
        query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at', 'id'), '>', tuple(after?.created_at ?? new Date(0), after?.id ?? '')),
        ),
      )
      .orderBy('created_at')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function serve(deps: QueueDeps, seen: RunRow): Promise<void> {
  const now = deps.clock.now();
  const spec = specOf(seen);
  const without = await lostOn(deps.db, seen.id);
  const wanted: Spec = { ...spec, max_price_micros_per_hour: Number(seen.max_price_micros_per_hour) };
  const slices = cheapestFor(deps, wanted, now, without).map((match) => sliceOf(quotedOffer(match, deps.policy, now)));
  const leaseId = await transaction(deps.db, async (tx) => {
    const run = await tx
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', seen.id)
      .where('state', '=', 'queued')
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (run === undefined) return null;
    const over = givenUp(run, spec, now);
    if (over !== null) {
      await endRun(tx, run, { ...over, exit_code: null }, now);
      return null;
    }
    return placeFirst(tx, deps, run, slices, now);
  }).catch(async (error: unknown) => {
    if (!(error instanceof CoopError) || error.code !== 'insufficient_credit') throw error;
    await endWithoutCredit(deps, seen.id, error.message);
    return null;
  });
  if (leaseId !== null) deps.onPlaced(leaseId);
  deps.bell.ring(seen.id);
}

/** Every wait has an end: the renter's stop, the expiry, or the duration of the spec's retry policy. */
function givenUp(run: RunRow, spec: Spec, now: Date): { reason: EndReason; detail: string | null } | null {
  if (run.stop_reason !== null) return { reason: run.stop_reason as EndReason, detail: null };
  if (run.expires_at <= now) return { reason: 'expired', detail: 'Nothing matched in time.' };
  if (run.attempt === 0 || run.queue || spec.retry === null) return null;
  const until = run.created_at.getTime() + spec.retry.duration_s * 1000;
  return now.getTime() >= until
    ? { reason: 'machine_lost', detail: 'No other machine matched in the time of the retry policy.' }
    : null;
}

async function endWithoutCredit(deps: QueueDeps, runId: string, detail: string): Promise<void> {
  const now = deps.clock.now();
  await transaction(deps.db, async (tx) => {
    const run = await tx
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', runId)
      .where('state', '=', 'queued')
      .forUpdate()
      .executeTakeFirst();
    if (run !== undefined) await endRun(tx, run, { reason: 'credit_exhausted', detail, exit_code: null }, now);
  });
}

async function lostOn(db: Db, runId: string): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('leases').select('machine_id').where('run_id', '=', runId).execute();
  return new Set(rows.map((row) => row.machine_id));
}

/** What waits, by class, as providers see it. A spec that names several classes counts for each; one that names none for `any`. */
export async function openDemand(db: Db): Promise<Demand[]> {
  const waiting = await db.selectFrom('runs').selectAll().where('state', '=', 'queued').orderBy('created_at').execute();
  const byClass = new Map<string, { runs: number; units: number; price: bigint; oldest: Date }>();
  for (const run of waiting) {
    const spec = specOf(run);
    const { gpu, cpus } = spec.resources;
    const units = gpu === null ? Math.max(1, cpus.min) : Math.max(1, gpu.count.min);
    const perUnit = run.max_price_micros_per_hour / BigInt(units);
    for (const deviceClass of gpu === null ? ['cpu'] : gpu.classes.length > 0 ? gpu.classes : ['any']) {
      const demand = byClass.get(deviceClass) ?? { runs: 0, units: 0, price: 0n, oldest: run.created_at };
      demand.runs += 1;
      demand.units += units;
      if (perUnit > demand.price) demand.price = perUnit;
      byClass.set(deviceClass, demand);
    }
  }
  return [...byClass].map(([deviceClass, demand]) => ({
    class: deviceClass,
    runs: demand.runs,
    units: demand.units,
    max_price_per_unit_hour: toMoney(demand.price),
    oldest_at: demand.oldest.toISOString(),
  }));
}
