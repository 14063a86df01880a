import { contractParameters } from '@gpucoop/policy/contract-parameters.ts';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { stringToHex, type Hex } from 'viem';
import { deploy } from '../deployment/deploy.ts';
import type { Contract, Stage } from './stage.ts';
import type { Unit } from './teller.ts';

/** The contracts of a network that follows a policy, as `npm run deploy` makes them stand. */
export type Network = {
  policy: Policy;
  hash: Hex;
  contracts: Record<'emission' | 'token' | 'rewards' | 'sink' | 'escrow' | 'stake' | 'dollars', Contract>;
  /** Another by its name in the deployment. */
  contract(name: string): Promise<Contract>;
  /** A pool's number in Emission. */
  poolNumber(name: string): bigint;
  /** Of the Rewards that is played, in the order of a root's grants. */
  rewardsPools: readonly string[];
  token: Unit;
  dollars: Unit;
};

export type Opening = {
  policy: Policy;
  /** Emission's curves count from here. */
  start: bigint;
  saleOpensAt?: bigint;
  /** Which Rewards is played, by its vesting. */
  rewards: string;
  /** Who holds what is not held by somebody of its own name, as the file of `--holders` says. */
  holders: Readonly<Record<string, string>>;
};

/** Deploys everything that the policy has, by the plan and from the launcher of every network. */
export async function openNetwork(stage: Stage, of: Opening): Promise<Network> {
  const { policy, start, saleOpensAt = start } = of;
  const launchedAt = (await stage.now()) + 1n; // a second a block
  const deployment = await deploy(stage.deployer, {
    policy,
    label: 'a year',
    holderOf: (name) => stage.person(of.holders[name] ?? name).address,
    paymentToken: undefined,
    licenceToken: undefined,
    startsAfter_s: Number(start - launchedAt),
    saleOpensAfter_s: Number(saleOpensAt - launchedAt),
    say: () => undefined,
  });
  if (BigInt(deployment.start) !== start) throw new Error(`the emission starts at ${deployment.start}, not ${start}`);
  const contract = (name: string): Promise<Contract> =>
    stage.at(name.split(' ')[0]!, deployment.contracts[name]!.address);
  const { emission, rewards } = contractParameters(policy, { start, saleOpens: saleOpensAt });
  const played = rewards.find(({ name }) => name === of.rewards)!;
  return {
    policy,
    hash: `0x${deployment.policy_hash}`,
    contracts: {
      emission: await contract('Emission'),
      token: await contract('Token'),
      rewards: await contract(`Rewards ${of.rewards}`),
      sink: await contract('FeeSink'),
      escrow: await contract('Escrow'),
      stake: await contract('Stake'),
      dollars: await contract('TestDollar'),
    },
    contract,
    poolNumber: (name) => BigInt(emission.pools.findIndex((pool) => pool.name === name)),
    rewardsPools: played.pools.map((number) => emission.pools[number]!.name),
    token: { name: policy.token!.symbol, decimals: policy.token!.decimals },
    dollars: { name: 'USD', decimals: 6 },
  };
}

/** A name as Policy and FeeSink keep it: capitals, as bytes32. */
export const nameHex = (name: string): Hex => stringToHex(name.toUpperCase(), { size: 32 });
