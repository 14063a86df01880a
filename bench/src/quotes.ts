import { canonicalHash } from '@gpucoop/protocol/canonical.ts';
import { parseExpression } from '@gpucoop/protocol/expression.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
import { policyHash } from '@gpucoop/policy/policy.ts';
import { localPolicy } from '@gpucoop/policy/presets/local.ts';
import { systemClock } from '@gpucoop/server/clock.ts';
import { migrate } from '@gpucoop/server/db/migrate.ts';
import type { Database } from '@gpucoop/server/db/open.ts';
import { newId } from '@gpucoop/server/ids.ts';
import { explain } from '@gpucoop/server/market/explanation.ts';
import { cheapest, judgeAll, type MatchContext } from '@gpucoop/server/market/matching.ts';
import { createQuote, type QuoteDeps } from '@gpucoop/server/market/quotes.ts';
import { sampleSpec } from '@gpucoop/server/market/sample-supply.ts';
import { createShelves } from '@gpucoop/server/market/shelves.ts';
import type { Supply } from '@gpucoop/server/market/supply.ts';
import { missing } from '../../test/support/needs.ts';
import type { Bench } from './bench.ts';
import { onPglite, onPostgres } from './databases.ts';
import { marketOf } from './market-of.ts';
import { median, quantile } from './statistics.ts';

const OFFERS = 10_000;
const MAX_PRICE = 2_000_000;
const WHERE = 'region=eu reliability>=0.9 vram>=24';

/** One card of a class below a price; with and without an expression, which makes of every offer what a person would see of it. */
const plainSpec = Spec.parse(sampleSpec({ max_price_micros_per_hour: MAX_PRICE }, { classes: ['rtx-4090'] }));
const specs = {
  without: plainSpec,
  with: { ...plainSpec, where: WHERE },
  /** More than any machine has, so that every offer of the class is looked at. */
  nothing: { ...plainSpec, resources: { ...plainSpec.resources, disk_mib: { min: 1_000_000_000, max: null } } },
};

export const quotes: Bench = {
  name: 'quotes',
  what: `quotes per second at ${OFFERS} offers, against a plain filter and sort of the same array, and a bare insert of the same row`,
  async run({ quick, say }) {
    const supplies = marketOf(OFFERS);
    const [rounds, count] = quick ? [3, 5] : [15, 20];
    const samples = await inTurns(matchingWays(supplies), rounds, count);
    samples.push(...(await onPglite((database) => whole(database, supplies, rounds, count))));
    const absent = missing(['postgres']);
    if (absent === undefined)
      samples.push(...(await onPostgres((database) => whole(database, supplies, rounds, count))));
    else say(`PostgreSQL was not measured: ${absent}`);
    say(`${rounds} rounds of ${count} of each kind, in turns, one after the other; with --where: ${WHERE}`);
    return { rows: tableOf(samples), json: { offers: OFFERS, rounds, count, where: WHERE, samples } };
  },
};

type Way = { what: string; work(): unknown };
/** The first of the ways is what the others are held against. */
type Sample = { what: string; baseline: string; round: number; ms: number; baseline_ms: number };

function matchingWays(supplies: Supply[]): Way[] {
  const context = (where: string | null): MatchContext => ({
    now: new Date(),
    where: where === null ? null : parseExpression(where),
    renterPpm: 50_000,
    weakestIsolation: 'container',
    without: new Set(),
  });
  const shelves = createShelves(supplies);
  const match = (spec: Spec) => cheapest(shelves, spec, context(spec.where), 8);
  return [
    { what: 'plain filter and sort', work: () => filterAndSort(supplies) },
    { what: 'matching', work: () => match(specs.without) },
    { what: 'matching, --where', work: () => match(specs.with) },
    { what: 'matching, nothing matches', work: () => match(specs.nothing) },
    {
      what: 'explaining why nothing matches',
      work: () => explain(judgeAll(supplies, specs.nothing, context(null)), specs.nothing, 50_000),
    },
  ];
}

function filterAndSort(supplies: Supply[]): Supply[] {
  return supplies
    .filter(
      (supply) =>
        supply.class === 'rtx-4090' &&
        supply.presence === 'online' &&
        supply.listing === 'listed' &&
        supply.units_free >= 1 &&
        supply.price_micros_per_unit_hour <= BigInt(MAX_PRICE),
    )
    .toSorted((a, b) => (a.price_micros_per_unit_hour < b.price_micros_per_unit_hour ? -1 : 1))
    .slice(0, 8);
}

async function whole(database: Database, supplies: Supply[], rounds: number, count: number): Promise<Sample[]> {
  const { db, engine } = database;
  await migrate(database);
  await db.insertInto('users').values({ id: 'usr_bench', name: 'bench', created_at: new Date() }).execute();
  const shelves = createShelves(supplies);
  const readModel = { shelves: () => shelves, refresh: async () => {} };
  const deps: QuoteDeps = {
    db,
    readModel,
    policy: localPolicy,
    policyHash: policyHash(localPolicy),
    clock: systemClock(),
  };
  const quote = (spec: Spec) => createQuote(deps, 'usr_bench', spec, { balance: 10_000_000n });
  const { options } = await quote(specs.without);
  const insert = () => {
    const row = {
      id: newId('quote'),
      user_id: 'usr_bench',
      spec: JSON.stringify(plainSpec),
      spec_hash: canonicalHash(plainSpec),
      policy_hash: 'none',
      options: JSON.stringify(options),
      created_at: new Date(),
      expires_at: new Date(),
    };
    return db.insertInto('quotes').values(row).execute();
  };
  return inTurns(
    [
      { what: `bare insert, ${engine}`, work: insert },
      { what: `quote, ${engine}`, work: () => quote(specs.without) },
      { what: `quote, --where, ${engine}`, work: () => quote(specs.with) },
    ],
    rounds,
    count,
  );
}

/** Every way in every round, first or last by turns; a first round is not counted. */
async function inTurns(ways: Way[], rounds: number, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const times = new Map<string, number>();
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const began = performance.now();
      for (let n = 0; n < count; n += 1) await way.work();
      times.set(way.what, (performance.now() - began) / count);
    }
    const baseline = ways[0]!.what;
    const baseline_ms = times.get(baseline)!;
    if (round >= 0) for (const [what, ms] of times) samples.push({ what, baseline, round, ms, baseline_ms });
  }
  return samples;
}

function tableOf(samples: Sample[]): Record<string, string>[] {
  return [...Map.groupBy(samples, ({ what }) => what)]
    .toSorted(([, [a]], [, [b]]) => Number(b?.what === b?.baseline) - Number(a?.what === a?.baseline))
    .map(([what, of]) => {
      const times = of.map(({ ms }) => ms);
      return {
        what,
        'per second': (1000 / median(times)).toFixed(0),
        'median ms': median(times).toFixed(2),
        'p90 ms': quantile(times, 0.9).toFixed(2),
        'times the baseline':
          what === of[0]!.baseline ? '' : median(of.map(({ ms, baseline_ms }) => ms / baseline_ms)).toFixed(1),
      };
    });
}
