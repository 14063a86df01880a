import { AMOUNT_MAX, type Curve } from '@gpucoop/policy/emission.ts';
import { policyHash, type Policy } from '@gpucoop/policy/policy.ts';
import type { VestingCurve } from '@gpucoop/policy/vesting.ts';
import { encodeAbiParameters, keccak256, stringToHex, type Address, type Hex } from 'viem';
import type { Contract, Stage } from './stage.ts';
import type { Unit } from './teller.ts';

/** A part of one curve of the emission, and who may release it. */
export type Pool = { name: string; curve: string; recipient: 'rewards' | 'foundation'; weight: number };

/** The contracts of a network that follows a policy. */
export type Network = {
  policy: Policy;
  hash: Hex;
  contracts: Record<'policy' | 'emission' | 'token' | 'rewards' | 'sink' | 'escrow' | 'stake' | 'dollars', Contract>;
  /** Numbers of the pools in Emission, and of Rewards' among them. */
  pools: readonly Pool[];
  token: Unit;
  dollars: Unit;
  /** Emission's curves count from here. */
  start: bigint;
};

const FEE_MAX_PPM = 300_000n;
const ROOT_CAP_PPM = 200_000n;
const EPOCHS_OPEN = 30n;
const GRACE_S = 604_800n;
const ROLES = ['governor', 'guardian', 'poster', 'arbiter', 'buyer'];

/**
 * Deploys what a policy asks for: its hash, roles and numbers, its curves, one Rewards with the vesting named, and the contracts of money.
 * Stake is put down in the network's token or in dollars.
 */
export async function openNetwork(
  stage: Stage,
  of: { policy: Policy; start: bigint; pools: readonly Pool[]; vesting: string; stakeIn: 'token' | 'dollars' },
): Promise<Network> {
  const { policy, start, pools, stakeIn } = of;
  const [claims, stakeRules, escrowRules, token] = [policy.claims!, policy.stake!, policy.escrow!, policy.token!];
  const [rewardsAt, sinkAt] = [await stage.addressAfter(3), await stage.addressAfter(4)];
  const hash: Hex = `0x${policyHash(policy)}`;

  const dollars = await stage.deploy('FreeToken', [6], 'test/hostile/FreeToken.sol');
  const policyContract = await stage.deploy('Policy', [
    hash,
    roles(stage, policy, sinkAt),
    parameters(policy, pools),
    timing(policy),
  ]);
  const emission = await stage.deploy('Emission', [
    token,
    policyContract.address,
    start,
    Object.values(policy.emission!.pools).map(curveParameters),
    pools.map(({ curve, recipient }) => ({
      curve: BigInt(Object.keys(policy.emission!.pools).indexOf(curve)),
      recipient: recipient === 'rewards' ? rewardsAt : stage.person('foundation').address,
    })),
  ]);
  const tokenContract = await stage.at('Token', await stage.read<Address>(emission, 'TOKEN'));
  const rewards = await stage.deploy('Rewards', [
    emission.address,
    policyContract.address,
    tokenContract.address,
    pools.flatMap(({ recipient }, n) => (recipient === 'rewards' ? [BigInt(n)] : [])),
    vestingParameters(claims.vesting[of.vesting]!),
  ]);
  const shares = Object.keys(policy.fees.split).map(nameHex);
  const sink = await stage.deploy('FeeSink', [policyContract.address, tokenContract.address, shares]);
  const escrow = await stage.deploy('Escrow', [
    policyContract.address,
    FEE_MAX_PPM,
    BigInt(escrowRules.thaw_s),
    BigInt(escrowRules.halt_s),
    BigInt(escrowRules.halt_every_s),
  ]);
  const stake = await stage.deploy('Stake', [
    stakeIn === 'token' ? tokenContract.address : dollars.address,
    policyContract.address,
    rewards.address,
    BigInt(stakeRules.slash_most_ppm),
    ROOT_CAP_PPM,
    {
      cooldownSeconds: BigInt(stakeRules.cooldown_s),
      appealSeconds: BigInt(stakeRules.appeal_s),
      arbiterSeconds: BigInt(stakeRules.arbiter_s),
      epochsOpen: EPOCHS_OPEN,
    },
  ]);
  return {
    policy,
    hash,
    contracts: {
      policy: policyContract,
      emission,
      token: tokenContract,
      rewards,
      sink,
      escrow,
      stake,
      dollars,
    },
    pools,
    token: { name: token.symbol, decimals: token.decimals },
    dollars: { name: 'USD', decimals: 6 },
    start,
  };
}

/** A name as Policy and FeeSink keep it: capitals, as bytes32. */
export const nameHex = (name: string): Hex => stringToHex(name.toUpperCase(), { size: 32 });

function roles(stage: Stage, policy: Policy, sink: Address): { name: Hex; holder: Address }[] {
  const holders = [...ROLES, ...Object.keys(policy.fees.split).filter((share) => share !== 'burn')];
  return [
    { name: nameHex('sink'), holder: sink },
    ...holders.map((name) => ({ name: nameHex(name), holder: stage.person(name).address })),
  ];
}

function parameters(policy: Policy, pools: readonly Pool[]) {
  const { poster_bond, dispute_bond, dispute_s, poster_silent_s } = policy.claims!;
  const { appeal_bond, arbiter_s } = policy.stake!;
  const fixed = (name: Hex, value: bigint) => ({ name, value, min: value, max: value });
  return [
    fixed(nameHex('poster_bond'), poster_bond),
    fixed(nameHex('dispute_bond'), dispute_bond),
    fixed(nameHex('dispute_seconds'), BigInt(dispute_s)),
    fixed(nameHex('arbiter_seconds'), BigInt(arbiter_s)),
    fixed(nameHex('silence_seconds'), BigInt(poster_silent_s)),
    fixed(nameHex('grant_max'), AMOUNT_MAX),
    fixed(nameHex('appeal_bond'), appeal_bond),
    ...pools.map(({ weight }, n) => fixed(hashedName('POOL_WEIGHT', 'uint256', BigInt(n)), BigInt(weight))),
    ...Object.entries(policy.fees.split).map(([share, weight]) =>
      fixed(hashedName('SHARE_WEIGHT', 'bytes32', nameHex(share)), BigInt(weight)),
    ),
  ];
}

function timing(policy: Policy) {
  const { timelock_s, pause_s } = policy.governance!;
  return {
    delay: BigInt(timelock_s),
    grace: GRACE_S,
    pauseMax: BigInt(pause_s),
    pauseCooldown: BigInt(pause_s),
  };
}

function curveParameters(curve: Curve) {
  if (curve.kind === 'points') {
    const points = curve.points.map(({ at_s, total }) => ({ atSeconds: BigInt(at_s), total }));
    return { decay: { genesis: 0n, first: 0n, cap: 0n, decayRay: 0n, epochSeconds: 0 }, points };
  }
  const { genesis, first, cap, decay_ray, epoch_s } = curve;
  return { decay: { genesis, first, cap, decayRay: decay_ray, epochSeconds: epoch_s }, points: [] };
}

const vestingParameters = ({ points }: VestingCurve) =>
  points.map(({ after_s, ppm }) => ({ afterSeconds: BigInt(after_s), ppm }));

const hashedName = (kind: string, type: 'uint256' | 'bytes32', of: bigint | Hex): Hex =>
  keccak256(encodeAbiParameters([{ type: 'string' }, { type }], [kind, of] as never));
