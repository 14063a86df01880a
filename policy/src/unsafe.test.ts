import { expect, test } from 'vitest';
import { Policy, policyJson } from './policy.ts';
import { standby } from './presets/standby.ts';
import { presets } from './presets/presets.ts';
import { dangersOf, requireSafePolicy } from './unsafe.ts';

const DAY = 86_400;
const json = policyJson(standby.policy);
type Json = typeof json;

/** What is changed of the default, which is safe; where it is refused or warned of. */
const rows: [what: string, severity: 'error' | 'warning', path: string, change: (policy: Json) => void][] = [
  [
    'a cooldown shorter than check window and dispute',
    'error',
    'stake.cooldown_s',
    (p) => void (p.stake!.cooldown_s = 3 * DAY - 1),
  ],
  [
    'a thaw shorter than check window and signing',
    'error',
    'escrow.thaw_s',
    (p) => void (p.escrow!.thaw_s = DAY + 3599),
  ],
  ['a halt soon after another', 'error', 'escrow.halt_every_s', (p) => void (p.escrow!.halt_every_s = 4 * DAY - 1)],
  ['fees that no statement may keep', 'error', 'escrow.fee_most_ppm', (p) => void (p.escrow!.fee_most_ppm = 49_999)],
  [
    'a refund that ends before the sale',
    'error',
    'licences.refund.until_s',
    (p) => void (p.licences!.refund.until_s = 27 * DAY),
  ],
  [
    'a refund for a tenth and more',
    'error',
    'licences.refund.fee_ppm',
    (p) => void (p.licences!.refund.fee_ppm = 100_001),
  ],
  ['rebates of more than half', 'error', 'licences.codes', (p) => void (p.licences!.codes.rebate_ppm = 350_001)],
  [
    'a day of rewards that no root may grant',
    'error',
    'rewards.checkers',
    (p) => void (p.claims!.grant_most = '100000000000000000000'),
  ],
  ['roots that may take nothing', 'error', 'stake.root_most_ppm', (p) => void (p.stake!.root_most_ppm = 0)],
  [
    'two vestings of a pool',
    'error',
    'rewards.checkers.vesting',
    (p) => void (p.rewards['season'] = { ...seasonOfIonet(), pool: 'checkers', vesting: 'providers' }),
  ],
  [
    'a price below zero after rebates',
    'error',
    'licences.tiers.0.price',
    (p) => void Object.assign(p.licences!.codes, { rebate_ppm: 950_000 }),
  ],
  [
    'a price of nothing after rebates',
    'error',
    'licences.tiers.0.price',
    (p) => void Object.assign(p.licences!.codes, { rebate_ppm: 900_000 }),
  ],
  [
    'a commission above its most',
    'error',
    'licences.codes.commission_ppm',
    (p) => void (p.licences!.codes.commission_ppm = 100_001),
  ],
  [
    'a commission before the refund ends',
    'error',
    'licences.codes.paid_after_s',
    (p) => void (p.licences!.codes.paid_after_s = DAY),
  ],
  [
    'a transfer before the refund ends',
    'error',
    'licences.locked_until_s',
    (p) => void (p.licences!.locked_until_s = DAY),
  ],
  [
    'a list while all may buy',
    'warning',
    'licences.phases.allowlist',
    (p) => void (p.licences!.phases['public']!.from_s = 0),
  ],
  [
    'a cap above the tier',
    'warning',
    'licences.tiers.0.cap_per_address',
    (p) => void (p.licences!.tiers[0]!.cap_per_address = 501),
  ],
  ['a falling price', 'warning', 'licences.tiers.1.price', (p) => void (p.licences!.tiers[1]!.price = '199000000')],
  ['checks by holders of nothing', 'error', 'checks.by', (p) => void (p.licences = null)],
  ['pools above the cap', 'error', 'token.cap', (p) => void (p.token!.cap = '900000000000000000000000000')],
  ['two rules on one pool', 'error', 'rewards.checkers.pool', (p) => void (p.rewards['checkers']!.pool = 'standby')],
  [
    'an edge on a rule’s pool',
    'error',
    'edge.pool',
    (p) => void (p.edge = { ...aethirEdge(), pool: 'standby', vesting: 'providers' }),
  ],
  ['a discount above the fees', 'error', 'fees.token.discount_ppm', (p) => void (p.fees.token!.discount_ppm = 50_001)],
  ['all fees to the referrer', 'warning', 'fees.referral_ppm', (p) => void (p.fees.referral_ppm = 1_000_000)],
  [
    'a surcharge on dollars',
    'warning',
    'fees.token',
    (p) => void Object.assign(p.fees.token!, { provider_ppm: 10_000, discount_ppm: 0 }),
  ],
  [
    'a slash that no root may carry',
    'error',
    'stake.slash.false_offer.stake_ppm',
    (p) => void (p.stake!.slash_most_ppm = 500_000),
  ],
  [
    'a lie as cheap as bad luck',
    'error',
    'stake.slash.false_offer',
    (p) => void (p.stake!.slash.false_offer!.stake_ppm = 200_000),
  ],
  [
    'a stake that never fills',
    'error',
    'stake.required.keep_ppm',
    (p) => void Object.assign(p.stake!.required, { keep_ppm: 0 }),
  ],
  [
    'a stake in tokens',
    'warning',
    'stake.required.amount',
    (p) => void (p.stake!.required = policyJson(presets['ionet']!.policy).stake!.required),
  ],
  ['pay without stake', 'error', 'stake', (p) => void (p.stake = null)],
  [
    'pay without checks',
    'error',
    'checks',
    (p) => void ((p.checks = null), Object.assign(p.rewards['standby']!, { checks: [] })),
  ],
  [
    'pay after checks without consequence',
    'error',
    'rewards.standby',
    (p) => void Object.assign(p.rewards['standby']!, { checks: ['rented'] }),
  ],
  [
    'a false machine that gains',
    'warning',
    'rewards.standby.classes.t4',
    (p) => void (p.checks!.kinds['proof']!.every_s = 90 * DAY),
  ],
  [
    'a false machine never caught',
    'warning',
    'rewards.standby.classes.t4',
    (p) => void Object.assign(p.rewards['standby']!, { checks: ['liveness'] }),
  ],
  [
    'waiting that pays as much as work',
    'error',
    'rewards.standby.classes.t4.pay_micros_per_hour',
    (p) => void Object.assign(standbyClass(p, 't4'), { pay_micros_per_hour: 114_000 }),
  ],
  [
    'no price that is low enough',
    'error',
    'rewards.standby.asks_at_most_ppm',
    (p) => void Object.assign(p.rewards['standby']!, { asks_at_most_ppm: 0 }),
  ],
  ['free pledges', 'warning', 'pledges.lapse_ppm', (p) => void (p.pledges!.lapse_ppm = 0)],
  ['a pledge that no quote answers', 'error', 'pledges.answer_s', (p) => void (p.pledges!.answer_s = 60)],
  ['a pledge shorter than the proof', 'error', 'pledges.longest_s', (p) => void (p.pledges!.longest_s = DAY)],
  [
    'more operators than seats',
    'error',
    'checks.kinds.proof.operators',
    (p) => void (p.checks!.kinds['proof']!.operators = 6),
  ],
  [
    'a majority of more than all',
    'error',
    'checks.kinds.proof.majority_ppm',
    (p) => void (p.checks!.kinds['proof']!.majority_ppm = 1_000_000),
  ],
  [
    'one operator who decides',
    'warning',
    'checks.kinds.proof.operators',
    (p) => void (p.checks!.kinds['proof']!.operators = 2),
  ],
  ['a claim eaten by its fee', 'error', 'claims.least', (p) => void Object.assign(p.claims!, { fee: '5', least: '5' })],
  [
    'a false root for nothing',
    'error',
    'claims.poster_bond',
    (p) => void Object.assign(p.claims!, { poster_bond: '0', dispute_bond: '0' }),
  ],
  [
    'a dearer dispute',
    'warning',
    'claims.dispute_bond',
    (p) => void (p.claims!.dispute_bond = '10000000000000000000001'),
  ],
  ['a change before one can leave', 'error', 'governance.timelock_s', (p) => void (p.governance!.timelock_s = DAY)],
  ['less for more stake', 'error', 'edge.tiers.gold', (p) => void (p.edge = withPoorGold())],
  ['a place both allowed and refused', 'error', 'place.providers.only', (p) => void (p.place = places())],
  ['credit for strangers', 'warning', 'test_credit_micros', (p) => void (p.test_credit_micros = 1)],
  ['what is given up goes to a pool', 'warning', 'claims.forfeits', (p) => void (p.claims!.forfeits = 'pool')],
];

test('the default has no danger at all', () => {
  expect(dangersOf(standby.policy)).toEqual([]);
});

test.each(rows)('%s: %s at %s', (_, severity, path, change) => {
  const changed = structuredClone(json);
  change(changed);
  const policy = Policy.parse(withEdgePool(changed));
  const found = dangersOf(policy);
  expect(found.map((danger) => `${danger.severity} ${danger.path}`)).toContain(`${severity} ${path}`);
  if (severity === 'error') expect(() => requireSafePolicy(policy)).toThrow();
  else expect(found.filter((danger) => danger.severity === 'error')).toEqual([]);
});

/** The other side of each bound: one step further and a row above would refuse it. */
const justSafe: [what: string, change: (policy: Json) => void][] = [
  ['a cooldown of check window and dispute', (p) => void (p.stake!.cooldown_s = 3 * DAY)],
  ['a thaw of check window and signing', (p) => void (p.escrow!.thaw_s = DAY + 3600)],
  ['a thaw and two halts between halts', (p) => void (p.escrow!.halt_every_s = 4 * DAY)],
  ['the most that a statement may keep being the fees', (p) => void (p.escrow!.fee_most_ppm = 50_000)],
  ['a refund that ends with the sale', (p) => void (p.licences!.refund.until_s = 28 * DAY)],
  ['a refund for a tenth', (p) => void (p.licences!.refund.fee_ppm = 100_000)],
  ['rebates of half', (p) => void (p.licences!.codes.rebate_ppm = 350_000)],
  ['roots that may take a millionth', (p) => void (p.stake!.root_most_ppm = 1)],
  ['the highest commission', (p) => void (p.licences!.codes.commission_ppm = 100_000)],
  ['a commission once the refund ends', (p) => void (p.licences!.codes.paid_after_s = 30 * DAY)],
  ['a transfer a second after the refund ends', (p) => void (p.licences!.locked_until_s = 30 * DAY + 1)],
  ['a list until all may buy', (p) => void (p.licences!.phases['allowlist']!.until_s = 2 * DAY)],
  ['a cap of the whole tier', (p) => void (p.licences!.tiers[0]!.cap_per_address = 500)],
  ['two tiers of one price', (p) => void (p.licences!.tiers[1]!.price = '200000000')],
  ['one rule on a pool after the other', follow],
  ['a discount of all fees', (p) => void (p.fees.token!.discount_ppm = 50_000)],
  ['nearly all fees to the referrer', (p) => void (p.fees.referral_ppm = 999_999)],
  ['no discount, where both pay the same', (p) => void (p.fees.token!.discount_ppm = 0)],
  ['lower fees in tokens with a discount', (p) => void Object.assign(p.fees.token!, { provider_ppm: 49_999 })],
  ['a lie that costs a little more', (p) => void (p.stake!.slash.false_offer!.stake_ppm = 200_001)],
  ['a stake that fills slowly', (p) => void Object.assign(p.stake!.required, { keep_ppm: 1 })],
  [
    'waiting that pays a little less',
    (p) => void Object.assign(standbyClass(p, 't4'), { pay_micros_per_hour: 113_999 }),
  ],
  ['one check with a consequence', (p) => void Object.assign(p.rewards['standby']!, { checks: ['rented', 'proof'] })],
  ['a lapse that costs a little', (p) => void (p.pledges!.lapse_ppm = 1)],
  ['free pledges that raise nothing', quiet],
  ['an answer as long as a quote', (p) => void (p.pledges!.answer_s = 120)],
  ['a pledge a second longer than the proof', (p) => void (p.pledges!.longest_s = DAY + 1)],
  ['a majority of all', (p) => void (p.checks!.kinds['proof']!.majority_ppm = 999_999)],
  ['an operator with a seat less than decides', (p) => void (p.checks!.kinds['proof']!.operators = 3)],
  ['a claim a unit above its fee', (p) => void Object.assign(p.claims!, { fee: '5', least: '6' })],
  ['a dispute as dear as a post', (p) => void (p.claims!.dispute_bond = p.claims!.poster_bond)],
  ['a change once one can leave', (p) => void (p.governance!.timelock_s = 2 * DAY)],
  ['tiers of an edge that rise', (p) => void (p.edge = { ...aethirEdge(), pool: 'edge', vesting: 'providers' })],
  [
    'a place with a part refused',
    (p) => void (p.place = { ...places()!, providers: { only: ['ua'], refused: ['ua-43'] } }),
  ],
  ['what is given up goes to a pool, and nothing is', giveUpNothing],
];

test.each(justSafe)('%s is no danger', (_, change) => {
  const changed = structuredClone(json);
  change(changed);
  expect(dangersOf(Policy.parse(withEdgePool(changed)))).toEqual([]);
});

test('on a computer of one’s own credit and quick changes are no danger', () => {
  const changed: Json = { ...structuredClone(json), network: 'local', test_credit_micros: 1 };
  changed.governance!.timelock_s = 0;
  expect(dangersOf(Policy.parse(changed))).toEqual([]);
});

test('seasons larger than their pool are refused', () => {
  const ionet = structuredClone(policyJson(presets['ionet']!.policy));
  Object.assign(ionet.rewards['ignition_2']!, { amount: '7500000000000000000000001' });
  const found = dangersOf(Policy.parse(ionet));
  expect(found.filter(({ severity }) => severity === 'error').map(({ path }) => path)).toEqual([
    'rewards.ignition_3.amount',
  ]);
});

function standbyClass(policy: Json, slug: string): object {
  const rule = policy.rewards['standby']!;
  if (rule.kind !== 'standby') throw new Error('standby');
  return rule.classes[slug]!;
}

function seasonOfIonet() {
  const season = structuredClone(policyJson(presets['ionet']!.policy).rewards['ignition_1']!);
  if (season.kind !== 'season') throw new Error('season');
  return { ...season, amount: '1' };
}

const aethirEdge = () => structuredClone(policyJson(presets['aethir']!.policy).edge!);

function withPoorGold(): Json['edge'] {
  const edge = aethirEdge();
  edge.tiers['gold']!.base_per_day = '1';
  return { ...edge, pool: 'edge', vesting: 'providers' };
}

/** The checkers are paid until the day from which something else takes their pool. */
function follow(policy: Json): void {
  const later = structuredClone(policy.rewards['checkers']!);
  later.from_s = 100;
  policy.rewards['checkers']!.until_s = 100;
  policy.rewards['later'] = later;
}

function quiet(policy: Json): void {
  policy.pledges!.lapse_ppm = 0;
  Object.assign(policy.rewards['standby']!, { pledged_ppm: 0 });
}

function giveUpNothing(policy: Json): void {
  policy.claims!.forfeits = 'pool';
  policy.claims!.vesting['checkers'] = { points: [{ after_s: 0, ppm: 1_000_000 }] };
}

const places = (): Json['place'] => ({
  providers: { only: ['us', 'ua-43'], refused: ['ua'] },
  renters: { only: null, refused: [] },
  claims: { only: null, refused: [] },
});

/** A pool for the edge where a row wants one of its own. */
function withEdgePool(policy: Json): Json {
  if (policy.edge?.pool === 'edge')
    policy.emission!.pools['edge'] = { kind: 'points', points: [{ at_s: 0, total: '0' }] };
  return policy;
}
