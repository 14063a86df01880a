import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signerFromSecret, signStatement, type Statement } from '@gpucoop/protocol/evidence.ts';
import {
  acknowledge,
  acknowledgeUnready,
  billedSoFarMs,
  receiptNow,
  wholeSeconds,
  type Meter,
  type Receipt,
} from './meter.ts';
import { recomputeLease } from './recompute.ts';

const machine = signerFromSecret(new Uint8Array(32).fill(1));
const meterKey = signerFromSecret(new Uint8Array(32).fill(2));
const start = Date.parse('2026-11-23T00:00:00Z');
const at = (ms: number): Date => new Date(start + ms);
const rules = { gap_ms: 60_000, server_since: at(-1) };
const line = (servedMs: number, options: { container?: string; final?: boolean } = {}): Statement<'meter'> =>
  signStatement(
    'meter',
    { lease_id: 'lse_1', container_id: options.container ?? 'c1', served_ms: servedMs, final: options.final ?? false },
    at(servedMs).toISOString(),
    machine,
  );
const fresh: Meter = {
  container_id: null,
  served_ms: 0,
  billed_ms: 0,
  unbilled_ms: 0,
  receipt_at: at(0),
  acked_at: at(0),
  acked_line: null,
};

/** Plays heartbeats, each `[server time, served]`, and gives the meter and all receipts. */
function play(beats: [number, number][], from: Meter = fresh, since = rules): { meter: Meter; receipts: Receipt[] } {
  let meter = from;
  const receipts: Receipt[] = [];
  for (const [time, served] of beats) {
    const step = acknowledge(meter, line(served), at(time), since, false);
    meter = step.meter;
    receipts.push(...step.receipts);
  }
  return { meter, receipts };
}

describe('what is billed', () => {
  test('an honest machine is billed for what it served', () => {
    const { meter } = play([
      [5000, 4900],
      [10_000, 9900],
      [15_000, 14_900],
    ]);
    expect(billedSoFarMs(meter)).toBe(14_900);
  });

  test('a clock that runs too fast is bounded by ours', () => {
    const { meter } = play([
      [5000, 50_000],
      [10_000, 100_000],
    ]);
    expect(billedSoFarMs(meter)).toBe(10_000);
    expect(receiptNow(meter).receipts[0]?.body).toMatchObject({
      rule: 'bounded_by_server_clock',
      elapsed_ms: 10_000,
      unbilled_ms: 90_000,
    });
  });

  test('a clock that goes back takes nothing away and gives nothing twice', () => {
    const { meter } = play(
      [[70_000, 60_000]].concat([
        [75_000, 10_000],
        [80_000, 62_000],
      ]) as [number, number][],
      { ...fresh, acked_at: at(20_000) },
    );
    expect(billedSoFarMs(meter)).toBe(62_000);
  });

  test('time before ready is not billed, however long the pull took', () => {
    const ready = acknowledgeUnready(fresh, at(600_000));
    const { meter } = play([[605_000, 300_000]], ready);
    expect(billedSoFarMs(meter)).toBe(5000);
  });

  test('a gap of a minute with the same container is billed from the signed lines', () => {
    const { meter } = play([
      [5000, 5000],
      [65_000, 65_000],
    ]);
    expect(billedSoFarMs(meter)).toBe(65_000);
  });

  test('a longer gap is unpaid from the last acknowledged heartbeat on', () => {
    const { meter, receipts } = play([
      [5000, 5000],
      [65_001, 65_001],
      [70_000, 70_000],
    ]);
    expect(billedSoFarMs(meter)).toBe(5000 + 4999);
    expect(meter.unbilled_ms).toBe(60_001);
    expect(receipts.map(({ body }) => [body.rule, body.elapsed_ms, body.unbilled_ms])).toEqual([
      ['served', 5000, 0],
      ['gap_too_long', 60_001, 60_001],
    ]);
  });

  test('a gap because our own server was down says so', () => {
    const { receipts } = play([[5000, 5000]]);
    expect(receipts).toEqual([]);
    const { meter } = play([[5000, 5000]]);
    const back = acknowledge(meter, line(120_000), at(120_000), { ...rules, server_since: at(100_000) }, false);
    expect(back.receipts.at(-1)?.body.rule).toBe('server_down');
    // Heard at the very start of this server: what is missing since is the machine's.
    const since = acknowledge(meter, line(120_000), at(120_000), { ...rules, server_since: at(5000) }, false);
    expect(since.receipts.at(-1)?.body.rule).toBe('gap_too_long');
  });

  test('another container in the same lease is not paid', () => {
    const { meter } = play([[5000, 5000]]);
    const other = acknowledge(meter, line(9000, { container: 'c2' }), at(9000), rules, false);
    expect(other.meter.billed_ms).toBe(5000);
    expect(other.receipts.at(-1)?.body.rule).toBe('other_container');
  });

  test('a receipt comes each minute, and not with every line that calls itself final', () => {
    const { receipts } = play([
      [30_000, 30_000],
      [60_000, 60_000],
    ]);
    expect(receipts).toHaveLength(1);
    expect(acknowledge(fresh, line(10, { final: true }), at(10), rules, false).receipts).toHaveLength(0);
  });
});

test('a second counts when it is whole', () => {
  expect([0, 999, 1000, 1999].map(wholeSeconds)).toEqual([0n, 0n, 1n, 1n]);
});

const beats = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: -5000, max: 200_000 })), { maxLength: 40 })
  .map((steps) => {
    let time = 0;
    let served = 0;
    return steps.map(([waited, ran]): [number, number] => [(time += waited), (served = Math.max(0, served + ran))]);
  });

describe('whatever a machine says', () => {
  test('never more is billed than time has passed on our clock, nor than it says it served', () => {
    fc.assert(
      fc.property(beats, (all) => {
        const { meter } = play(all);
        const billed = billedSoFarMs(meter);
        expect(billed).toBeLessThanOrEqual(all.at(-1)?.[0] ?? 0);
        expect(billed).toBeLessThanOrEqual(Math.max(0, ...all.map(([, served]) => served)));
      }),
    );
  });

  test('the bill can be made again from the signed statements alone', () => {
    fc.assert(
      fc.property(beats, fc.integer({ min: 0, max: 5_000_000 }), (all, price) => {
        const played = play(all);
        const end = receiptNow(played.meter);
        const statements: Statement[] = [
          signStatement(
            'lease_terms',
            {
              lease_id: 'lse_1',
              run_id: 'run_1',
              quote_id: 'qte_1',
              order_hash: 'x',
              machine_key: machine.publicKey,
              renter_id: 'usr_1',
              provider_id: 'usr_2',
              price_micros_per_hour: price,
              policy_hash: 'x',
            },
            at(0).toISOString(),
            meterKey,
          ),
          ...[...played.receipts, ...end.receipts].flatMap((receipt) => [
            receipt.line,
            signStatement('receipt', receipt.body, at(0).toISOString(), meterKey),
          ]),
        ];
        const again = recomputeLease(statements, { meter: meterKey.publicKey, provider_ppm: 50_000 });
        expect(again.problems).toEqual([]);
        expect(again.billed_ms).toBe(end.meter.billed_ms);
      }),
      { numRuns: 25 }, // each run signs and verifies some eighty statements
    );
  });
});
