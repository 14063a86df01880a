import type { Source, Sources } from '../sources.ts';
import { groundSources, rootSources } from './ground.ts';
import { ionetNames } from './ionet-classes.ts';
import { referencePriceSource } from './reference-prices.ts';

const checkRates: Source = {
  kind: 'assumed',
  text: 'not published; one half, since a public script passes the visible test by stopping other work while it runs',
};

const combined: Source = {
  kind: 'assumed',
  text: 'how job hours, bandwidth, model and hours online combine is not published: (hours online + hours rented) × model × line',
};

const seasonSources = (name: string): Sources => ({
  [`rewards.${name}.amount`]: {
    kind: 'assumed',
    text: 'pools of 17.5, 7.5 and 12.5 M are named by others, unconfirmed',
  },
  [`rewards.${name}.uptime_hour_ppm`]: combined,
  [`rewards.${name}.job_hour_ppm`]: combined,
  [`rewards.${name}.classes`]: {
    kind: 'assumed',
    text: 'its table of models is not published: multipliers of block rewards before June 2025',
  },
  [`rewards.${name}.connectivity`]: {
    kind: 'assumed',
    text: 'its table of bandwidth is not published: a quarter for each of the four tiers',
  },
  [`rewards.${name}.pool`]: { kind: 'assumed', text: 'out of airdrops and incentives, which stand in the genesis' },
  [`rewards.${name}.vesting`]: { kind: 'published', text: 'paid at the end', date: '2024-06' },
});

/** Where each number of the preset `ionet` comes from. */
export const ionetSources: Sources = {
  ...groundSources,
  fees: {
    kind: 'published',
    text: 'reservation 0.25 % a side, and 2 % more a side if paid in USDC: a surcharge rather than a discount (docs, fees)',
    date: '2025-09-12',
  },
  'fees.split': {
    kind: 'reported',
    text: 'fees buy back and burn, “about 50 %” (third parties); the rest goes to the fee vault of the incentive engine: assumed',
    date: '2026',
  },
  'fees.referral_ppm': { kind: 'assumed', text: 'none is published' },
  'fees.claimable_after_s': {
    kind: 'published',
    text: 'jobs of up to a day are paid at once, longer ones daily',
    date: '2025-09-12',
  },
  token: { kind: 'published', text: '500 M at genesis and 300 M over twenty years: 800 M', date: '2025-09-12' },
  'token.decimals': { kind: 'assumed', text: '18, as contracts on the EVM have; the original is a token on Solana' },
  'emission.pools.genesis': {
    kind: 'published',
    text:
      '500 M at genesis, 37.5 M of them for the seasons. Of 800 M: seed 12.5 %, series A 10.2 %, core 11.3 %, research and ecosystem 16 %, airdrops and incentives ' +
      '10 %, launch pool 2.5 % (third parties); investors over 24 months from the 13th, team over 36: held by vesting contracts',
    date: '2025-09-12',
  },
  'emission.pools.seasons': {
    kind: 'published',
    text: 'the three seasons together: 17.5, 7.5 and 12.5 of the 500 M',
    date: '2024-06-25',
  },
  'emission.pools.rewards': {
    kind: 'published',
    text:
      '8 % of 500 M a year at first, hourly, each hour 0.0013886952395979300 % less, over 175,319 hours, 300 M in all. The figures ' +
      'of the prose (1.02 % a month, 12.165 % a year) do not give this curve, and the sum passes 300 M without the cap',
    date: '2025-09-12',
  },
  'rewards.ignition_1': {
    kind: 'published',
    text: 'activity from 4 November 2023 to 25 April 2024: hours of jobs, bandwidth, model and hours online, paid pro rata',
    date: '2024-04',
  },
  'rewards.ignition_2': { kind: 'reported', text: '1 to 30 May 2024 (theblock)', date: '2024-05' },
  'rewards.ignition_3': {
    kind: 'reported',
    text: 'overlapped the block rewards of 25 to 30 June 2024; its first day is assumed: 1 June',
    date: '2024-06',
  },
  ...seasonSources('ignition_1'),
  ...seasonSources('ignition_2'),
  ...seasonSources('ignition_3'),
  'rewards.block': {
    kind: 'published',
    text: 'hourly, from 25 June 2024 12:00 UTC; what became of it when the incentive engine went live on 11 June 2026 is not public: assumed ended',
    date: '2025-09-12',
  },
  'rewards.block.groups': {
    kind: 'published',
    text: '95 % enterprise, 5 % community, from 4 June 2025',
    date: '2025-06-04',
  },
  'rewards.block.eligible': {
    kind: 'published',
    text: '5 h online without a break, up to 12 h of waiting after onboarding, connectivity tier above 0, cluster test, proofs of the hour, stake',
    date: '2025-09-12',
  },
  ...Object.fromEntries(
    Object.entries(ionetNames).map(([slug, name]) => [
      `rewards.block.classes.${slug}`,
      { kind: 'published', text: `multiplier of ${name}`, date: '2025-06-04' } as const,
    ]),
  ),
  'rewards.ide': {
    kind: 'reported',
    text: 'dollars owed are released from the reward vault, then from the fee vault, else parameters change; live since 11 June 2026',
    date: '2026-06-11',
  },
  'rewards.ide.epoch_s': { kind: 'assumed', text: 'not published; a day' },
  'rewards.ide.classes': {
    kind: 'assumed',
    text: `the table in dollars and the target return are not published: 20 % of a reference price, which is ${referencePriceSource.text}`,
  },
  'rewards.ide.surplus_burn_ppm': {
    kind: 'reported',
    text: 'at least half of the surplus buys and burns',
    date: '2026-06',
  },
  claims: {
    kind: 'published',
    text: 'periodic claims to own wallets, no lock and no fee on block rewards',
    date: '2025-09-12',
  },
  ...rootSources,
  'stake.required': {
    kind: 'published',
    text: '200 IO × max(1, multiplier) × processors: 16,000 for 8 H100, 800 for 4 cards of 0.25',
    date: '2025-07-01',
  },
  'stake.co_stake': {
    kind: 'published',
    text: 'owner first, then up to half; leaving takes 7 days of waiting and 14 of cooldown',
    date: '2025-09-12',
  },
  'stake.slash': {
    kind: 'assumed',
    text: 'for spoofing, data compromise or “inadequate service”, by decision of staff; no percentages are published: the whole stake',
  },
  'stake.slash.lost_lease': {
    kind: 'published',
    text: 'unavailable during a cluster: nothing is paid for the whole time, and the renter is credited',
    date: '2025-09-12',
  },
  'stake.slash.offline_idle': { kind: 'published', text: 'no rewards of the hour', date: '2025-09-12' },
  'stake.rewards_first': {
    kind: 'published',
    text: 'stake and rewards not yet paid are slashed',
    date: '2025-09-12',
  },
  'stake.slash_most_ppm': { kind: 'assumed', text: 'no bound is published' },
  'stake.root_most_ppm': { kind: 'ours', text: 'bounds what a false root could take' },
  'stake.epochs_open': { kind: 'ours', text: 'bounds how late a slash may come' },
  'stake.cooldown_s': { kind: 'published', text: '14 days, all or nothing', date: '2025-09-12' },
  'stake.appeal_s': { kind: 'published', text: 'one month, by ticket; then burnt', date: '2025-09-12' },
  'stake.appeal_bond': { kind: 'published', text: 'a ticket costs nothing', date: '2025-09-12' },
  'stake.arbiter_s': { kind: 'assumed', text: 'no time is published; as long as the appeal' },
  checks: {
    kind: 'published',
    text: 'proof of work hourly with at most 15 min of load, time-lock, cluster formation; hired devices are exempt from proof of work',
    date: '2025-09-12',
  },
  'checks.kinds.cluster.catches_ppm': checkRates,
  'checks.kinds.proof_of_work.catches_ppm': checkRates,
  'checks.kinds.time_lock.catches_ppm': checkRates,
  'checks.window_s': { kind: 'assumed', text: 'retested as the block closes; a day here' },
  'checks.wrong_most': { kind: 'assumed', text: 'there are no checkers beside the operator' },
  'checks.wrong_window_s': { kind: 'assumed', text: 'there are no checkers beside the operator' },
  'checks.ban_s': { kind: 'assumed', text: 'there are no checkers beside the operator' },
  licences: { kind: 'published', text: 'none are sold' },
  pledges: { kind: 'published', text: 'none' },
  edge: { kind: 'published', text: 'none' },
  partner: { kind: 'assumed', text: 'no text on a standard unit or the terms of any partner is public' },
  place: { kind: 'assumed', text: 'barred regions exist, the list is not published; everywhere here' },
};
