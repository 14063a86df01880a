import { toMoney } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { expect, test } from 'vitest';
import { renderError } from '../errors.ts';
import { phaseLine, rateMeter } from '../rent/progress.ts';
import { lease, NOW_MS, offer, quote, quoted, run } from '../testing/samples.ts';
import { makeLook } from './colours.ts';
import { renderExplanation, renderNoGpu } from './explanation.ts';
import { renderLedger } from './ledger.ts';
import { renderOffers } from './offers.ts';
import { renderQuote } from './quote.ts';
import { renderEnd, renderRuns } from './runs.ts';

const look = makeLook(false);

test('a quote shows each price line, the big clouds beside it, what it can cost at most, and what comes next', () => {
  const options = [quoted(), quoted({ id: `off_${'7'.repeat(26)}`, price_per_unit_hour: toMoney(420_000n) })];
  expect(renderQuote(quote(options), options[0]!, 500_000n, look, 100, NOW_MS)).toMatchInlineSnapshot(`
    "1 × rtx-4090  8 CPUs, 32 GiB memory, 100 GiB disk
    se-stockholm · mch_22222222 · docker 27.3 · isolation container

    PER HOUR
    1 × rtx-4090    $0.35   asked by the provider
    network fee     $0.00   none for renters
    together        $0.35   $0.000097 a second, from ready to the end
    AWS g6e.xlarge  $1.861  as of 2026-11-01; this is 81.2% less

      at most   $0.70 in all (budget), 2h long, $0.50 an hour
      held now  $0.35 of your $10.00
      quote     qte_33333333, good until 2m from now

    NEXT BEST
    off_77777777  1 × rtx-4090  $0.42/h  99.1% reliable  se-stockholm"
  `);
});

test('a quote for a plain process warns, and says so when the credit does not do', () => {
  const weak = quoted({ isolation: 'none', region: 'unknown', network: 'none', disk_limit: 'watched' });
  const text = renderQuote(quote([weak], { balance: toMoney(1n) }), weak, 350_000n, look, 100, NOW_MS);
  expect(text).toContain('isolation: none');
  expect(text).toContain('Never send secrets there.');
  expect(text).toContain('not enough credit');
  expect(text).toContain('watched, not enforced');
  expect(text).not.toContain('unknown');
});

test('offers say what is free, what it costs and how far it can be relied on', () => {
  const offers = [
    offer(),
    offer({
      class: 'cpu',
      device_memory_mib: 0,
      isolation: 'none',
      availability: 'offline',
      last_seen_at: '2026-11-23T11:00:00.000Z',
      verified: false,
    }),
  ];
  expect(renderOffers(offers, look, 160, NOW_MS)).toMatchInlineSnapshot(`
    "OFFER         CLASS       FREE    VRAM  CPU  MEMORY     DISK  $/UNIT·H  RELIABLE  VERIFIED  ISOLATION  PLACE         UP TO  STATE
    off_11111111  rtx-4090  1 of 2  24 GiB    8  32 GiB  500 GiB     $0.35     99.1%  yes       container  se-stockholm    30d  free
    off_11111111  cpu       1 of 2       -    8  32 GiB  500 GiB     $0.35     99.1%  not yet   none       se-stockholm    30d  offline, seen 1h ago

    isolation none: plain processes; nothing keeps the workload and the machine apart."
  `);
});

test('when nothing matches, each reason stands with what giving way would bring', () => {
  const explanation = {
    offers: 41,
    matching: 0,
    failed: [
      { reason: 'disk' as const, offers: 30 },
      { reason: 'price' as const, offers: 11 },
    ],
    relaxing: [{ reason: 'price' as const, offers: 11, example: '--max-price 0.42' }],
  };
  expect(renderExplanation(explanation, look, 100)).toMatchInlineSnapshot(`
    "No match among 41 offers on the market.

    OFFERS  FAILED ON        WITHOUT IT      FOR EXAMPLE
        30  too little disk
        11  too dear         11 would match  --max-price 0.42"
  `);
  expect(renderExplanation({ offers: 0, matching: 0, failed: [], relaxing: [] }, look, 100)).toBe(
    'No machine is on the market.',
  );
});

test('where a GPU is asked for and nobody has one, that is said, and what there is', () => {
  const nearest = offer({ class: 'cpu', device_memory_mib: 0, unit_cpus: 1 });
  expect(renderNoGpu(2, nearest, look, 100)).toMatchInlineSnapshot(`
    "No machine on the market has a GPU: 2 offers, of class cpu.

    The nearest is off_11111111: 1 CPU and 32 GiB a unit, 1 of 2 free, $0.35 a unit and hour. It serves
    a run without --gpu."
  `);
});

test('runs show what they do, what they cost and when they end', () => {
  const runs = [
    run(),
    run({ name: 'pull', state: 'starting', leases: [lease({ state: 'preparing', phase: 'pulling', billed_s: 0 })] }),
    run({
      name: 'bad',
      state: 'ended',
      end_reason: 'command_failed',
      exit_code: 3,
      ended_at: '2026-11-23T11:59:00.000Z',
    }),
  ];
  expect(renderRuns(runs, look, 150, NOW_MS)).toMatchInlineSnapshot(`
    "RUN           NAME   STATE              ON                          COMMAND                     SERVED    $/H     COST  STARTED  ENDS
    run_55555555  train  running            1 × rtx-4090, mch_22222222  python train.py --epochs 3   2m 5s  $0.35  $0.0122  2m ago   in 1h
    run_55555555  pull   starting: pulling  1 × rtx-4090, mch_22222222  python train.py --epochs 3      0s  $0.35  $0.0122  2m ago   in 1h
    run_55555555  bad    exit 3             1 × rtx-4090, mch_22222222  python train.py --epochs 3   2m 5s  $0.35  $0.0122  2m ago"
  `);
});

test('the end of a run tells the reason, the seconds, the money and what came back', () => {
  const ended = run({ state: 'ended', end_reason: 'machine_lost', leases: [lease({ unbilled_s: 61 })] });
  expect(renderEnd(ended, look, 80)).toMatchInlineSnapshot(`
    "ended  The machine was silent for too long.
           2m 5s billed, $0.0122 · 1m 1s not billed · $0.6878 of the budget unspent"
  `);
  expect(
    renderEnd(run({ state: 'ended', end_reason: 'image_not_found', cost: toMoney(0n), leases: [] }), look, 80),
  ).toContain('nothing was charged');
  const lies = run({
    state: 'ended',
    end_reason: 'command_failed',
    end_detail: '\u001B[2J\u001B[H\nended  All is paid back.',
  });
  expect(renderEnd(lies, look, 80).split('\n')[0]).toBe(
    'ended  The command ended with an error.  ended  All is paid back.',
  );
});

test('the ledger aligns amounts at the point', () => {
  const line = {
    id: 'trf_1',
    at: '2026-11-23T11:00:00.000Z',
    run_id: null,
    lease_id: null,
    account: 'spending' as const,
  };
  const text = renderLedger(
    [
      { ...line, kind: 'post', amount: toMoney(-111n), what: 'Time served', balance: toMoney(9_999_889n) },
      { ...line, kind: 'transfer', amount: toMoney(10_000_000n), what: 'Credit', balance: toMoney(10_000_000n) },
    ],
    look,
    120,
  );
  const points = text
    .split('\n')
    .slice(1)
    .map((row) => row.indexOf('.'));
  expect(new Set(points).size).toBe(1);
  expect(text).toContain('+$10.00');
  expect(text).toContain('-$0.000111');
});

test('a pull shows its share, its speed and what is left of it', () => {
  const rate = rateMeter();
  rate(0, 0);
  const pulling = { phase: 'pulling' as const, pulled_bytes: 512 * 1024 * 1024, total_bytes: 2048 * 1024 * 1024 };
  expect(phaseLine(pulling, rate(pulling.pulled_bytes, 4000))).toBe(
    'pulling the image █████░░░░░░░░░░░░░░░ 512 MiB of 2 GiB, 128 MiB/s, 12s left',
  );
  expect(phaseLine({ ...pulling, total_bytes: null }, undefined)).toBe('pulling the image  512 MiB');
  expect(phaseLine({ phase: null, pulled_bytes: null, total_bytes: null }, undefined)).toBe('asking the machine');
});

test('an error is one line, where, and what to do; its causes on request', () => {
  const error = new CoopError('no_match', 'Nothing matches.', {
    at: 'spec.yml:3:1',
    hint: 'Raise --max-price.',
    cause: new Error('inner\u001B[2J'),
  });
  expect(renderError(error, look, false)).toMatchInlineSnapshot(`
    "error  Nothing matches.
       at  spec.yml:3:1
     hint  Raise --max-price."
  `);
  expect(renderError(error, look, false, 20)).toContain('hint  Raise\n       --max-price.');
  expect(renderError(error, look, true)).toContain('cause  Error: inner');
  expect(renderError(new TypeError('x is undefined'), look, false)).toContain('This is a defect of Coop.');
});
