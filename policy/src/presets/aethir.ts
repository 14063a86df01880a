import { parseUnits } from '../decimal.ts';
import { cliffThenLinear, type Curve } from '../emission.ts';
import type { Policy } from '../policy.ts';

import { aethirSources } from './aethir-sources.ts';
import { aethirTiers } from './aethir-tiers.ts';
import { ground } from './ground.ts';
import type { Preset } from './preset.ts';
import { byClass, referencePrices } from './reference-prices.ts';
import { DAY, HOUR, MONTH, QUARTER, secondsFrom, YEAR } from './time.ts';

const ATH = (amount: string): bigint => parseUnits(amount, 18);
/** So many thousandths of the whole supply of 42 billion. */
const supply = (thousandths: bigint): bigint => (ATH('42000000000') * thousandths) / 1000n;
const SALE = [2024, 3, 18, 10] as const;
const SALE_S = 90 * DAY;

/** K, so that an H100 stakes the 10,000 ATH that others report at the published coefficient; other classes by their reference price. */
const COEFFICIENT = ATH('1334.22');
const H100_STAKE = ATH('10000');
const values = byClass((price) =>
  Number((H100_STAKE * 1_000_000n * price) / (COEFFICIENT * referencePrices['h100-sxm-80gb']!)),
);

/** What Aethir published of its economics. Not affiliated with Aethir. */
export const aethir: Preset = {
  policy: {
    version: 2,
    name: 'aethir',
    about: 'The published rules of Aethir, as of November 2026. Not affiliated with Aethir.',
    network: 'public',
    ...ground,
    fees: {
      provider_ppm: 200_000,
      renter_ppm: 0,
      token: { provider_ppm: 200_000, renter_ppm: 0, discount_ppm: 0 },
      split: { treasury: 1_000_000 },
      referral_ppm: 0,
      claimable_after_s: 45 * DAY,
    },
    token: { symbol: 'ATH', name: 'ATH of a network like Aethir', decimals: 18, cap: supply(1000n) },
    emission: {
      pools: {
        checkers: linear(supply(100n), 4 * YEAR),
        checker_bonus: linear(supply(50n), 16 * QUARTER),
        compute: linear(supply(120n), 4 * YEAR),
        edge: geometricYears(supply(230n), 10),
        team: linear(supply(125n), 36 * MONTH, 18 * MONTH),
        investors: linear(supply(115n), 24 * MONTH, 12 * MONTH),
        advisors: linear(supply(50n), 36 * MONTH, 18 * MONTH),
        ecosystem: {
          kind: 'points',
          points: [
            { at_s: 0, total: supply(40n) },
            { at_s: 24 * MONTH, total: supply(80n) },
          ],
        },
        treasury: linear(supply(70n), 48 * MONTH),
        airdrop: {
          kind: 'points',
          points: [
            { at_s: 0, total: supply(15n) },
            { at_s: 8 * MONTH, total: supply(15n) },
            { at_s: 8 * MONTH, total: supply(30n) },
            { at_s: 16 * MONTH, total: supply(30n) },
            { at_s: 16 * MONTH, total: supply(60n) },
          ],
        },
      },
    },
    rewards: {
      checkers: { kind: 'task', pool: 'checkers', vesting: 'checkers', from_s: 0, until_s: 4 * YEAR, epoch_s: DAY },
      checker_bonus: {
        kind: 'uptime_bonus',
        pool: 'checker_bonus',
        vesting: 'checkers',
        from_s: 0,
        until_s: 16 * QUARTER,
        epoch_s: QUARTER,
        of: 'checkers',
        uptime_from_epoch: 5,
        uptime_above_ppm: 950_000,
      },
      compute: {
        kind: 'work',
        pool: 'compute',
        vesting: 'hosts',
        from_s: 0,
        until_s: null,
        epoch_s: DAY,
        capacity_ppm: 500_000,
        classes: values,
      },
    },
    claims: {
      vesting: {
        checkers: {
          points: [
            { after_s: 30 * DAY, ppm: 250_000 },
            { after_s: 180 * DAY, ppm: 1_000_000 },
          ],
        },
        hosts: {
          points: [
            { after_s: 0, ppm: 300_000 },
            { after_s: 180 * DAY, ppm: 1_000_000 },
          ],
        },
        edge: {
          points: [
            { after_s: 0, ppm: 300_000 },
            { after_s: 90 * DAY - 1, ppm: 300_000 },
            { after_s: 90 * DAY, ppm: 600_000 },
            { after_s: 180 * DAY - 1, ppm: 600_000 },
            { after_s: 180 * DAY, ppm: 1_000_000 },
          ],
        },
      },
      forfeits: 'pool',
      least: ATH('30'),
      fee: ATH('5'),
      identity: true,
      dispute_s: 2 * DAY,
      poster_bond: ATH('1000000'),
      dispute_bond: ATH('100000'),
      poster_silent_s: 3 * DAY,
      arbiter_s: 7 * DAY,
      grant_most: ATH('160000000'), // a quarter's bonus of 131 million and a week of rewards
    },
    stake: {
      required: { kind: 'coefficient', coefficient: COEFFICIENT, values, fixed_for_s: MONTH },
      co_stake: null,
      slash: {
        lost_lease: { stake_ppm: 333_333, refund: true },
        lost_reserved: { stake_ppm: 333_333, refund: true },
        offline_idle: { stake_ppm: 0, refund: false },
        below_class: { stake_ppm: 1_000_000, refund: false },
        false_offer: { stake_ppm: 1_000_000, refund: false },
      },
      rewards_first: true,
      slash_most_ppm: 1_000_000,
      root_most_ppm: 100_000,
      epochs_open: 14,
      cooldown_s: 180 * DAY,
      appeal_s: 14 * DAY,
      appeal_bond: ATH('10000'),
      arbiter_s: 14 * DAY,
    },
    checks: {
      by: 'licences',
      kinds: {
        registration: check({ proves: 'class', every_s: DAY, when: 'enrolment', answer_s: DAY }),
        liveness: check({ proves: 'alive', every_s: 60, when: 'always', answer_s: 60 }),
        capacity: check({ proves: 'class', every_s: DAY, when: 'idle', answer_s: HOUR }),
        experience: check({ proves: 'service', every_s: 60, when: 'rented', answer_s: 60 }),
      },
      window_s: DAY,
      wrong_most: 2,
      wrong_window_s: 7 * DAY,
      ban_s: 30 * DAY,
    },
    licences: {
      symbol: 'CHECKER',
      currency: 'ether',
      decimals: 18,
      tiers: aethirTiers,
      phases: {
        allowlist: { from_s: 0, until_s: DAY, allowlist: true, allocation: 0 },
        public: { from_s: 2 * DAY, until_s: SALE_S, allowlist: false, allocation: 0 },
      },
      codes: {
        discount_ppm: 0,
        rebate_ppm: 100_000,
        commission_ppm: 50_000,
        commission_max_ppm: 100_000,
        paid_after_s: SALE_S + 14 * DAY,
      },
      refund: { until_s: SALE_S, fee_ppm: 100_000 },
      locked_until_s: secondsFrom(SALE, [2025, 7, 12, 4]),
      earns: 'refund_end',
      identity: 'claim',
      transfer_void_s: DAY,
      delegation: { commission_max_ppm: 0, commission_step_ppm: 0, notice_s: 0, longest_s: 10 * YEAR },
    },
    pledges: null,
    edge: {
      pool: 'edge',
      vesting: 'edge',
      profile: { memory_mib: 12 * 1024, storage_gib: 256, up_mbps: 20, down_mbps: 20 },
      tiers: {
        bronze: { stake: ATH('2000'), base_per_day: ATH('10'), bonus_weight: 0, bonus_most_per_day: 0n },
        silver: {
          stake: ATH('5000'),
          base_per_day: ATH('30'),
          bonus_weight: 1_000_000,
          bonus_most_per_day: ATH('120'),
        },
        gold: { stake: ATH('10000'), base_per_day: ATH('60'), bonus_weight: 2_000_000, bonus_most_per_day: ATH('240') },
      },
      bonus_per_day: ATH('5000000'),
      reward_fee_ppm: 50_000,
      service_share_ppm: 800_000,
    },
    partner: null,
    place: {
      providers: { only: null, refused: ['cn', 'cu', 'ir', 'kp', 'sy'] },
      renters: { only: null, refused: [] },
      claims: { only: null, refused: ['us', 'cu', 'ir', 'kp', 'sy', 'ua-43', 'ua-14', 'ua-09'] },
    },
  },
  sources: aethirSources,
};

/** Everything after a cliff, in a straight line. */
function linear(total: bigint, term_s: number, cliff_s = 0): Curve {
  return cliffThenLinear({ total, genesis: 0n, cliff_s, term_s });
}

/** 40 % in the first year and 0.603 of it in each that follows; the last takes what is left, because the ratio is rounded. */
function geometricYears(total: bigint, years: number): Curve {
  const points = [{ at_s: 0, total: 0n }];
  let year = (total * 40n) / 100n;
  let sum = 0n;
  for (let n = 1; n <= years; n += 1) {
    sum = n === years || sum + year > total ? total : sum + year;
    points.push({ at_s: n * YEAR, total: sum });
    year = (year * 603n) / 1000n;
  }
  return { kind: 'points', points };
}

/** Several licences see one container; how many is not published, and the only public code asks for no least number. */
function check(
  of: Pick<NonNullable<Policy['checks']>['kinds'][string], 'proves' | 'every_s' | 'when' | 'answer_s'>,
): NonNullable<Policy['checks']>['kinds'][string] {
  return { ...of, committee: 3, operators: 1, majority_ppm: 500_000, catches_ppm: 500_000, shadow: false };
}
