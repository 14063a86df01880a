import { migrate } from '@gpucoop/server/db/migrate.ts';
import type { Database } from '@gpucoop/server/db/open.ts';
import { transaction } from '@gpucoop/server/db/transaction.ts';
import { grantCredit, hold, openUserAccounts } from '@gpucoop/server/ledger/ledger.ts';
import { inspectLedger } from '@gpucoop/server/ledger/inspect.ts';
import { firstHold, settle, type SettledLease } from '@gpucoop/server/ledger/settle.ts';
import { sql } from 'kysely';
import { insertLease } from '../../test/support/leases.ts';
import { missing } from '../../test/support/needs.ts';
import type { Bench } from './bench.ts';
import { onPglite, onPostgres } from './databases.ts';
import { median } from './statistics.ts';

const CONCURRENCY = [1, 8];
const LEASES = 64;
const HOLD = 1_000_000n;

export const ledger: Bench = {
  name: 'ledger',
  what: 'settlements per second on both databases, against bare two-row updates on the same one',
  async run({ quick, say }) {
    const [rounds, count] = quick ? [3, 50] : [7, 200];
    const samples = await onPglite((database) => measure(database, rounds, count));
    const absent = missing(['postgres']);
    if (absent === undefined) samples.push(...(await onPostgres((database) => measure(database, rounds, count))));
    else say(`PostgreSQL was not measured: ${absent}`);
    say(
      `${rounds} rounds of ${count} transactions of each kind, in turns; both databases on disk, the server with its own defaults`,
    );
    say(
      'a settlement posts a hold, takes the fee, places the next hold and updates the lease; a bare update changes two rows',
    );
    return { rows: tableOf(samples), json: { rounds, count, samples } };
  },
};

type Sample = {
  database: string;
  concurrency: number;
  round: number;
  settlements_per_s: number;
  updates_per_s: number;
};

async function measure(database: Database, rounds: number, count: number): Promise<Sample[]> {
  await migrate(database);
  const leases = await prepare(database);
  await settlements(database, leases, count, 8); // warm both, unmeasured
  await updates(database, count, 8);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const concurrency of CONCURRENCY) {
      // Who goes first changes from round to round.
      const first = round % 2 === 0 ? await settlements(database, leases, count, concurrency) : undefined;
      const updates_per_s = await updates(database, count, concurrency);
      const settlements_per_s = first ?? (await settlements(database, leases, count, concurrency));
      samples.push({ database: database.engine, concurrency, round, settlements_per_s, updates_per_s });
    }
  }
  const { problems } = await inspectLedger(database.db);
  if (problems.length > 0) throw new Error(`the ledger is wrong after the bench: ${JSON.stringify(problems)}`);
  return samples;
}

async function prepare({ db }: Database): Promise<SettledLease[]> {
  const at = new Date();
  await sql`create table bench_rows (id int primary key, amount bigint not null)`.execute(db);
  await sql`insert into bench_rows select n, 0 from generate_series(0, ${2 * LEASES - 1}::int) as n`.execute(db);
  const leases: SettledLease[] = [];
  for (let n = 0; n < LEASES; n += 1) {
    const lease = { id: `lse_${n}`, run_id: `run_of_lse_${n}`, user_id: `usr_${n}`, provider_id: `usr_host_${n}` };
    const hold_id = `trf_${n}`;
    await transaction(db, async (tx) => {
      for (const user of [lease.user_id, lease.provider_id]) await openUserAccounts(tx, user, at);
      await grantCredit(tx, { id: `grant_${n}`, user_id: lease.user_id, amount: 10n ** 12n, what: 'bench', at });
      await hold(tx, { ...firstHold(lease, { id: hold_id, amount: HOLD }), at });
      await insertLease(tx, { ...lease, hold_id, held_micros: HOLD, created_at: at });
    });
    leases.push({ ...lease, hold_id, held_micros: HOLD, settled_micros: 0n, settled_fee_micros: 0n });
  }
  return leases;
}

/** Different leases at any one instant, as on a market with many. */
async function settlements(
  { db }: Database,
  leases: SettledLease[],
  count: number,
  concurrency: number,
): Promise<number> {
  return perSecond(count, concurrency, async (n) => {
    const lease = leases[n % LEASES]!;
    const gross_total = lease.settled_micros + 1000n;
    const settled = await transaction(db, async (tx) => {
      const { unpaid_micros: _unpaid, ...columns } = await settle(tx, {
        lease,
        gross_total,
        fee_total: gross_total / 10n,
        nextHold: HOLD,
        at: new Date(),
      });
      await tx.updateTable('leases').set(columns).where('id', '=', lease.id).execute();
      return columns;
    });
    Object.assign(lease, settled);
  });
}

async function updates({ db }: Database, count: number, concurrency: number): Promise<number> {
  return perSecond(count, concurrency, async (n) => {
    const row = 2 * (n % LEASES);
    await transaction(db, async (tx) => {
      await sql`update bench_rows set amount = amount - 1 where id = ${row}`.execute(tx);
      await sql`update bench_rows set amount = amount + 1 where id = ${row + 1}`.execute(tx);
    });
  });
}

/** Workers take the next number as soon as they are free; with fewer workers than leases none meets another on one lease. */
async function perSecond(count: number, concurrency: number, work: (n: number) => Promise<void>): Promise<number> {
  let next = 0;
  const start = performance.now();
  const worker = async () => {
    while (next < count) {
      const n = next;
      next += 1;
      await work(n);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (count * 1000) / (performance.now() - start);
}

function tableOf(samples: Sample[]): Record<string, string>[] {
  const groups = Map.groupBy(samples, ({ database, concurrency }) => `${database} ${concurrency}`);
  return [...groups.values()].map((of) => ({
    database: of[0]!.database,
    'at once': String(of[0]!.concurrency),
    'settlements/s': median(of.map((sample) => sample.settlements_per_s)).toFixed(0),
    'bare updates/s': median(of.map((sample) => sample.updates_per_s)).toFixed(0),
    'a settlement, in bare updates': median(
      of.map((sample) => sample.updates_per_s / sample.settlements_per_s),
    ).toFixed(2),
  }));
}
