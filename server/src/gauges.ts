import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from './db/rows.ts';
import type { Links } from './gateway/links.ts';
import type { Metrics, Sample } from './metrics.ts';

/** What an operator watches: how much is on offer, how much runs, who is linked, and whether the books are right. */
export function registerGauges(metrics: Metrics, { db, links }: { db: Kysely<Tables>; links: Links }): void {
  metrics.gauge('coop_links', 'Agents linked to this server', () => links.count());
  metrics.gauge('coop_servers', 'Servers on this database', async () => {
    const { n } = await db
      .selectFrom('servers')
      .select((eb) => eb.fn.countAll<bigint>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(n);
  });
  metrics.gauge('coop_machines', 'Machines by presence and listing', async () =>
    samples(
      await sql<Row>`select presence as a, listing as b, count(*)::int as n from machines group by 1, 2`.execute(db),
      ['presence', 'listing'],
    ),
  );
  metrics.gauge('coop_leases', 'Leases by state', async () =>
    samples(await sql<Row>`select state as a, '' as b, count(*)::int as n from leases group by 1`.execute(db), [
      'state',
    ]),
  );
  metrics.gauge('coop_runs', 'Runs by state', async () =>
    samples(await sql<Row>`select state as a, '' as b, count(*)::int as n from runs group by 1`.execute(db), ['state']),
  );
  metrics.gauge('coop_units', 'Rentable units by class and whether they are leased', async () =>
    samples(
      await sql<Row>`
        select offers.class as a, case when slots.lease_id is null then 'free' else 'leased' end as b, count(*)::int as n
        from slots join offers on offers.id = slots.offer_id where slots.present and not offers.withdrawn group by 1, 2`.execute(
        db,
      ),
      ['class', 'standing'],
    ),
  );
}

type Row = { a: string; b: string; n: number };

function samples({ rows }: { rows: Row[] }, labels: string[]): Sample[] {
  return rows.map((row) => ({
    value: row.n,
    labels: Object.fromEntries(labels.map((label, index) => [label, index === 0 ? row.a : row.b])),
  }));
}
