import { parseUnits } from '../decimal.ts';
import type { RewardRuleOf } from '../schema/rewards.ts';
import { ground } from './ground.ts';
import { ionetClasses, ionetWeightsBefore } from './ionet-classes.ts';
import { ionetSources } from './ionet-sources.ts';
import type { Preset } from './preset.ts';
import { byClass } from './reference-prices.ts';
import { DAY, HOUR, secondsFrom } from './time.ts';

const IO = (amount: string): bigint => parseUnits(amount, 18);
const START = [2024, 6, 25, 12] as const; // the first block reward; times of the policy count from here
const after = (...moment: readonly [number, number, number, number?]): number => secondsFrom(START, moment);

const season = {
  kind: 'season' as const,
  pool: 'seasons',
  vesting: 'at_once',
  uptime_hour_ppm: 1_000_000,
  job_hour_ppm: 1_000_000,
  classes: ionetWeightsBefore,
  connectivity: [0, 250_000, 500_000, 750_000, 1_000_000],
} satisfies Partial<RewardRuleOf<'season'>>;

/** The operator alone looks, so a committee is one. */
const check = (of: {
  proves: 'class' | 'service';
  every_s: number;
  when: 'enrolment' | 'idle' | 'rented';
  answer_s: number;
}) => ({
  ...of,
  committee: 1,
  operators: 1,
  majority_ppm: 500_000,
  catches_ppm: 500_000,
  shadow: false,
});

/** What io.net published of its economics. Not affiliated with io.net. */
export const ionet: Preset = {
  policy: {
    version: 2,
    name: 'ionet',
    about: 'The published rules of io.net, as of November 2026. Not affiliated with io.net.',
    network: 'public',
    ...ground,
    fees: {
      provider_ppm: 22_500,
      renter_ppm: 22_500,
      token: { provider_ppm: 2500, renter_ppm: 2500, discount_ppm: 0 },
      split: { burn: 500_000, vault: 500_000 },
      referral_ppm: 0,
      claimable_after_s: 0,
    },
    token: { symbol: 'IO', name: 'IO of a network like io.net', decimals: 18, cap: IO('800000000') },
    emission: {
      pools: {
        // Together the 500 million of genesis; what the seasons gave to machines stands apart, for their Rewards to grant.
        genesis: { kind: 'points', points: [{ at_s: 0, total: IO('462500000') }] },
        seasons: { kind: 'points', points: [{ at_s: 0, total: IO('37500000') }] },
        rewards: {
          kind: 'decay',
          genesis: 0n,
          first: (IO('500000000') * 8n) / 100n / 8760n,
          decay_ray: 13_886_952_395_979_300_000_000n, // 0.001388695239597930 % of 10²⁷
          epoch_s: HOUR,
          cap: IO('300000000'),
        },
      },
    },
    rewards: {
      ignition_1: { ...season, from_s: after(2023, 11, 4), until_s: after(2024, 4, 25), amount: IO('17500000') },
      ignition_2: { ...season, from_s: after(2024, 5, 1), until_s: after(2024, 5, 31), amount: IO('7500000') },
      ignition_3: { ...season, from_s: after(2024, 6, 1), until_s: after(2024, 7, 1), amount: IO('12500000') },
      block: {
        kind: 'weight',
        pool: 'rewards',
        vesting: 'at_once',
        from_s: 0,
        until_s: after(2026, 6, 11),
        epoch_s: HOUR,
        groups: { enterprise: 950_000, community: 50_000 },
        classes: ionetClasses,
        eligible: {
          uptime_s: 5 * HOUR,
          wait_s: 12 * HOUR,
          connectivity: 1,
          checks: ['cluster', 'proof_of_work', 'time_lock'],
          stake: true,
        },
      },
      ide: {
        kind: 'usd_target',
        pool: 'rewards',
        vesting: 'at_once',
        from_s: after(2026, 6, 11),
        until_s: null,
        epoch_s: DAY,
        classes: byClass((price) => ({ price_micros_per_hour: price, target_ppm: 200_000 })),
        surplus_burn_ppm: 500_000,
      },
    },
    claims: {
      vesting: { at_once: { points: [{ after_s: 0, ppm: 1_000_000 }] } },
      forfeits: 'burnt',
      least: 0n,
      fee: 0n,
      identity: false,
      dispute_s: 2 * DAY,
      poster_bond: IO('10000'),
      dispute_bond: IO('1000'),
      poster_silent_s: 3 * DAY,
      arbiter_s: 7 * DAY,
      grant_most: IO('17500000'), // the largest season, by one root
    },
    stake: {
      required: {
        kind: 'per_device',
        amount: { currency: 'token', tokens: IO('200') },
        weights: Object.fromEntries(Object.entries(ionetClasses).map(([slug, { weight_ppm }]) => [slug, weight_ppm])),
        least_weight_ppm: 1_000_000,
      },
      co_stake: { most_ppm: 500_000, exit_wait_s: 7 * DAY },
      slash: {
        lost_lease: { stake_ppm: 0, refund: true },
        offline_idle: { stake_ppm: 0, refund: false },
        false_offer: { stake_ppm: 1_000_000, refund: false },
        data_compromise: { stake_ppm: 1_000_000, refund: false },
        poor_service: { stake_ppm: 1_000_000, refund: false },
      },
      rewards_first: true,
      slash_most_ppm: 1_000_000,
      root_most_ppm: 100_000,
      epochs_open: 14,
      cooldown_s: 14 * DAY,
      appeal_s: 30 * DAY,
      appeal_bond: 0n,
      arbiter_s: 30 * DAY,
    },
    checks: {
      by: 'operator',
      kinds: {
        cluster: check({ proves: 'service', every_s: DAY, when: 'enrolment', answer_s: 12 * HOUR }),
        proof_of_work: check({ proves: 'class', every_s: HOUR, when: 'idle', answer_s: 15 * 60 }),
        time_lock: check({ proves: 'service', every_s: HOUR, when: 'rented', answer_s: HOUR }),
      },
      window_s: DAY,
      wrong_most: 1,
      wrong_window_s: DAY,
      ban_s: 0,
    },
    licences: null,
    pledges: null,
    edge: null,
    partner: null,
    place: null,
  },
  sources: ionetSources,
};
