import type { Source, Sources } from '../sources.ts';
import { aethirTiers, aethirTierSource } from './aethir-tiers.ts';
import { groundSources, rootSources } from './ground.ts';
import { referencePriceSource } from './reference-prices.ts';

const caps: Source = {
  kind: 'published',
  text: '5, 10, 15, 30, 50, 100 for the first six, 200 to the tenth, 500 to the 18th, then none',
  date: '2024-03',
};
const firstPrices: Source = {
  kind: 'code',
  text: '0.1259 wETH and × 1.15 a tier, from amounts in buyers’ programs',
  date: '2024-03',
};

/** Where each number of the preset `aethir` comes from. */
export const aethirSources: Sources = {
  ...groundSources,
  fees: {
    kind: 'published',
    text: '20 % of service fees, 80 % to the host; waived on what is refunded',
    date: '2025',
  },
  'fees.token': {
    kind: 'published',
    text: 'priced in dollars, settled in ATH at the rate of the order; a discount for paying in ATH is not public: none',
    date: '2025',
  },
  'fees.split': {
    kind: 'published',
    text: '20 % to the DAO (stated for Edge); no burn rule is public',
    date: '2024',
  },
  'fees.referral_ppm': { kind: 'assumed', text: 'none is published' },
  'fees.claimable_after_s': { kind: 'published', text: 'computed daily, claimable after 45 days', date: '2025' },
  token: { kind: 'published', text: '42 billion, fixed; start 12 June 2024', date: '2024-06-12' },
  'token.decimals': { kind: 'code', text: '18' },
  'emission.pools.checkers': {
    kind: 'published',
    text: '10 % of supply over 4 years: 2,874,743 ATH a day',
    date: '2024',
  },
  'emission.pools.checker_bonus': { kind: 'published', text: '5 % of supply over 16 quarters', date: '2024' },
  'emission.pools.compute': {
    kind: 'derived',
    text: 'compute providers 35 % less Edge 23 %; its schedule, a “decay function in the near future”, was never shown: 4 years as the checkers’, assumed',
    date: '2024',
  },
  'emission.pools.edge': {
    kind: 'published',
    text: '23 % over about 10 years: 40, 24.12, 14.54, 8.77, 5.29 % …, a ratio of 0.603; a maximum, scaled by live devices (that table is not published)',
    date: '2024',
  },
  'emission.pools.team': allocation('12.5 %, 18 months’ cliff, then 36 linear'),
  'emission.pools.investors': allocation('11.5 %, 12 months’ cliff, then 24 linear'),
  'emission.pools.advisors': allocation('5 %, 18 months’ cliff, then 36 linear'),
  'emission.pools.ecosystem': allocation('8 % (7.5 elsewhere), half at the start, then 24 months linear'),
  'emission.pools.treasury': allocation('7 % (7.5 elsewhere), 48 months linear'),
  'emission.pools.airdrop': allocation('6 %: 25 % at listing, 25 % in month 8, 50 % in month 16'),
  'rewards.checkers': {
    kind: 'published',
    text: 'pool of the day × correct tasks ÷ correct tasks of all',
    date: '2025',
  },
  'rewards.checker_bonus': {
    kind: 'published',
    text: 'pool of the quarter × base ÷ base of all; from the fifth quarter only above 95 % uptime (an older page added 25 % of penalties)',
    date: '2025',
  },
  'rewards.compute': {
    kind: 'published',
    text: 'capacity for being online and qualified, work for completed tasks',
    date: '2025',
  },
  'rewards.compute.capacity_ppm': { kind: 'assumed', text: 'the split of the two is not given: half and half' },
  'rewards.compute.epoch_s': { kind: 'assumed', text: 'a day, as the checkers’' },
  'rewards.compute.classes': { kind: 'assumed', text: 'the formula is not given: by K, as the stake' },
  'claims.vesting.checkers': {
    kind: 'published',
    text: '30 days for 25 % or 180 days for 100 %; the line between them is Coop’s',
    date: '2024-10-10',
  },
  'claims.vesting.hosts': {
    kind: 'published',
    text: '30 % at once and 70 % linear over 180 days (an older page)',
    date: '2024',
  },
  'claims.vesting.edge': { kind: 'published', text: '30 % now, 30 % after 90 days, 40 % after 180', date: '2024' },
  'claims.least': { kind: 'published', text: '30 vATH', date: '2025' },
  'claims.fee': { kind: 'published', text: '5 ATH a claim', date: '2025' },
  'claims.identity': { kind: 'published', text: 'before claim and withdrawal', date: '2025' },
  ...rootSources,
  'claims.forfeits': {
    kind: 'published',
    text: 'what is given up goes back into the pool, it is not burnt',
    date: '2025',
  },
  'stake.required': {
    kind: 'assumed',
    text: `K × coefficient is published, the table of K is not: an H100 is said to stake about 10,000 ATH, the other classes stand to it as their reference prices, which are ${referencePriceSource.text}`,
  },
  'stake.required.kind': { kind: 'published', text: 'K of the device’s kind × staking coefficient', date: '2025' },
  'stake.required.coefficient': {
    kind: 'published',
    text: 'the example 1334.22; recomputed from last month’s revenue',
    date: '2025',
  },
  'stake.required.fixed_for_s': { kind: 'published', text: 'a month; three in an older version', date: '2025' },
  'stake.co_stake': {
    kind: 'published',
    text: 'none; since 2025 hosts may borrow the stake from a vault',
    date: '2025',
  },
  'stake.slash': {
    kind: 'published',
    text: 'a third of K × coefficient for being down in service, all of it for deceiving or for far less than declared (older version; the newer percentages are not known)',
    date: '2024',
  },
  'stake.rewards_first': { kind: 'published', text: 'rewards are slashed first, then the stake', date: '2024' },
  'stake.slash_most_ppm': { kind: 'assumed', text: 'no bound is published' },
  'stake.root_most_ppm': { kind: 'ours', text: 'bounds what a false root could take' },
  'stake.epochs_open': { kind: 'ours', text: 'bounds how late a slash may come' },
  'stake.cooldown_s': { kind: 'published', text: '180 days', date: '2025' },
  'stake.appeal_s': { kind: 'ours', text: 'no appeal is published' },
  'stake.appeal_bond': { kind: 'ours', text: 'no appeal is published' },
  'stake.arbiter_s': { kind: 'ours', text: 'no appeal is published' },
  checks: {
    kind: 'published',
    text: 'capacity at registration (up to 24 h) and once a day, liveness every minute, experience every minute while rendering; no answer in time: another checker',
    date: '2025',
  },
  ...checkSources('registration'),
  ...checkSources('liveness'),
  ...checkSources('capacity'),
  ...checkSources('experience'),
  'checks.window_s': {
    kind: 'published',
    text: 'evaluated by day, visible after about 02:00 UTC of the next',
    date: '2025',
  },
  'checks.wrong_most': {
    kind: 'published',
    text: 'two wrong results in a week: no tasks and no rewards for a month (old version)',
    date: '2024',
  },
  licences: {
    kind: 'published',
    text: 'ERC-721, for wETH on Arbitrum, 100,000 at most, from 18 March 2024',
    date: '2024-03',
  },
  'licences.tiers': { kind: 'assumed', text: aethirTierSource },
  ...Object.fromEntries(aethirTiers.map((_, n) => [`licences.tiers.${n}.cap_per_address`, caps])),
  ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`licences.tiers.${n}.price`, firstPrices])),
  'licences.phases': {
    kind: 'published',
    text: 'allowlist 18 to 19 March 2024 10:00 UTC, with an allocation in each entry; public from 20 March 10:00',
    date: '2024-03',
  },
  'licences.codes': {
    kind: 'reported',
    text: 'a code gives 10 % back two weeks after the purchase (a buyer’s program)',
    date: '2024-03',
  },
  'licences.codes.paid_after_s': {
    kind: 'reported',
    text: 'two weeks after the purchase; here, after the end of the sale, since until then it can be given back',
    date: '2024-03',
  },
  'licences.phases.public.until_s': {
    kind: 'assumed',
    text: 'how long the sale stayed open is not published; 90 days',
  },
  'licences.codes.commission_ppm': {
    kind: 'assumed',
    text: 'its page is not public; a sale of the same text (Inferix) gives 5 % to each side, and partners what was negotiated',
  },
  'licences.codes.commission_max_ppm': { kind: 'assumed', text: 'negotiated; as much as the rebate here' },
  'licences.codes.discount_ppm': { kind: 'code', text: 'a code only leaves a record in the sale’s contract' },
  'licences.refund': {
    kind: 'published',
    text: 'none was promised; a buy-back at changing prices with 10 % fee came in May 2025. A sale of Coop’s contracts can be given back until it ends, here for that fee',
    date: '2025-05-22',
  },
  'licences.locked_until_s': {
    kind: 'published',
    text: 'transfers opened on 12 July 2025 04:00 UTC',
    date: '2025-07-12',
  },
  'licences.transfer_void_s': {
    kind: 'published',
    text: 'work of the day of the transfer is void for the old holder',
    date: '2025-07-12',
  },
  'licences.delegation': {
    kind: 'published',
    text: 'owner and operator agree outside: there is no field for a commission',
    date: '2024',
  },
  'licences.delegation.longest_s': { kind: 'assumed', text: 'either side ends it at any time; ten years here' },
  pledges: { kind: 'published', text: 'none' },
  edge: {
    kind: 'published',
    text: 'stake 2,000, 5,000 or 10,000 ATH for 10, 30 or 60 a day; bonus out of 5 M a day, weight 1 and 2, at most 120 and 240 (before: 21, 100 and 21 a day)',
    date: '2025-10',
  },
  'edge.profile': { kind: 'published', text: 'the box: 12 GB, 256 GB, 20 Mbps up and down', date: '2024' },
  'edge.reward_fee_ppm': { kind: 'published', text: '5 % of rewards', date: '2024' },
  'edge.service_share_ppm': {
    kind: 'published',
    text: '80 % of service fees to devices, 20 % to the DAO',
    date: '2024',
  },
  partner: { kind: 'assumed', text: 'no text on a standard unit or the terms of any partner is public' },
  'place.providers': {
    kind: 'published',
    text: 'China and what OFAC and the UN sanction; the list of countries is ours',
    date: '2025',
  },
  'place.renters': { kind: 'assumed', text: 'nothing is published' },
  'place.claims': { kind: 'published', text: 'US, Cuba, Iran, DPRK, Syria, Crimea, Donetsk, Luhansk', date: '2025' },
};

function checkSources(kind: string): Sources {
  return {
    [`checks.kinds.${kind}.committee`]: { kind: 'assumed', text: 'not published; three' },
    [`checks.kinds.${kind}.operators`]: {
      kind: 'code',
      text: 'the public consensus code asks for no different operators',
      date: '2025-02',
    },
    [`checks.kinds.${kind}.majority_ppm`]: {
      kind: 'code',
      text: 'more than half of equal answers (sophon-org/aethir-checker)',
      date: '2025-02',
    },
    [`checks.kinds.${kind}.catches_ppm`]: { kind: 'assumed', text: 'not published; one half' },
  };
}

function allocation(text: string): Source {
  return { kind: 'reported', text: `${text} (audit.tokenomics.com/audits/aethir)`, date: '2024' };
}
