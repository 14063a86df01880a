import type { Policy } from '@gpucoop/policy/policy.ts';
import { claimRows, edgeRows, partnerRows, placeRows, pledgeRows, runningRows } from './around.ts';
import { checkRows, licenceRows, TIERS } from './checkers.ts';
import { CLASSES, rewardRows, stakeRows } from './machines.ts';
import { feeRows, tokenRows } from './money.ts';
import type { Row, Rows } from './row.ts';

const subjects: readonly Rows[] = [
  feeRows,
  tokenRows,
  rewardRows,
  stakeRows,
  claimRows,
  checkRows,
  licenceRows,
  pledgeRows,
  edgeRows,
  partnerRows,
  placeRows,
  runningRows,
];

/** Long tables, one line an entry: they come last, and a glance leaves them out. */
export const isTable = ({ subject }: { subject: string }): boolean => subject === CLASSES || subject === TIERS;

/** Everything that the policies say, line by line, subjects together. */
export function rowsOf(policies: readonly Policy[]): Row[] {
  const rows = subjects.flatMap((of) => of(policies));
  return [...rows.filter((row) => !isTable(row)), ...rows.filter(isTable)];
}
