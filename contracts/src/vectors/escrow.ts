import { roomOf, settled, type Bucket } from '@gpucoop/policy/limit.ts';
import { judge, netRoundedUp, type Judgement } from '@gpucoop/policy/statement-line.ts';

/** Inputs and results of the functions that LeakyBucket.sol and StatementLine.sol mirror, for the Solidity tests to compare. */

const LARGEST = 2n ** 96n - 1n;
const OUTCOMES: readonly Judgement[] = ['paid', 'stale', 'malformed'];

/** level, updatedAt, perSecond, burst, perSecond and burst of the next limit, its beginning (0 for none), now. */
const buckets: bigint[][] = [
  [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n],
  [100n, 10n, 7n, 100n, 0n, 0n, 0n, 10n],
  [100n, 10n, 7n, 100n, 0n, 0n, 0n, 24n],
  [100n, 10n, 7n, 100n, 0n, 0n, 0n, 25n],
  [100n, 10n, 7n, 100n, 1n, 50n, 20n, 19n],
  [100n, 10n, 7n, 100n, 1n, 50n, 20n, 20n],
  [100n, 10n, 7n, 100n, 1n, 50n, 20n, 29n],
  [100n, 10n, 7n, 100n, 1n, 20n, 20n, 20n],
  [LARGEST, 0n, LARGEST, LARGEST, 0n, 0n, 0n, 2n ** 64n - 1n],
  [LARGEST, 0n, 0n, LARGEST, LARGEST, 1n, 2n ** 64n - 2n, 2n ** 64n - 1n],
];

/** gross and net drawn before, gross and net of the line, most that a fee may take, gross of the part that is paid. */
const lines: bigint[][] = [
  [0n, 0n, 0n, 0n, 250_000n, 0n],
  [0n, 0n, 1n, 1n, 0n, 1n],
  [0n, 0n, 4n, 3n, 250_000n, 3n],
  [0n, 0n, 4n, 3n, 249_999n, 0n],
  [10n, 8n, 17n, 13n, 250_000n, 3n],
  [10n, 8n, 17n, 7n, 1_000_000n, 0n],
  [10n, 8n, 17n, 16n, 250_000n, 0n],
  [10n, 8n, 17n, 18n, 250_000n, 0n],
  [0n, 0n, 2n ** 128n - 1n, 2n ** 127n, 1_000_000n, 2n ** 128n - 2n],
];

export function escrowVectors(): { buckets: Row[]; lines: Row[] } {
  return { buckets: buckets.map(bucketRow), lines: lines.map(lineRow) };
}

type Row = { in: string[]; out: string[] };

function bucketRow(row: bigint[]): Row {
  const [level, updatedAt, perSecond, burst, nextPerSecond, nextBurst, from, now] = row as Eight;
  const next = from === 0n ? undefined : { limit: { perSecond: nextPerSecond, burst: nextBurst }, from };
  const bucket: Bucket = { level, updatedAt, limit: { perSecond, burst }, next };
  const then = settled(bucket, now);
  return rowOf(row, [then.level, then.limit.perSecond, then.limit.burst, roomOf(bucket, now)]);
}

function lineRow(row: bigint[]): Row {
  const [drawnGross, drawnNet, gross, net, feeMaxPpm, part] = row as Eight;
  const [drawn, line] = [
    { gross: drawnGross, net: drawnNet },
    { gross, net },
  ];
  const outcome = judge(drawn, line, feeMaxPpm);
  const paid = outcome === 'paid' ? netRoundedUp(drawn, line, part) : 0n;
  return rowOf(row, [BigInt(OUTCOMES.indexOf(outcome)), paid]);
}

type Eight = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

function rowOf(input: bigint[], output: bigint[]): Row {
  return { in: input.map(String), out: output.map(String) };
}
