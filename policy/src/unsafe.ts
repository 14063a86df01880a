import { decimalDollars } from '@gpucoop/protocol/money.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { formatDuration } from '@gpucoop/protocol/sizes.ts';
import { answersNeeded, catchesPerDayPpm } from './checks.ts';
import { curveCap } from './emission.ts';
import { grantOfFirstEpoch } from './first-grant.ts';
import type { Policy } from './policy.ts';
import { priceAfterRebates } from './rebates.ts';
import { PPM } from './schema/amounts.ts';

/** Rules that are each possible and together let somebody take what is not his. */
export type Danger = {
  /** error: refused; warning: lives, and is known to go wrong. */
  severity: 'error' | 'warning';
  path: string;
  message: string;
};

export const dangersOf = (policy: Policy): Danger[] => combinations.flatMap((check) => [...check(policy)]);

/** Throws `invalid_policy` for the first combination that is refused. */
export function requireSafePolicy(policy: Policy): void {
  const [first] = dangersOf(policy).filter(({ severity }) => severity === 'error');
  if (first === undefined) return;
  throw new CoopError('invalid_policy', `${first.path}: ${first.message}`, {
    hint: 'coop policy check FILE shows all',
  });
}

const error = (path: string, message: string): Danger => ({ severity: 'error', path, message });
const warning = (path: string, message: string): Danger => ({ severity: 'warning', path, message });
const long = formatDuration;

/** One combination each. A new one is a function here, and a row in `unsafe.test.ts` that shows it refused. */
const combinations: readonly ((policy: Policy) => Iterable<Danger>)[] = [
  function* stakeOutlivesDispute({ stake, claims, checks }) {
    if (stake === null || claims === null) return;
    const found = claims.dispute_s + (checks?.window_s ?? 0);
    if (stake.cooldown_s < found)
      yield error(
        'stake.cooldown_s',
        `a stake may leave after ${long(stake.cooldown_s)}, before what it did is found and final (${long(found)} of check window and dispute)`,
      );
  },

  function* thawOutlivesStatement({ escrow, checks }) {
    if (escrow === null) return;
    const signed = (checks?.window_s ?? 0) + escrow.signing_s;
    if (escrow.thaw_s < signed)
      yield error(
        'escrow.thaw_s',
        `a renter's money may leave after ${long(escrow.thaw_s)}, before the statement for what he used is signed (${long(signed)} of check window and signing)`,
      );
  },

  function* haltsLeaveTimeBetween({ escrow }) {
    if (escrow !== null && escrow.halt_every_s < escrow.thaw_s + 2 * escrow.halt_s)
      yield error('escrow.halt_every_s', 'a withdrawal could meet two halts: shorter than the thaw and two halts');
  },

  function* feesWithinTheirMost({ escrow, fees }) {
    const taken = Math.max(
      fees.provider_ppm + fees.renter_ppm,
      (fees.token?.provider_ppm ?? 0) + (fees.token?.renter_ppm ?? 0),
    );
    if (escrow !== null && taken > escrow.fee_most_ppm)
      yield error('escrow.fee_most_ppm', 'is less than the fees: no statement could be paid');
  },

  function* refundOutlastsSale({ licences }) {
    const last = Math.max(0, ...Object.values(licences?.phases ?? {}).map(({ until_s }) => until_s));
    if (licences !== null && licences.refund.until_s < last)
      yield error('licences.refund.until_s', 'ends before the sale: what is bought last could not be given back');
    if (licences !== null && licences.refund.fee_ppm > REFUND_FEE_MOST_PPM)
      yield error('licences.refund.fee_ppm', 'is more than a tenth, which the sale refuses');
  },

  function* rebatesWithinHalf({ licences }) {
    const { discount_ppm = 0, rebate_ppm = 0, commission_max_ppm = 0 } = licences?.codes ?? {};
    const all = discount_ppm + rebate_ppm + commission_max_ppm;
    if (all > REBATE_MOST_PPM)
      yield error(
        'licences.codes',
        'discount, rebate and commission are more than half of the price, which the sale refuses',
      );
  },

  function* slashComesInTime({ stake, claims }) {
    if (stake !== null && claims !== null && stake.root_most_ppm === 0)
      yield error('stake.root_most_ppm', 'no root may take anything: no slash could be carried out');
  },

  function* oneVestingOfAPool({ rewards }) {
    for (const [name, rule] of Object.entries(rewards)) {
      const other = Object.values(rewards).find((one) => one.pool === rule.pool && one.vesting !== rule.vesting);
      if (other !== undefined)
        yield error(
          `rewards.${name}.vesting`,
          `another rule pays out of ${rule.pool} with the vesting ${other.vesting}: a pool has one`,
        );
    }
  },

  function* licencePriceStaysPositive({ licences }) {
    for (const [n, { price }] of (licences?.tiers ?? []).entries()) {
      const left = priceAfterRebates(price, licences!.codes);
      if (left > 0n) continue;
      const what = left < 0n ? 'below zero' : 'nothing';
      yield error(
        `licences.tiers.${n}.price`,
        `is ${what} after discount, rebate and the highest commission: buying would pay`,
      );
      return;
    }
  },

  function* commissionWithinItsMost({ licences }) {
    if (licences !== null && licences.codes.commission_ppm > licences.codes.commission_max_ppm)
      yield error('licences.codes.commission_ppm', 'is above the most that may be agreed');
  },

  function* commissionAfterRefund({ licences }) {
    if (licences !== null && licences.codes.paid_after_s < licences.refund.until_s)
      yield error(
        'licences.codes.paid_after_s',
        'rebates and commissions are paid while the licence may still be given back',
      );
  },

  function* lockedUntilRefundEnds({ licences }) {
    if (licences !== null && licences.locked_until_s <= licences.refund.until_s)
      yield error('licences.locked_until_s', 'a licence could be sold on and then given back for its price');
  },

  function* phasesFollowEachOther({ licences }) {
    const phases = Object.entries(licences?.phases ?? {});
    for (const [name, { allowlist, from_s }] of phases) {
      const open = phases.find(([, other]) => !other.allowlist && other.from_s <= from_s && other.until_s > from_s);
      if (allowlist && open !== undefined)
        yield warning(`licences.phases.${name}`, `the list means nothing: ${open[0]} is open to all at the same time`);
    }
  },

  function* capsWithinTiers({ licences }) {
    for (const [n, { count, cap_per_address }] of (licences?.tiers ?? []).entries()) {
      if (cap_per_address > count)
        yield warning(`licences.tiers.${n}.cap_per_address`, `binds nobody: the tier has only ${count}`);
    }
  },

  function* pricesRise({ licences }) {
    const tiers = licences?.tiers ?? [];
    const falling = tiers.findIndex((tier, n) => n > 0 && tier.price < tiers[n - 1]!.price);
    if (falling > 0)
      yield warning(`licences.tiers.${falling}.price`, 'is lower than the tier before: who waits pays less');
  },

  function* checkersAreSoldWhereNeeded({ checks, licences }) {
    if (checks?.by === 'licences' && licences === null)
      yield error('checks.by', 'checks are left to holders of licences, and none are sold');
  },

  function* poolsWithinCap({ token, emission }) {
    const all = Object.values(emission?.pools ?? {}).reduce((sum, curve) => sum + curveCap(curve), 0n);
    if (token !== null && all > token.cap)
      yield error('token.cap', 'the pools together may release more than is ever minted');
  },

  function* onePayerOfAPool({ rewards, edge }) {
    const rules = Object.entries(rewards).map(([name, rule]) => ({ ...rule, name: `rewards.${name}` }));
    for (const [n, rule] of rules.entries()) {
      if (rule.kind === 'season') continue; // it has an amount of its own
      const both = rules
        .slice(n + 1)
        .find((other) => other.kind !== 'season' && other.pool === rule.pool && meet(rule, other));
      if (both !== undefined)
        yield error(
          `${both.name}.pool`,
          `${rule.name} pays out of ${rule.pool} at the same time: each would count on all of it`,
        );
      if (edge !== null && edge.pool === rule.pool)
        yield error('edge.pool', `${rule.name} pays out of ${rule.pool} at the same time`);
    }
  },

  function* seasonsWithinPool({ emission, rewards }) {
    for (const [pool, curve] of Object.entries(emission?.pools ?? {})) {
      const seasons = Object.entries(rewards).filter(([, rule]) => rule.kind === 'season' && rule.pool === pool);
      const all = seasons.reduce((sum, [, rule]) => sum + (rule.kind === 'season' ? rule.amount : 0n), 0n);
      if (all > curveCap(curve))
        yield error(`rewards.${seasons.at(-1)![0]}.amount`, `all seasons together are more than ${pool} ever has`);
    }
  },

  function* rootHoldsAnEpoch({ claims, emission, rewards }) {
    for (const [name, rule] of Object.entries(rewards)) {
      const curve = emission?.pools[rule.pool];
      if (claims !== null && curve !== undefined && grantOfFirstEpoch(rule, curve) > claims.grant_most)
        yield error(`rewards.${name}`, 'gives at once more than a root may (claims.grant_most)');
    }
  },

  function* discountWithinFees({ fees }) {
    if (fees.token !== null && fees.token.discount_ppm > fees.token.provider_ppm + fees.token.renter_ppm)
      yield error('fees.token.discount_ppm', 'is more than the fees: renting from oneself would pay');
  },

  function* referralWithinFees({ fees }) {
    const kept = BigInt(fees.provider_ppm + fees.renter_ppm);
    if (fees.referral_ppm === Number(PPM) && kept > 0n)
      yield warning('fees.referral_ppm', 'gives away all fees: who refers himself rents without any');
  },

  function* dollarsNotPunished({ fees }) {
    const { token } = fees;
    if (
      token !== null &&
      fees.provider_ppm + fees.renter_ppm > token.provider_ppm + token.renter_ppm &&
      token.discount_ppm === 0
    )
      yield warning('fees.token', 'paying in dollars costs more than in tokens: a surcharge that is called a discount');
  },

  function* slashWithinStake({ stake }) {
    for (const [name, { stake_ppm }] of Object.entries(stake?.slash ?? {})) {
      if (stake_ppm > stake!.slash_most_ppm)
        yield error(`stake.slash.${name}.stake_ppm`, 'is more than one root may take: it could never be carried out');
    }
  },

  function* lyingCosts({ stake }) {
    const offer = stake?.slash.false_offer?.stake_ppm ?? 0;
    const honest = Math.max(stake?.slash.lost_lease?.stake_ppm ?? 0, stake?.slash.offline_idle?.stake_ppm ?? 0);
    if (stake !== null && offer <= honest)
      yield error('stake.slash.false_offer', 'a false offer must cost more than an honest failure');
  },

  function* earnedStakeFills({ stake }) {
    if (stake?.required.kind === 'earned' && stake.required.keep_ppm === 0)
      yield error('stake.required.keep_ppm', 'nothing is kept, so the stake never fills');
  },

  function* stakeKeepsItsWorth({ stake }) {
    const { required } = stake ?? {};
    if (required?.kind === 'per_device' && required.amount.currency === 'token')
      yield warning(
        'stake.required.amount',
        'is a number of tokens: it is worth less as the token is, and rewards are what it guards',
      );
  },

  function* rewardsNeedStake({ stake, rewards }) {
    const paid = Object.entries(rewards).find(([, rule]) => !['task', 'uptime_bonus', 'season'].includes(rule.kind));
    if (stake === null && paid !== undefined)
      yield error('stake', `rewards.${paid[0]} pays machines that risk nothing: a false one costs its owner nothing`);
  },

  function* rewardsNeedChecks({ checks, rewards }) {
    const paid = Object.entries(rewards).find(([, rule]) => rule.kind !== 'season');
    if (checks === null && paid !== undefined)
      yield error('checks', `rewards.${paid[0]} pays machines that nobody looks at`);
    const shadow = Object.entries(checks?.kinds ?? {})
      .filter(([, kind]) => kind.shadow)
      .map(([name]) => name);
    for (const [name, rule] of Object.entries(rewards)) {
      const wanted = rule.kind === 'weight' ? rule.eligible.checks : rule.kind === 'standby' ? rule.checks : undefined;
      if (wanted !== undefined && wanted.every((check) => shadow.includes(check)))
        yield error(`rewards.${name}`, 'asks for no check that has a consequence');
    }
  },

  function* falseMachineLoses({ stake, checks, rewards }) {
    for (const [name, rule] of Object.entries(rewards)) {
      if (rule.kind !== 'standby' || stake?.required.kind !== 'earned' || checks === null) continue;
      const caught = catchesPerDayPpm(checks.kinds, rule.checks);
      for (const [slug, { pay_micros_per_hour, reference_micros_per_hour }] of Object.entries(rule.classes)) {
        // A false machine earns the pay until it is caught, and then loses what it has at risk: worth it while pay ÷ catches is more.
        const earned = caught === 0n ? undefined : (pay_micros_per_hour * 24n * PPM) / caught;
        const atRisk = (reference_micros_per_hour * BigInt(stake.required.at_risk_s)) / 3600n;
        if (earned === undefined || earned > atRisk)
          yield warning(
            `rewards.${name}.classes.${slug}`,
            `a false machine earns ${earned === undefined ? 'for ever' : `$${decimalDollars(earned)} until it is caught`}, and risks $${decimalDollars(atRisk)}`,
          );
      }
    }
  },

  function* rentingPaysMore({ rewards, fees }) {
    for (const [name, rule] of Object.entries(rewards)) {
      if (rule.kind !== 'standby') continue;
      for (const [slug, { pay_micros_per_hour, reference_micros_per_hour }] of Object.entries(rule.classes)) {
        if (pay_micros_per_hour * PPM >= reference_micros_per_hour * (PPM - BigInt(fees.provider_ppm)))
          yield error(
            `rewards.${name}.classes.${slug}.pay_micros_per_hour`,
            'waiting pays as much as being rented: nobody would be',
          );
      }
      if (rule.asks_at_most_ppm === 0)
        yield error(`rewards.${name}.asks_at_most_ppm`, 'no asking price is low enough to be paid for waiting');
    }
  },

  function* demandIsNotFree({ pledges, rewards }) {
    const counts = Object.entries(rewards).find(([, rule]) => rule.kind === 'standby' && rule.pledged_ppm > 0);
    if (counts !== undefined && pledges !== null && pledges.lapse_ppm === 0)
      yield warning(
        'pledges.lapse_ppm',
        `pledges raise what rewards.${counts[0]} pays, and cost nothing if nobody comes`,
      );
  },

  function* pledgeCanBeAnswered({ pledges, quote_ttl_s }) {
    if (pledges !== null && pledges.answer_s < quote_ttl_s)
      yield error('pledges.answer_s', `is shorter than a quote is good for (${long(quote_ttl_s)})`);
    if (pledges !== null && pledges.longest_s <= pledges.proven_s)
      yield error('pledges.longest_s', 'a pledge ends before any machine can be proven');
  },

  function* committeesAreMany({ checks }) {
    for (const [name, kind] of Object.entries(checks?.kinds ?? {})) {
      const path = `checks.kinds.${name}`;
      if (kind.operators > kind.committee) yield error(`${path}.operators`, 'is more than the committee has members');
      const needed = answersNeeded(kind);
      if (needed > kind.committee) yield error(`${path}.majority_ppm`, 'can never be passed');
      // With so many different operators at least, one of them has at most this many seats.
      const most = kind.committee - kind.operators + 1;
      if (checks!.by === 'licences' && most >= needed)
        yield warning(
          `${path}.operators`,
          `one operator may have ${most} of ${kind.committee} seats, and ${needed} decide`,
        );
    }
  },

  function* claimsGiveSomething({ claims }) {
    if (claims !== null && claims.fee > 0n && claims.least <= claims.fee)
      yield error('claims.least', 'the smallest claim is eaten by its fee');
  },

  function* falsePosterLoses({ claims }) {
    if (claims !== null && claims.poster_bond === 0n)
      yield error('claims.poster_bond', 'a false root would cost nothing');
    if (claims !== null && claims.dispute_bond > claims.poster_bond)
      yield warning('claims.dispute_bond', 'disputing costs more than posting: errors stand for want of money');
  },

  function* changesAreSeenBefore({ governance, escrow, network }) {
    if (governance === null || escrow === null || network === 'local') return;
    if (governance.timelock_s < escrow.thaw_s)
      yield error(
        'governance.timelock_s',
        `a change takes effect before those who dislike it can leave (${long(escrow.thaw_s)} of thaw)`,
      );
  },

  function* edgeTiersRise({ edge }) {
    const tiers = Object.entries(edge?.tiers ?? {}).toSorted(([, a], [, b]) => (a.stake < b.stake ? -1 : 1));
    for (const [n, [name, tier]] of tiers.entries()) {
      const below = tiers[n - 1]?.[1];
      if (
        below !== undefined &&
        (tier.base_per_day < below.base_per_day || tier.bonus_most_per_day < below.bonus_most_per_day)
      )
        yield error(`edge.tiers.${name}`, 'gives less for a higher stake');
    }
  },

  function* placesAgree({ place }) {
    for (const [role, { only, refused }] of Object.entries(place ?? {})) {
      const both = only?.find((region) => refused.includes(region) || refused.includes(region.slice(0, 2)));
      if (both !== undefined) yield error(`place.${role}.only`, `${both} is both allowed and refused`);
    }
  },

  function* noCreditForStrangers({ network, test_credit_micros }) {
    if (network === 'public' && test_credit_micros > 0)
      yield warning('test_credit_micros', 'is money for nothing, on a network that strangers may join');
  },

  function* vestingIsNotLost({ claims, rewards }) {
    const partly = Object.entries(claims?.vesting ?? {}).filter(([, { points }]) => points[0]!.ppm < Number(PPM));
    const users = Object.entries(rewards).filter(([, rule]) => partly.some(([name]) => name === rule.vesting));
    if (claims?.forfeits === 'pool' && users.length > 0)
      yield warning(
        'claims.forfeits',
        `what is given up of ${users.map(([name]) => name).join(', ')} goes back to a pool: who sets the terms gains by the impatience of others`,
      );
  },
];

/** Of LicenseSale, which is immutable. */
const REFUND_FEE_MOST_PPM = 100_000;
const REBATE_MOST_PPM = 500_000;

type Span = { from_s: number; until_s: number | null };

const meet = (a: Span, b: Span): boolean => a.from_s < (b.until_s ?? Infinity) && b.from_s < (a.until_s ?? Infinity);
