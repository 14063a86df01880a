import type { Kysely, Selectable } from 'kysely';
import { canonicalHash } from '@gpucoop/protocol/canonical.ts';
import { parseExpression } from '@gpucoop/protocol/expression.ts';
import { toMoney } from '@gpucoop/protocol/money.ts';
import { formatMib } from '@gpucoop/protocol/sizes.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { referenceFor } from '@gpucoop/protocol/reference-prices.ts';
import { QuotedOffer, type Explanation, type PriceLine, type Quote } from '@gpucoop/protocol/resources.ts';
import { Spec } from '@gpucoop/protocol/spec.ts';
import { holdRoundedUp } from '@gpucoop/policy/charge.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import type { Clock } from '../clock.ts';
import type { Tables } from '../db/rows.ts';
import { newId } from '../ids.ts';
import { explain } from './explanation.ts';
import { cheapest, judgeAll, renterFee, type Match, type MatchContext } from './matching.ts';
import type { ReadModel } from './read-model.ts';
import { offerAt } from './supply.ts';

/** `policyHash`: of the policy, worked out once, since that takes longer than all else in a quote. */
export type QuoteDeps = {
  db: Kysely<Tables>;
  readModel: ReadModel;
  policy: Policy;
  policyHash: string;
  clock: Clock;
};

const OPTIONS_MAX = 8;

/**
 * Finds the cheapest offers for a spec and writes down what is promised until the quote expires. No option is no error: then, or where
 * it is asked for, every offer is looked at to say why it does not match, which takes many times longer.
 */
export async function createQuote(
  deps: QuoteDeps,
  userId: string,
  spec: Spec,
  { balance, explained = false }: { balance: bigint; explained?: boolean },
): Promise<Quote> {
  const now = deps.clock.now();
  const options = cheapestFor(deps, spec, now).map((match) => quotedOffer(match, deps.policy, now));
  const row = {
    id: newId('quote'),
    user_id: userId,
    spec: JSON.stringify(spec),
    spec_hash: canonicalHash(spec),
    policy_hash: deps.policyHash,
    options: JSON.stringify(options),
    state: 'open' as const,
    created_at: now,
    expires_at: new Date(now.getTime() + deps.policy.quote_ttl_s * 1000),
  };
  await deps.db.insertInto('quotes').values(row).execute();
  return view(
    { ...row, spec, options },
    explained || options.length === 0 ? explanationOf(deps, spec, now) : null,
    deps.policy,
    balance,
  );
}

export async function readQuote(deps: QuoteDeps, userId: string, quoteId: string, balance: bigint): Promise<Quote> {
  const row = await deps.db
    .selectFrom('quotes')
    .selectAll()
    .where('id', '=', quoteId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (row === undefined) throw new CoopError('not_found', `There is no quote ${quoteId}.`);
  const spec = Spec.parse(row.spec);
  const options = QuotedOffer.array().parse(row.options);
  return view(
    { ...row, spec, options },
    options.length === 0 ? explanationOf(deps, spec, deps.clock.now()) : null,
    deps.policy,
    balance,
  );
}

/** As many as a quote has options. `without`: machines on which the run was lost before. */
export function cheapestFor(deps: QuoteDeps, spec: Spec, now: Date, without: ReadonlySet<string> = new Set()): Match[] {
  return cheapest(deps.readModel.shelves(), spec, contextOf(deps, spec, now, without), OPTIONS_MAX);
}

function explanationOf(deps: QuoteDeps, spec: Spec, now: Date): Explanation {
  const judgements = judgeAll(deps.readModel.shelves().all(), spec, contextOf(deps, spec, now, new Set()));
  return explain(judgements, spec, deps.policy.fees.renter_ppm);
}

function contextOf({ policy }: QuoteDeps, spec: Spec, now: Date, without: ReadonlySet<string>): MatchContext {
  return {
    now,
    where: spec.where === null ? null : parseExpression(spec.where),
    renterPpm: policy.fees.renter_ppm,
    weakestIsolation: policy.network === 'local' ? 'none' : 'container',
    without,
  };
}

export function quotedOffer(match: Match, policy: Policy, now: Date): QuotedOffer {
  const { supply, units } = match;
  return {
    offer: offerAt(supply, now),
    units,
    cpus: match.cpus,
    memory_mib: match.memory_mib,
    disk_mib: match.disk_mib,
    lines: priceLines(match, policy),
    per_hour: toMoney(match.price_micros_per_hour),
    reference: referenceFor(supply.class, units),
  };
}

function priceLines(match: Match, policy: Policy): PriceLine[] {
  const { supply, units } = match;
  const asked = supply.price_micros_per_unit_hour * BigInt(units);
  const fee = renterFee(asked, policy.fees.renter_ppm);
  const what = supply.class === 'cpu' ? `${units} ${units === 1 ? 'CPU' : 'CPUs'}` : `${units} × ${supply.class}`;
  return [
    {
      what,
      per_hour: toMoney(asked),
      note: `with ${match.cpus} ${match.cpus === 1 ? 'CPU' : 'CPUs'} and ${formatMib(match.memory_mib)}`,
    },
    { what: `disk ${formatMib(match.disk_mib)}`, per_hour: toMoney(0n), note: 'in the price' },
    { what: 'network fee', per_hour: toMoney(fee), note: fee === 0n ? 'paid by the provider' : null },
  ];
}

type QuoteRow = Pick<Selectable<Tables['quotes']>, 'id' | 'spec_hash' | 'policy_hash' | 'created_at' | 'expires_at'> & {
  spec: Spec;
  options: QuotedOffer[];
};

function view(row: QuoteRow, explanation: Quote['explanation'], policy: Policy, balance: bigint): Quote {
  const { spec, options } = row;
  const price = BigInt(options[0]?.per_hour.micros ?? 0);
  const budget = budgetOf(spec, price, balance);
  const hour = holdRoundedUp(price, BigInt(Math.min(policy.hold.horizon_s, spec.max_duration_s)));
  return {
    id: row.id,
    spec,
    spec_hash: row.spec_hash,
    policy_hash: row.policy_hash,
    options,
    explanation,
    hold: toMoney(hour < budget ? hour : budget),
    budget: toMoney(budget),
    balance: toMoney(balance),
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  };
}

/** A run without a budget may cost what its longest duration costs, but no more than the credit there is. At least one micro. */
function budgetOf(spec: Spec, price: bigint, balance: bigint): bigint {
  if (spec.budget_micros !== null) return BigInt(spec.budget_micros);
  const whole = holdRoundedUp(price, BigInt(spec.max_duration_s));
  const least = whole < balance ? whole : balance;
  return least > 0n ? least : 1n;
}
