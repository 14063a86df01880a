import type { CurvePoint } from './emission.ts';
import { policyHash, type Policy } from './policy.ts';
import { PPM } from './schema/amounts.ts';
import { stakeCurrency } from './stake.ts';

/**
 * What the contracts of a network are deployed with, as their constructors take it: amounts of the smallest unit, times in seconds since
 * 1970. Addresses come from who deploys; what is named here by a word is a role or a contract of his.
 */
export type ContractParameters = {
  policy: {
    hash: `0x${string}`;
    /** Each gets an address: GOVERNOR, GUARDIAN, POSTER, ARBITER, SINK, BUYER, and one for each share of the fees. */
    roles: string[];
    parameters: BoundedParameter[];
    timing: { delay: bigint; grace: bigint; pauseMax: bigint; pauseCooldown: bigint };
  };
  token: { name: string; symbol: string; decimals: number; cap: bigint };
  emission: { start: bigint; curves: CurveParameters[]; pools: PoolParameters[] };
  /** One Rewards for each vesting curve that is in use, with the numbers of its pools. */
  rewards: { name: string; vesting: { afterSeconds: bigint; ppm: number }[]; pools: number[] }[];
  /** In millionths, by the share's name; BURN is burnt. */
  feeShares: { name: string; weight: bigint }[];
  escrow: { feeMaxPpm: bigint; thawSeconds: bigint; haltMax: bigint; haltEvery: bigint };
  stake: {
    currency: 'token' | 'dollars';
    machineCapPpm: bigint;
    rootCapPpm: bigint;
    timing: { cooldownSeconds: bigint; appealSeconds: bigint; arbiterSeconds: bigint; epochsOpen: bigint };
  } | null;
  sale: SaleParameters | null;
  delegation: { commissionPpmMax: number; commissionStepPpm: number; notice: bigint; termMax: bigint } | null;
};

export type BoundedParameter = { name: string; value: bigint; min: bigint; max: bigint };
export type CurveParameters = {
  name: string;
  /** Exactly one of the two, the other zero or empty. */
  decay: { genesis: bigint; first: bigint; cap: bigint; decayRay: bigint; epochSeconds: number };
  points: { atSeconds: bigint; total: bigint }[];
};
/** `recipient`: a Rewards contract by the name of its vesting, or a role that is named after the pool. */
export type PoolParameters = {
  name: string;
  curve: number;
  weight: bigint;
  recipient: { rewards: string } | { role: string };
};
export type SaleParameters = {
  name: string;
  symbol: string;
  currency: 'ether' | 'dollars' | 'token';
  refundEnd: bigint;
  lockEnd: bigint;
  refundFeePpm: number;
  discountPpm: number;
  commissionPpm: number;
  tiers: { count: bigint; price: bigint; capPerAddress: number }[];
  phases: { name: string; opensAt: bigint; closesAt: bigint; allowlist: boolean }[];
};

/** Throws RangeError for a policy without the parts that contracts need. `start`: of the emission; `saleOpens`: of the licence sale. */
export function contractParameters(policy: Policy, at: { start: bigint; saleOpens: bigint }): ContractParameters {
  const { token, emission, claims, escrow, governance, stake, licences } = policy;
  if (token === null || emission === null || claims === null || escrow === null || governance === null)
    throw new RangeError('contracts need token, emission, claims, escrow and governance');
  const names = Object.keys(emission.pools).toSorted();
  const recipients = names.map((name) => recipientOf(policy, name));
  const feeShares = Object.entries(policy.fees.split).map(([name, ppm]) => ({
    name: name.toUpperCase(),
    weight: BigInt(ppm),
  }));
  return {
    policy: {
      hash: `0x${policyHash(policy)}`,
      roles: rolesOf(feeShares, recipients),
      parameters: boundedParameters(claims, stake),
      timing: {
        delay: BigInt(governance.timelock_s),
        grace: BigInt(governance.timelock_s) * 2n,
        pauseMax: BigInt(governance.pause_s),
        pauseCooldown: BigInt(governance.pause_s) * 4n,
      },
    },
    token,
    emission: {
      start: at.start,
      curves: names.map((name) => curveOf(name, emission.pools[name]!)),
      pools: names.map((name, n) => ({ name, curve: n, weight: PPM, recipient: recipients[n]! })),
    },
    rewards: rewardsOf(names, recipients, claims),
    feeShares,
    escrow: {
      feeMaxPpm: BigInt(escrow.fee_most_ppm),
      thawSeconds: BigInt(escrow.thaw_s),
      haltMax: BigInt(escrow.halt_s),
      haltEvery: BigInt(escrow.halt_every_s),
    },
    stake:
      stake === null
        ? null
        : {
            currency: stakeCurrency(stake.required),
            machineCapPpm: BigInt(stake.slash_most_ppm),
            rootCapPpm: BigInt(stake.root_most_ppm),
            timing: {
              cooldownSeconds: BigInt(stake.cooldown_s),
              appealSeconds: BigInt(stake.appeal_s),
              arbiterSeconds: BigInt(stake.arbiter_s),
              epochsOpen: BigInt(stake.epochs_open),
            },
          },
    sale: licences === null ? null : saleOf(policy.name, licences, at.saleOpens),
    delegation:
      licences === null
        ? null
        : {
            commissionPpmMax: licences.delegation.commission_max_ppm,
            commissionStepPpm: licences.delegation.commission_step_ppm,
            notice: BigInt(licences.delegation.notice_s),
            termMax: BigInt(licences.delegation.longest_s),
          },
  };
}

type Recipient = PoolParameters['recipient'];

/** A pool that a rule or the edge pays out of belongs to the Rewards of that vesting; every other to a role of its own name. */
function recipientOf({ rewards, edge }: Policy, pool: string): Recipient {
  const rule = Object.values(rewards).find((one) => one.pool === pool);
  if (rule !== undefined) return { rewards: rule.vesting };
  return edge !== null && edge.pool === pool ? { rewards: edge.vesting } : { role: pool.toUpperCase() };
}

function rewardsOf(
  names: string[],
  recipients: Recipient[],
  claims: NonNullable<Policy['claims']>,
): ContractParameters['rewards'] {
  const used = [...new Set(recipients.flatMap((one) => ('rewards' in one ? [one.rewards] : [])))].toSorted();
  return used.map((name) => ({
    name,
    vesting: claims.vesting[name]!.points.map(({ after_s, ppm }) => ({ afterSeconds: BigInt(after_s), ppm })),
    pools: [...names.keys()].filter((n) => {
      const recipient = recipients[n]!;
      return 'rewards' in recipient && recipient.rewards === name;
    }),
  }));
}

function rolesOf(feeShares: { name: string }[], recipients: Recipient[]): string[] {
  const fixed = ['GOVERNOR', 'GUARDIAN', 'POSTER', 'ARBITER', 'SINK', 'BUYER'];
  const shares = feeShares.map(({ name }) => name).filter((name) => name !== 'BURN');
  const owners = recipients.flatMap((one) => ('role' in one ? [one.role] : []));
  return [...new Set([...fixed, ...shares, ...owners])];
}

/** The governor may change these, to between a quarter and four times of what the policy says. */
function boundedParameters(claims: NonNullable<Policy['claims']>, stake: Policy['stake']): BoundedParameter[] {
  const values: [name: string, value: bigint][] = [
    ['POSTER_BOND', claims.poster_bond],
    ['DISPUTE_BOND', claims.dispute_bond],
    ['DISPUTE_SECONDS', BigInt(claims.dispute_s)],
    ['ARBITER_SECONDS', BigInt(claims.arbiter_s)],
    ['SILENCE_SECONDS', BigInt(claims.poster_silent_s)],
    ['GRANT_MAX', claims.grant_most],
    ['APPEAL_BOND', stake?.appeal_bond ?? 0n],
  ];
  return values.map(([name, value]) => ({ name, value, min: value / 4n, max: value * 4n }));
}

const NO_DECAY = { genesis: 0n, first: 0n, cap: 0n, decayRay: 0n, epochSeconds: 0 };

function curveOf(name: string, curve: NonNullable<Policy['emission']>['pools'][string]): CurveParameters {
  if (curve.kind === 'points') return { name, decay: NO_DECAY, points: curve.points.map(pointOf) };
  const { genesis, first, cap, decay_ray, epoch_s } = curve;
  return { name, decay: { genesis, first, cap, decayRay: decay_ray, epochSeconds: epoch_s }, points: [] };
}

const pointOf = ({ at_s, total }: CurvePoint) => ({ atSeconds: BigInt(at_s), total });

/** A rebate is taken off the price at once: the buyer pays the same in the end, and need not wait for it. */
function saleOf(network: string, licences: NonNullable<Policy['licences']>, opens: bigint): SaleParameters {
  const { codes, refund } = licences;
  const discounted = BigInt(codes.discount_ppm) + ((PPM - BigInt(codes.discount_ppm)) * BigInt(codes.rebate_ppm)) / PPM;
  return {
    name: `Checker licence of ${network}`,
    symbol: licences.symbol,
    currency: licences.currency,
    refundEnd: opens + BigInt(refund.until_s),
    lockEnd: opens + BigInt(licences.locked_until_s),
    refundFeePpm: refund.fee_ppm,
    discountPpm: Number(discounted),
    commissionPpm: codes.commission_ppm,
    tiers: licences.tiers.map(tierParameters),
    phases: Object.entries(licences.phases)
      .toSorted(([, a], [, b]) => a.from_s - b.from_s)
      .map(([name, { from_s, until_s, allowlist }]) => ({
        name,
        opensAt: opens + BigInt(from_s),
        closesAt: opens + BigInt(until_s),
        allowlist,
      })),
  };
}

const tierParameters = ({ count, price, cap_per_address }: NonNullable<Policy['licences']>['tiers'][number]) => ({
  count: BigInt(count),
  price,
  capPerAddress: cap_per_address,
});
