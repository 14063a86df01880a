import { describe, expect, test } from 'vitest';
import {
  signerFromSecret,
  signStatement,
  statementHash,
  type LeaseTermsBody,
  type MeterBody,
  type ReceiptBody,
  type Signer,
  type Statement,
} from '@gpucoop/protocol/evidence.ts';
import { recomputeLease } from './recompute.ts';

const machine = signerFromSecret(new Uint8Array(32).fill(1));
const meterKey = signerFromSecret(new Uint8Array(32).fill(2));
const stranger = signerFromSecret(new Uint8Array(32).fill(3));
const AT = '2026-11-23T00:00:00Z';
const keys = { meter: meterKey.publicKey, provider_ppm: 50_000 };

const terms = (change: Partial<LeaseTermsBody> = {}, signer: Signer = meterKey): Statement<'lease_terms'> =>
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
      price_micros_per_hour: 3_600_000,
      policy_hash: 'x',
      ...change,
    },
    AT,
    signer,
  );

const line = (change: Partial<MeterBody> = {}, signer: Signer = machine): Statement<'meter'> =>
  signStatement(
    'meter',
    { lease_id: 'lse_1', container_id: 'c1', served_ms: 60_000, final: false, ...change },
    AT,
    signer,
  );

const receipt = (
  of: Statement<'meter'>,
  change: Partial<ReceiptBody> = {},
  signer: Signer = meterKey,
): Statement<'receipt'> =>
  signStatement(
    'receipt',
    {
      lease_id: 'lse_1',
      meter_hash: statementHash(of),
      served_ms: of.body.served_ms,
      elapsed_ms: 60_000,
      billed_ms: 60_000,
      unbilled_ms: 0,
      rule: 'served',
      ...change,
    },
    AT,
    signer,
  );

describe('the charge of a lease, made again', () => {
  test('is its price for the seconds of its receipts, and the fee of that', () => {
    expect(recomputeLease([terms(), line(), receipt(line())], keys)).toEqual({
      lease_id: 'lse_1',
      billed_ms: 60_000,
      charge: 60_000n,
      fee: 3000n,
      problems: [],
    });
  });

  test('has the renter’s fee on top of what was asked', () => {
    const { fee } = recomputeLease([terms(), line(), receipt(line())], {
      ...keys,
      provider_ppm: 0,
      renter_ppm: 200_000,
    });
    expect(fee).toBe(10_000n); // 50,000 asked and a fifth on top
  });

  test('adds receipts up: what a line says was served before counts once', () => {
    const later = line({ served_ms: 100_000 });
    const second = receipt(later, { billed_ms: 100_000, elapsed_ms: 40_000 });
    const all = [terms(), line(), receipt(line()), later, second];
    expect(recomputeLease(all, keys)).toMatchObject({ billed_ms: 100_000, charge: 100_000n, problems: [] });
    const again = recomputeLease([...all, second], keys);
    expect(again).toMatchObject({ billed_ms: 100_000, problems: [] });
  });

  test('is for no more than passed on the server’s clock', () => {
    const short = receipt(line(), {
      elapsed_ms: 50_000,
      billed_ms: 50_000,
      unbilled_ms: 10_000,
      rule: 'bounded_by_server_clock',
    });
    expect(recomputeLease([terms(), line(), short], keys)).toMatchObject({ billed_ms: 50_000, problems: [] });
  });

  test.each(['gap_too_long', 'other_container', 'server_down'] as const)(
    'is nothing for what was skipped as %s',
    (rule) => {
      const skipped = receipt(line(), { billed_ms: 0, unbilled_ms: 60_000, rule });
      expect(recomputeLease([terms(), line(), skipped], keys)).toMatchObject({
        billed_ms: 0,
        charge: 0n,
        problems: [],
      });
    },
  );

  test('takes nothing back when a machine’s clock goes back', () => {
    const back = line({ served_ms: 10_000 });
    const stays = receipt(back, { served_ms: 60_000, billed_ms: 60_000 });
    expect(recomputeLease([terms(), line(), receipt(line()), back, stays], keys)).toMatchObject({
      billed_ms: 60_000,
      problems: [],
    });
  });
});

describe('evidence is not believed', () => {
  const forged = { ...receipt(line()), at: '2026-11-23T00:00:01Z' };
  const ofLease2 = line({ lease_id: 'lse_2' });
  const ofStranger = line({}, stranger);
  test.each([
    ['when a signature is not of what was said', [terms(), line(), forged], 'bad signature'],
    ['without terms', [line(), receipt(line())], 'no lease terms'],
    [
      'when somebody else signed the price',
      [terms({}, stranger), line(), receipt(line())],
      'lease terms that the meter',
    ],
    ['with two prices', [terms(), terms({ price_micros_per_hour: 1 })], 'more than one set of lease terms'],
    [
      'when somebody else signed a receipt',
      [terms(), line(), receipt(line(), {}, stranger)],
      'a receipt that the meter',
    ],
    [
      'when a receipt is of another lease',
      [terms(), line(), receipt(line(), { lease_id: 'lse_2' })],
      'a receipt of another lease',
    ],
    [
      'when a line is of another machine',
      [terms(), ofStranger, receipt(ofStranger)],
      'a meter line of another machine',
    ],
    ['when a line is of another lease', [terms(), ofLease2, receipt(ofLease2)], 'a meter line of another lease'],
    [
      'when a receipt has no line',
      [terms(), receipt(line(), { billed_ms: 0 })],
      `receipt without its meter line ${statementHash(line())}`,
    ],
    [
      'when what a receipt names is no meter line',
      [terms(), receipt(line(), { meter_hash: statementHash(terms()), billed_ms: 0 })],
      'receipt without its meter line',
    ],
    [
      'when more is billed than was served',
      [terms(), line(), receipt(line(), { billed_ms: 60_001, unbilled_ms: 0 })],
      'receipt says 60001 ms billed, the rule gives 60000',
    ],
    [
      'when unpaid seconds are left out',
      [terms(), line(), receipt(line(), { elapsed_ms: 50_000, billed_ms: 50_000 })],
      'receipt says 0 ms unbilled, the rule gives 10000',
    ],
  ])('%s', (_, statements, problem) => {
    const { problems } = recomputeLease(statements, keys);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});
