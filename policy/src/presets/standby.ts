import { parseUnits } from '../decimal.ts';
import { cliffThenLinear, halvings, type PointsCurve } from '../emission.ts';
import { ground, groundSources } from './ground.ts';
import type { Preset } from './preset.ts';
import { byClass, referencePrices, referencePriceSource } from './reference-prices.ts';
import { DAY, HOUR, MONTH, YEAR } from './time.ts';

const COOP = (amount: string): bigint => parseUnits(amount, 18);
const USD = (amount: string): bigint => parseUnits(amount, 6);
const fifteenPercent = { genesis: 0n, total: COOP('150000000') };

/** Of a check: five, no two of one operator, four of whom must agree. */
const committee = { committee: 5, operators: 5, majority_ppm: 600_000 };

/** Coop's own rules and its default: waiting is paid in dollars' worth, and only as much of it as the queue needs. */
export const standby: Preset = {
  policy: {
    version: 2,
    name: 'standby',
    about: 'Coop’s own rules: idle machines are paid only as far as rented and pledged demand needs them.',
    network: 'public',
    ...ground,
    fees: {
      provider_ppm: 50_000,
      renter_ppm: 0,
      token: { provider_ppm: 50_000, renter_ppm: 0, discount_ppm: 20_000 },
      split: { burn: 200_000, standby: 500_000, treasury: 300_000 },
      referral_ppm: 100_000,
      claimable_after_s: DAY,
    },
    token: { symbol: 'COOP', name: 'Coop', decimals: 18, cap: COOP('1000000000') },
    emission: {
      pools: {
        standby: halving(COOP('500000000')),
        checkers: halving(COOP('200000000')),
        treasury: cliffThenLinear({ ...fifteenPercent, cliff_s: 0, term_s: 48 * MONTH }),
        team: cliffThenLinear({ ...fifteenPercent, cliff_s: 12 * MONTH, term_s: 36 * MONTH }),
      },
    },
    rewards: {
      standby: {
        kind: 'standby',
        pool: 'standby',
        vesting: 'providers',
        from_s: 0,
        until_s: null,
        epoch_s: HOUR,
        window_s: 7 * DAY,
        beta_ppm: 1_000_000,
        pledged_ppm: 500_000,
        asks_at_most_ppm: 1_100_000,
        checks: ['liveness', 'proof'],
        classes: byClass((price) => ({ pay_micros_per_hour: price / 5n, reference_micros_per_hour: price })),
        surplus_burn_ppm: 500_000,
      },
      checkers: { kind: 'task', pool: 'checkers', vesting: 'checkers', from_s: 0, until_s: null, epoch_s: DAY },
    },
    claims: {
      vesting: {
        providers: { points: [{ after_s: 0, ppm: 1_000_000 }] },
        checkers: {
          points: [
            { after_s: 30 * DAY, ppm: 250_000 },
            { after_s: 180 * DAY, ppm: 1_000_000 },
          ],
        },
      },
      forfeits: 'burnt',
      least: COOP('1'),
      fee: 0n,
      identity: false,
      dispute_s: 2 * DAY,
      poster_bond: COOP('10000'),
      dispute_bond: COOP('1000'),
      poster_silent_s: 3 * DAY,
      arbiter_s: 7 * DAY,
      grant_most: COOP('1000000'),
    },
    stake: {
      required: { kind: 'earned', keep_ppm: 150_000, at_risk_s: 7 * DAY },
      co_stake: null,
      slash: {
        lost_lease: { stake_ppm: 200_000, refund: true },
        lost_reserved: { stake_ppm: 333_333, refund: true },
        offline_idle: { stake_ppm: 0, refund: false },
        poor_service: { stake_ppm: 100_000, refund: true },
        below_class: { stake_ppm: 1_000_000, refund: true },
        false_offer: { stake_ppm: 1_000_000, refund: true },
        data_compromise: { stake_ppm: 1_000_000, refund: true },
      },
      rewards_first: true,
      slash_most_ppm: 1_000_000,
      root_most_ppm: 100_000,
      epochs_open: 10,
      cooldown_s: 14 * DAY,
      appeal_s: 7 * DAY,
      appeal_bond: USD('10'),
      arbiter_s: 14 * DAY,
    },
    checks: {
      by: 'licences',
      kinds: {
        liveness: {
          ...committee,
          proves: 'alive',
          every_s: 300,
          when: 'always',
          answer_s: 60,
          catches_ppm: 900_000,
          shadow: false,
        },
        proof: {
          ...committee,
          proves: 'class',
          every_s: 6 * HOUR,
          when: 'idle',
          answer_s: 600,
          catches_ppm: 900_000,
          shadow: false,
        },
        rented: {
          ...committee,
          proves: 'service',
          every_s: 7 * DAY,
          when: 'rented',
          answer_s: HOUR,
          catches_ppm: 900_000,
          shadow: true,
        },
      },
      window_s: DAY,
      wrong_most: 3,
      wrong_window_s: 7 * DAY,
      ban_s: 30 * DAY,
    },
    licences: {
      symbol: 'COOPCHK',
      currency: 'dollars',
      decimals: 6,
      tiers: Array.from({ length: 20 }, (_, n) => ({
        count: 500,
        price: ((USD('200') * 110n ** BigInt(n)) / 100n ** BigInt(n) / USD('1')) * USD('1'), // whole dollars
        cap_per_address: 10,
      })),
      phases: {
        allowlist: { from_s: 0, until_s: 2 * DAY, allowlist: true, allocation: 0 },
        public: { from_s: 2 * DAY, until_s: 28 * DAY, allowlist: false, allocation: 0 },
      },
      codes: {
        discount_ppm: 50_000,
        rebate_ppm: 0,
        commission_ppm: 50_000,
        commission_max_ppm: 100_000,
        paid_after_s: 30 * DAY,
      },
      refund: { until_s: 30 * DAY, fee_ppm: 50_000 },
      locked_until_s: 60 * DAY,
      earns: 'either',
      identity: 'none',
      transfer_void_s: 0,
      delegation: { commission_max_ppm: 300_000, commission_step_ppm: 50_000, notice_s: 14 * DAY, longest_s: YEAR },
    },
    pledges: { deposit_s: DAY, longest_s: 30 * DAY, answer_s: DAY, lapse_ppm: 100_000, proven_s: DAY },
    edge: null,
    partner: {
      unit: 'h100-sxm-80gb',
      weights: byClass((price) => Number((price * 1_000_000n) / referencePrices['h100-sxm-80gb']!)),
      lent_most_ppm: 500_000,
      fee_ppm: 20_000,
    },
    place: null,
  },
  sources: {
    ...groundSources,
    fees: {
      kind: 'ours',
      text: 'one visible fee, and no surcharge for dollars; the discount stays below the fee, or renting from oneself would pay',
    },
    token: { kind: 'ours', text: 'a round number' },
    emission: { kind: 'ours', text: 'a ceiling that halves every two years; what is not needed stays below it' },
    rewards: { kind: 'ours', text: 'λ + β√λ idle machines hold the queue short; more are not paid' },
    'rewards.standby.classes': {
      kind: 'ours',
      text: `waiting is paid a fifth of the reference price: about the electricity. The price is ${referencePriceSource.text}`,
    },
    claims: {
      kind: 'ours',
      text: 'providers at once, after the disputes; checkers 25 % after 30 days to everything after 180',
    },
    stake: {
      kind: 'ours',
      text: 'kept from income until it covers a week of rent: no token has to be bought, and it is worth dollars',
    },
    checks: {
      kind: 'ours',
      text: 'five checkers of different operators, at times nobody knows; new kinds run in shadow first',
    },
    licences: { kind: 'ours', text: 'whole curve known before it opens; money can be had back for 30 days' },
    pledges: { kind: 'ours', text: 'renters say first what they would rent; it costs them only if they do not come' },
    edge: {
      kind: 'ours',
      text: 'a home device is a machine like any other, and is paid for waiting where its class is needed',
    },
    partner: { kind: 'ours', text: 'standard units by reference price' },
    place: { kind: 'ours', text: 'everywhere; an operator with a licence to keep sets it' },
  },
};

/** Half of what is left every two years; the last of sixteen times gives all of the rest, a 65,536th. */
function halving(supply: bigint): PointsCurve {
  const { points } = halvings({ supply, genesis: 0n, period_s: 2 * YEAR, periods: 16 });
  return { kind: 'points', points: [...points.slice(0, -1), { ...points.at(-1)!, total: supply }] };
}
