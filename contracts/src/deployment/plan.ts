import { contractParameters, type ContractParameters } from '@gpucoop/policy/contract-parameters.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { encodeAbiParameters, keccak256, stringToHex, type Address, type Hex } from 'viem';

/** One contract of a network: under which name it is launched, where it comes from, and its constructor's arguments. */
export type Step = { name: string; contract: string; args: unknown[] };

/** Who and what stands outside the policy. */
export type Surroundings = {
  /** Accounts by name: the roles of the policy's contracts, fee shares and pools that no reward rule pays from, and `treasury`. */
  holderOf: (name: string) => Address;
  /** The token that renters and buyers of licences pay in; undefined: a test dollar is deployed. */
  paymentToken: Address | undefined;
  /** The token of the licences' prices, where the policy has them in ether; undefined: the payment token. */
  licenceToken: Address | undefined;
  /** Where the contract of a name is or will be. */
  addressOf: (name: string) => Address;
  /** Unix seconds from which the curves count. */
  start: bigint;
  saleOpensAt: bigint;
};

/** All contracts of a policy, each after those that its constructor calls. */
export function planOf(policy: Policy, around: Surroundings): Step[] {
  const { addressOf } = around;
  const of = parametersOf(policy, around);
  const shares = of.feeShares.map(({ name }) => bytes32(name));
  const { feeMaxPpm, thawSeconds, haltMax, haltEvery } = of.escrow;
  return [
    { name: 'Policy', contract: 'Policy', args: policyArguments(of, around) },
    ...(around.paymentToken === undefined ? [{ name: 'TestDollar', contract: 'TestDollar', args: [] }] : []),
    { name: 'Emission', contract: 'Emission', args: emissionArguments(of, around) },
    ...of.rewards.map(({ name, pools, vesting }) => ({
      name: `Rewards ${name}`,
      contract: 'Rewards',
      args: [addressOf('Emission'), addressOf('Policy'), addressOf('Token'), pools.map(BigInt), vesting],
    })),
    { name: 'FeeSink', contract: 'FeeSink', args: [addressOf('Policy'), addressOf('Token'), shares] },
    {
      name: 'Escrow',
      contract: 'Escrow',
      args: [addressOf('Policy'), feeMaxPpm, thawSeconds, haltMax, haltEvery],
    },
    ...stakeSteps(policy, of, around),
    ...licenceSteps(of, around),
  ];
}

function parametersOf(policy: Policy, { start, saleOpensAt }: Surroundings): ContractParameters {
  try {
    return contractParameters(policy, { start, saleOpens: saleOpensAt });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CoopError('invalid_policy', `the policy ${policy.name} cannot be deployed: ${cause.message}`, { cause });
  }
}

function policyArguments({ policy, feeShares, emission }: ContractParameters, around: Surroundings): unknown[] {
  const roles = policy.roles.map((role) => ({
    name: bytes32(role),
    holder: role === 'SINK' ? around.addressOf('FeeSink') : around.holderOf(role.toLowerCase()),
  }));
  const numbers = [
    ...policy.parameters.map(({ name, ...number }) => ({ name: bytes32(name), ...number })),
    ...feeShares.map(({ name, weight }) => ({
      name: hashed('SHARE_WEIGHT', 'bytes32', bytes32(name)),
      value: weight,
      min: 0n,
      max: 1_000_000n,
    })),
    // Each pool has a curve of its own, which there is nothing to divide.
    ...emission.pools.map(({ weight }, pool) => ({
      name: hashed('POOL_WEIGHT', 'uint256', BigInt(pool)),
      value: weight,
      min: weight,
      max: weight,
    })),
  ];
  return [policy.hash, roles, numbers, policy.timing];
}

function emissionArguments({ token, emission }: ContractParameters, { addressOf, holderOf }: Surroundings): unknown[] {
  const pools = emission.pools.map(({ curve, recipient }) => ({
    curve: BigInt(curve),
    recipient:
      'rewards' in recipient ? addressOf(`Rewards ${recipient.rewards}`) : holderOf(recipient.role.toLowerCase()),
  }));
  return [token, addressOf('Policy'), emission.start, emission.curves, pools];
}

/**
 * Slashes stand beside the rewards of machines, not of checkers: there a poster has looked at what machines did. A stake that is earned from
 * income, or counted in dollars, is in what renters pay.
 */
function stakeSteps(policy: Policy, { stake, rewards }: ContractParameters, around: Surroundings): Step[] {
  if (stake === null || rewards.length === 0) return [];
  const ofCheckers = new Set(['task', 'uptime_bonus']);
  const ofMachines = Object.values(policy.rewards).filter(({ kind }) => !ofCheckers.has(kind));
  const judge = rewards.find(({ name }) => ofMachines.some(({ vesting }) => vesting === name)) ?? rewards[0]!;
  const { machineCapPpm, rootCapPpm, timing } = stake;
  const { addressOf } = around;
  const token = stake.currency === 'token' ? addressOf('Token') : paymentTokenOf(around);
  const addresses = [token, addressOf('Policy'), addressOf(`Rewards ${judge.name}`)];
  return [{ name: 'Stake', contract: 'Stake', args: [...addresses, machineCapPpm, rootCapPpm, timing] }];
}

function licenceSteps({ sale, delegation }: ContractParameters, around: Surroundings): Step[] {
  if (sale === null || delegation === null) return [];
  const { currency, ...setup } = sale;
  const paid = around.licenceToken ?? paymentTokenOf(around);
  const outside = {
    token: currency === 'token' ? around.addressOf('Token') : paid,
    treasury: around.holderOf('treasury'),
    policy: around.addressOf('Policy'),
    partners: [],
  };
  const { commissionPpmMax, commissionStepPpm, notice, termMax } = delegation;
  const args = [around.addressOf('License'), commissionPpmMax, commissionStepPpm, notice, termMax];
  return [
    { name: 'LicenseSale', contract: 'LicenseSale', args: [{ ...setup, ...outside }] },
    { name: 'Delegation', contract: 'Delegation', args },
  ];
}

const paymentTokenOf = ({ paymentToken, addressOf }: Surroundings): Address => paymentToken ?? addressOf('TestDollar');

/** Names as in Names.sol: the text itself, up to 31 bytes. */
const bytes32 = (name: string): Hex => stringToHex(name, { size: 32 });
const hashed = (kind: string, type: string, of: unknown): Hex =>
  keccak256(encodeAbiParameters([{ type: 'string' }, { type }], [kind, of]));
