import { chargeRoundedDown, networkFeeRoundedDown } from '@gpucoop/policy/charge.ts';
import { hasValidSignature, statementHash, type Statement } from '@gpucoop/protocol/evidence.ts';
import { wholeSeconds } from './meter.ts';

export type Recomputed = { lease_id: string; billed_ms: number; charge: bigint; fee: bigint; problems: string[] };

/**
 * Makes a lease's charge again from its signed statements alone, in their order: terms (price), meter lines (the machine's clock) and
 * receipts (what the server accepted of it). Every receipt must follow from the one before it by the published rule, and all of them be
 * of this lease: nothing that was signed for another one counts.
 */
export function recomputeLease(
  statements: Statement[],
  keys: { meter: string; provider_ppm: number; renter_ppm?: number },
): Recomputed {
  const problems = statements
    .filter((statement) => !hasValidSignature(statement))
    .map((s) => `${statementHash(s)}: bad signature`);
  const terms = statements.filter(
    (statement): statement is Statement<'lease_terms'> => statement.kind === 'lease_terms',
  );
  const [term, ...otherTerms] = terms;
  if (term === undefined)
    return { lease_id: '', billed_ms: 0, charge: 0n, fee: 0n, problems: [...problems, 'no lease terms'] };
  const { lease_id } = term.body;
  if (term.author !== keys.meter) problems.push('lease terms that the meter did not sign');
  if (otherTerms.length > 0) problems.push('more than one set of lease terms');
  const lines = new Map<string, Statement<'meter'>>();
  for (const statement of statements) {
    if (statement.kind === 'meter') lines.set(statementHash(statement), statement as Statement<'meter'>);
  }
  let billed = 0;
  let served = 0;
  for (const statement of statements) {
    if (statement.kind !== 'receipt') continue;
    const { body, author } = statement as Statement<'receipt'>;
    const line = lines.get(body.meter_hash);
    if (author !== keys.meter) problems.push('a receipt that the meter did not sign');
    if (body.lease_id !== lease_id) problems.push('a receipt of another lease');
    if (line === undefined) problems.push(`receipt without its meter line ${body.meter_hash}`);
    else if (line.author !== term.body.machine_key) problems.push('a meter line of another machine');
    else if (line.body.lease_id !== lease_id) problems.push('a meter line of another lease');
    const newlyServed = Math.max(0, (line?.body.served_ms ?? served) - served);
    const paid = body.rule === 'served' || body.rule === 'bounded_by_server_clock';
    billed += paid ? Math.min(newlyServed, body.elapsed_ms) : 0;
    served += newlyServed;
    if (billed !== body.billed_ms) problems.push(`receipt says ${body.billed_ms} ms billed, the rule gives ${billed}`);
    if (served - billed !== body.unbilled_ms)
      problems.push(`receipt says ${body.unbilled_ms} ms unbilled, the rule gives ${served - billed}`);
  }
  const charge = chargeRoundedDown(BigInt(term.body.price_micros_per_hour), wholeSeconds(billed));
  return {
    lease_id,
    billed_ms: billed,
    charge,
    fee: networkFeeRoundedDown(charge, { renter_ppm: 0, ...keys }),
    problems,
  };
}
