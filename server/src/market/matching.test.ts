import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExpression } from '@gpucoop/protocol/expression.ts';
import type { NoMatchReason } from '@gpucoop/protocol/reasons.ts';
import { explain } from './explanation.ts';
import { cheapest, cheapestFirst, judge, judgeAll, priceOf, renterFee, type MatchContext } from './matching.ts';
import { sampleSpec, sampleSupply } from './sample-supply.ts';
import { createShelves } from './shelves.ts';
import type { Supply } from './supply.ts';

const context: MatchContext = {
  now: new Date('2026-11-23T12:00:00Z'),
  where: null,
  renterPpm: 0,
  weakestIsolation: 'container',
  without: new Set(),
};

const failuresOf = (supply: Supply, spec = sampleSpec(), change: Partial<MatchContext> = {}): NoMatchReason[] => {
  const judgement = judge(supply, spec, { ...context, ...change });
  return 'failures' in judgement ? judgement.failures : [];
};

describe('one offer and one spec', () => {
  test('a machine that has what is asked for matches, with its share of the machine', () => {
    const judgement = judge(sampleSupply(), sampleSpec({}, { count: { min: 2, max: 2 } }), context);
    expect(judgement).toMatchObject({
      match: { units: 2, cpus: 16, memory_mib: 65_536, price_micros_per_hour: 800_000n },
    });
  });

  const specOf = (resources: object) => {
    const spec = sampleSpec();
    return { ...spec, resources: { ...spec.resources, ...resources } };
  };
  const upTo = (max: number) => sampleSpec({}, { count: { min: 1, max } }).resources.gpu;
  const termsOf = (change: Partial<Supply['terms']>) => ({ ...sampleSupply().terms, ...change });
  test.each<[NoMatchReason, Partial<Supply>, ReturnType<typeof sampleSpec>]>([
    ['machine_offline', { presence: 'unknown' }, sampleSpec()],
    ['not_listed', { listing: 'draining' }, sampleSpec()],
    ['not_listed', { suspended: true }, sampleSpec()],
    ['class', {}, sampleSpec({}, { classes: ['h100-sxm-80gb'] })],
    ['class', {}, specOf({ gpu: null })],
    ['class', { class: 'cpu' }, sampleSpec()],
    ['vram', {}, sampleSpec({}, { memory_mib: { min: 40_960, max: null } })],
    ['devices', {}, sampleSpec({}, { count: { min: 8, max: 8 } })],
    ['cpus', {}, specOf({ cpus: { min: 64, max: null } })],
    ['memory', {}, specOf({ memory_mib: { min: 400_000, max: null } })],
    ['disk', { disk_free_mib: 100 }, sampleSpec()],
    ['disk', { disk_free_mib: 99 }, specOf({ disk_mib: { min: 100, max: null } })],
    ['class', {}, sampleSpec({}, { vendor: 'amd' })],
    ['class', { class: 'cpu' }, sampleSpec({}, { vendor: 'nvidia', classes: ['cpu'] })],
    ['vram', {}, sampleSpec({}, { memory_mib: { min: 0, max: 16_384 } })],
    ['devices', { terms: termsOf({ max_units: 2 }) }, sampleSpec({}, { count: { min: 3, max: null } })],
    ['devices', { terms: termsOf({ max_units: 9 }) }, sampleSpec({}, { count: { min: 5, max: null } })],
    ['devices', { terms: termsOf({ min_units: 3 }) }, sampleSpec({}, { count: { min: 1, max: 2 } })],
    ['cpus', {}, specOf({ gpu: upTo(2), cpus: { min: 17, max: null } })],
    ['term', {}, sampleSpec({ max_duration_s: 59 })],
    ['where', {}, sampleSpec({ regions: ['eu-cent'] })],
    ['rented', { units_free: 1, units_owner_busy: 1 }, sampleSpec({}, { count: { min: 3, max: 3 } })],
    ['owner_busy', { units_free: 1, units_owner_busy: 2 }, sampleSpec({}, { count: { min: 3, max: 3 } })],
    ['architecture', {}, specOf({ architecture: 'arm64' })],
    ['isolation', { isolation: 'none' }, sampleSpec()],
    ['isolation', {}, sampleSpec({ isolation: 'sandbox' })],
    ['term', {}, sampleSpec({ max_duration_s: 60 * 86_400 })],
    ['where', {}, sampleSpec({ regions: ['us-east'] })],
    ['price', {}, sampleSpec({ max_price_micros_per_hour: 399_999 })],
    ['rented', { units_free: 0 }, sampleSpec()],
    ['owner_busy', { units_free: 0, units_owner_busy: 4 }, sampleSpec()],
  ])('%s keeps an offer from matching, and it alone', (reason, change, spec) => {
    expect(failuresOf(sampleSupply(change), spec)).toEqual([reason]);
  });

  test.each<[string, Partial<Supply>, ReturnType<typeof sampleSpec>]>([
    ['the disk that is just free', { disk_free_mib: 100 }, specOf({ disk_mib: { min: 100, max: null } })],
    ['the vendor that is asked for', {}, sampleSpec({}, { vendor: 'nvidia' })],
    ['a memory that is the most', {}, sampleSpec({}, { memory_mib: { min: 24_576, max: 24_576 } })],
    [
      'as many as its terms allow',
      { terms: termsOf({ max_units: 3 }) },
      sampleSpec({}, { count: { min: 3, max: null } }),
    ],
    ['all of it', {}, sampleSpec({}, { count: { min: 4, max: 4 } })],
    ['the shortest term', {}, sampleSpec({ max_duration_s: 60 })],
    ['the longest term', {}, sampleSpec({ max_duration_s: 30 * 86_400 })],
    ['one of two regions', {}, sampleSpec({ regions: ['us', 'eu-central'] })],
    ['a processor alone', { class: 'cpu' }, specOf({ gpu: null })],
    ['no share of CPUs where none is asked for', { unit_cpus: 0 }, specOf({ cpus: { min: 0, max: null } })],
    ['the highest price', {}, sampleSpec({ max_price_micros_per_hour: 400_000 })],
  ])('%s matches', (_, change, spec) => {
    expect(failuresOf(sampleSupply(change), spec)).toEqual([]);
  });

  test('no more than two reasons are told', () => {
    const far = sampleSupply({ presence: 'lost', class: 'h100-sxm-80gb', disk_free_mib: 0, units_free: 0 });
    expect(failuresOf(far, sampleSpec({}, { classes: ['rtx-4090'] }))).toEqual(['machine_offline', 'class']);
  });

  test('a lease gets its share of the machine, or the most that it asks for, and never nothing', () => {
    const shareOf = (cpus: number | null, memory: number | null, disk: number) =>
      judge(
        sampleSupply(),
        specOf({
          cpus: { min: 0, max: cpus },
          memory_mib: { min: 0, max: memory },
          disk_mib: { min: disk, max: null },
        }),
        context,
      );
    expect(shareOf(null, null, 100)).toMatchObject({ match: { cpus: 8, memory_mib: 32_768, disk_mib: 100 } });
    expect(shareOf(2, 1024, 0)).toMatchObject({ match: { cpus: 2, memory_mib: 1024, disk_mib: 1 } });
    expect(shareOf(99, 99_999, 1)).toMatchObject({ match: { cpus: 8, memory_mib: 32_768, disk_mib: 1 } });
    expect(shareOf(0, 0, 2)).toMatchObject({ match: { cpus: 1, memory_mib: 1, disk_mib: 2 } });
  });

  test('the renter’s fee is on top of what is asked for all units, rounded up', () => {
    expect(priceOf(sampleSupply(), 2, 30_000)).toBe(824_000n);
    expect(priceOf(sampleSupply({ price_micros_per_unit_hour: 1n }), 1, 1)).toBe(2n);
    expect([0n, 1n, 1_000_000n, 1_000_001n].map((asked) => renterFee(asked, 1))).toEqual([0n, 1n, 1n, 2n]);
    expect(renterFee(10n, 0)).toBe(0n);
  });

  test('an expression over the offer decides too', () => {
    const where = parseExpression('region=us-east');
    expect(failuresOf(sampleSupply(), sampleSpec(), { where })).toEqual(['where']);
  });

  test('what a driver keeps for itself does not make a 24 GB card smaller', () => {
    const spec = sampleSpec({}, { memory_mib: { min: 24_576, max: 24_576 } });
    expect(failuresOf(sampleSupply({ class: 'l4', device_memory_mib: 23_034 }), spec)).toEqual([]);
    expect(failuresOf(sampleSupply(), spec)).toEqual([]);
  });

  test('a region holds what lies in it', () => {
    expect(failuresOf(sampleSupply(), sampleSpec({ regions: ['eu'] }))).toEqual([]);
    expect(failuresOf(sampleSupply(), sampleSpec({ regions: ['e'] }))).toEqual(['where']);
  });

  test('quiet hours end the offer before they begin', () => {
    const terms = { ...sampleSupply().terms, quiet_hours: [{ from: '14:00', to: '18:00' }] };
    expect(failuresOf(sampleSupply({ terms }), sampleSpec({ max_duration_s: 7200 }))).toEqual([]);
    expect(failuresOf(sampleSupply({ terms }), sampleSpec({ max_duration_s: 7201 }))).toEqual(['term']);
    expect(
      failuresOf(sampleSupply({ terms }), sampleSpec({ max_duration_s: 600 }), {
        now: new Date('2026-11-23T15:00:00Z'),
      }),
    ).toEqual(['quiet_hours']);
  });

  test('a machine on which the run was lost before is not used again', () => {
    expect(failuresOf(sampleSupply(), sampleSpec(), { without: new Set(['mch_1']) })).toEqual(['not_listed']);
  });

  test('too small a share of CPUs is made up by more units where the spec allows more', () => {
    const spec = sampleSpec({}, { count: { min: 1, max: 4 } });
    const wide = { ...spec, resources: { ...spec.resources, cpus: { min: 20, max: null } } };
    expect(judge(sampleSupply(), wide, context)).toMatchObject({ match: { units: 3, cpus: 24 } });
  });
});

const supplies = fc
  .array(
    fc.record({
      class: fc.constantFrom('rtx-4090', 'rtx-3090', 'h100-sxm-80gb', 'cpu'),
      units_total: fc.integer({ min: 1, max: 8 }),
      units_leased: fc.integer({ min: 0, max: 8 }),
      price: fc.bigInt({ min: 0n, max: 5_000_000n }),
      reliability_ppm: fc.integer({ min: 0, max: 1_000_000 }),
      presence: fc.constantFrom('online' as const, 'unknown' as const, 'lost' as const),
      listing: fc.constantFrom('listed' as const, 'paused' as const),
    }),
    { maxLength: 30 },
  )
  .map((machines) =>
    machines.map((machine, index) =>
      sampleSupply({
        ...machine,
        id: `off_${index}`,
        machine_id: `mch_${index}`,
        units_free: Math.max(0, machine.units_total - machine.units_leased),
        price_micros_per_unit_hour: machine.price,
      }),
    ),
  );
const specs = fc
  .record({
    count: fc.integer({ min: 1, max: 8 }),
    classes: fc.subarray(['rtx-4090', 'rtx-3090', 'h100-sxm-80gb']),
    max: fc.option(fc.integer({ min: 0, max: 20_000_000 }), { nil: null }),
  })
  .map(({ count, classes, max }) =>
    sampleSpec({ max_price_micros_per_hour: max }, { count: { min: count, max: count }, classes }),
  );
const fees = fc.integer({ min: 0, max: 300_000 });

/** Anything that decides, in few values, so that offers tie, and most of them good, so that there are more than are wanted. */
const mostly = <Value>(usual: Value, ...others: Value[]) =>
  fc.constantFrom(usual, usual, usual, usual, usual, ...others);
const anySupplies = fc
  .array(
    fc.record({
      class: fc.constantFrom('rtx-4090', 'rtx-3090', 'cpu'),
      vendor: mostly('nvidia', 'amd'),
      units_total: mostly(4, 1, 2),
      units_free: mostly(4, 0, 1),
      min_units: mostly(1, 2, 3),
      unit_cpus: mostly(8, 2),
      price_micros_per_unit_hour: fc.bigInt({ min: 0n, max: 3n }).map((price) => price * 100_000n),
      reliability_ppm: fc.constantFrom(600_000, 900_000),
      presence: mostly<Supply['presence']>('online', 'unknown'),
      disk_free_mib: mostly(500_000, 100),
      isolation: mostly<Supply['isolation']>('container', 'none'),
      region: mostly('eu-central', 'us-east'),
      quiet_from: mostly<string | null>(null, '11:00', '13:00'),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((machines) =>
    machines.map(({ min_units, region, quiet_from, ...machine }, index) =>
      sampleSupply({
        ...machine,
        id: `off_${index}`,
        machine_id: `mch_${index % 7}`,
        terms: {
          ...sampleSupply().terms,
          min_units,
          region,
          quiet_hours: quiet_from === null ? [] : [{ from: quiet_from, to: '14:00' }],
        },
      }),
    ),
  );
const anySpecs = fc
  .record({
    gpu: fc.option(
      fc.record({
        vendor: fc.constantFrom(null, 'nvidia' as const),
        classes: fc.subarray(['rtx-4090', 'rtx-3090', 'h100-sxm-80gb']),
        count: fc.constantFrom({ min: 1, max: 1 }, { min: 1, max: 4 }, { min: 2, max: null }),
      }),
      { nil: null },
    ),
    cpus: mostly(0, 4, 20),
    max: fc.option(fc.integer({ min: 0, max: 15 }), { nil: null }),
    region: fc.constantFrom(null, 'eu'),
    max_duration_s: fc.constantFrom(600, 7200),
  })
  .map(({ gpu, cpus, max, region, max_duration_s }) => {
    const regions = region === null ? null : [region];
    const spec = sampleSpec(
      { regions, max_duration_s, max_price_micros_per_hour: max === null ? null : max * 100_000 },
      gpu ?? {},
    );
    const resources = { ...spec.resources, cpus: { min: cpus, max: null } };
    return { ...spec, resources: gpu === null ? { ...resources, gpu: null } : resources };
  });
const contexts = fc
  .record({
    where: fc.constantFrom(null, 'reliability>=0.8', 'price<0.3 region=eu'),
    renterPpm: fc.constantFrom(0, 30_001),
    without: fc.subarray(['mch_1', 'mch_2']),
  })
  .map(({ where, renterPpm, without }) => ({
    ...context,
    renterPpm,
    where: where === null ? null : parseExpression(where),
    without: new Set(without),
  }));

describe('all offers', () => {
  test('the cheapest found quickly are the first of all that match, in their order', () => {
    fc.assert(
      fc.property(anySupplies, anySpecs, contexts, fc.integer({ min: 1, max: 9 }), (all, spec, within, count) => {
        const expected = cheapestFirst(judgeAll(all, spec, within)).slice(0, count);
        expect(cheapest(createShelves(all), spec, within, count)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('the cheapest eligible offer wins, never above the maximum price, never more units than are free', () => {
    fc.assert(
      fc.property(supplies, specs, fees, (all, spec, renterPpm) => {
        const judgements = judgeAll(all, spec, { ...context, renterPpm });
        const matches = cheapestFirst(judgements);
        const eligible = all.filter(
          (supply) =>
            supply.presence === 'online' &&
            supply.listing === 'listed' &&
            supply.class !== 'cpu' &&
            (spec.resources.gpu?.classes.length === 0 || spec.resources.gpu?.classes.includes(supply.class)) &&
            supply.units_free >= (spec.resources.gpu?.count.min ?? 0) &&
            (spec.max_price_micros_per_hour === null ||
              priceOf(supply, spec.resources.gpu?.count.min ?? 0, renterPpm) <= BigInt(spec.max_price_micros_per_hour)),
        );
        expect(new Set(matches.map((match) => match.supply.id))).toEqual(new Set(eligible.map((supply) => supply.id)));
        for (const [index, match] of matches.entries()) {
          const next = matches[index + 1];
          if (next !== undefined) expect(match.price_micros_per_hour <= next.price_micros_per_hour).toBe(true);
          expect(match.units).toBeLessThanOrEqual(match.supply.units_free);
        }
      }),
    );
  });

  test('the explanation accounts for every offer once', () => {
    fc.assert(
      fc.property(supplies, specs, (all, spec) => {
        const explanation = explain(judgeAll(all, spec, context), spec, 0);
        expect(explanation.offers).toBe(all.length);
        expect(explanation.failed.reduce((sum, row) => sum + row.offers, explanation.matching)).toBe(all.length);
      }),
    );
  });

  test('an offer that fails several conditions counts under the first, and no single change brings it', () => {
    const all = [
      sampleSupply({ presence: 'unknown', class: 'h100-sxm-80gb', units_free: 0 }),
      sampleSupply({ class: 'h100-sxm-80gb', units_free: 0 }),
      sampleSupply({ units_free: 0 }),
    ];
    const { failed, relaxing } = explain(
      judgeAll(all, sampleSpec({}, { classes: ['rtx-4090'] }), context),
      sampleSpec(),
      0,
    );
    expect(failed).toEqual([
      { reason: 'machine_offline', offers: 1 },
      { reason: 'class', offers: 1 },
      { reason: 'rented', offers: 1 },
    ]);
    expect(relaxing.map(({ reason, offers }) => [reason, offers])).toEqual([['rented', 1]]);
  });

  test('doing what the explanation says about the price makes an offer match', () => {
    const all = [sampleSupply({ id: 'off_a' }), sampleSupply({ id: 'off_b', price_micros_per_unit_hour: 900_000n })];
    const spec = sampleSpec({ max_price_micros_per_hour: 100_000 });
    const { relaxing } = explain(judgeAll(all, spec, context), spec, 0);
    expect(relaxing).toEqual([{ reason: 'price', offers: 2, example: '--max-price 0.40' }]);
    expect(cheapestFirst(judgeAll(all, { ...spec, max_price_micros_per_hour: 400_000 }, context))).toHaveLength(1);
  });
});
