/** What a line of a statement pays now, in the token's smallest unit. contracts/src/StatementLine.sol is the same. */

const PPM = 1_000_000n;

/** Cumulative sums for one provider out of one lane. What the network keeps is gross − net. */
export type Sums = { gross: bigint; net: bigint };

/** Stale: nothing above what was drawn. Malformed: net above gross, a fee above the maximum, or a sum that fell. */
export type Judgement = 'paid' | 'stale' | 'malformed';

/** Whether the line is one that can be paid: all three sums rise or stay, and the fee is within `feeMaxPpm` of the gross. */
export function judge(drawn: Sums, line: Sums, feeMaxPpm: bigint): Judgement {
  if (line.gross <= drawn.gross) return 'stale';
  if (line.net > line.gross || line.net < drawn.net) return 'malformed';
  const fee = line.gross - line.net;
  if (fee < drawn.gross - drawn.net || fee * PPM > line.gross * feeMaxPpm) return 'malformed';
  return 'paid';
}

/** The net of a part payment of `gross` of what is due, the fee being rounded down: never above its maximum, in part either. */
export function netRoundedUp(drawn: Sums, line: Sums, gross: bigint): bigint {
  const dueGross = line.gross - drawn.gross;
  const dueFee = dueGross - (line.net - drawn.net);
  return gross - (dueFee * gross) / dueGross;
}
