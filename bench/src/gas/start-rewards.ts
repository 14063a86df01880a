import { artifact } from '@gpucoop/contracts/artifacts.ts';
import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import {
  encodeAbiParameters,
  erc20Abi,
  getContractAddress,
  keccak256,
  maxUint256,
  stringToHex,
  zeroHash,
  type Address,
  type Hex,
} from 'viem';
import { gasOf, type Call, type Measured } from './measure.ts';

const DAY_S = 86_400n;
const ETHER = 10n ** 18n;
const policyHash = keccak256('0x01');
const word = (text: string): Hex => stringToHex(text, { size: 32 });

export type StartedRewards = Pick<Call, 'address' | 'abi'> & { policy: Address; bond: Address };

/** Posts an epoch's roots and makes them final after the window. What is not given is as it would be in an epoch of two tokens. */
export async function makeFinal(
  evm: Evm,
  { address, abi }: StartedRewards,
  of: { rewardRoot?: Hex; slashRoot?: Hex },
): Promise<{ post: Measured; settle: Measured }> {
  const roots = {
    rewardRoot: of.rewardRoot ?? zeroHash,
    slashRoot: of.slashRoot ?? word('slashes'),
    evidenceRoot: word('evidence'),
    policyHash,
    grants: [2n * ETHER],
  };
  const post = await gasOf(evm, { address, abi, functionName: 'post', args: [roots] });
  await evm.client.increaseTime({ seconds: Number(3n * DAY_S) });
  return { post, settle: await gasOf(evm, { address, abi, functionName: 'settle', args: [roots] }) };
}

/** Rewards with a pool of its own, posted to by the deploying account, whose bonds are approved. */
export async function startRewards(evm: Evm): Promise<StartedRewards> {
  const deployer = evm.client.account.address;
  const holder = evm.accounts[1]!.address;
  const roles = [
    { name: word('POSTER'), holder: deployer },
    { name: word('ARBITER'), holder },
    { name: word('SINK'), holder },
  ];
  const fixed = (name: Hex, value: bigint) => ({ name, value, min: value, max: value });
  const weight = keccak256(encodeAbiParameters([{ type: 'string' }, { type: 'uint256' }], ['POOL_WEIGHT', 0n]));
  const parameters = [
    fixed(word('POSTER_BOND'), ETHER),
    fixed(word('DISPUTE_BOND'), ETHER),
    fixed(word('DISPUTE_SECONDS'), 2n * DAY_S),
    fixed(word('ARBITER_SECONDS'), 7n * DAY_S),
    fixed(word('SILENCE_SECONDS'), 14n * DAY_S),
    fixed(word('GRANT_MAX'), 1_000_000n * ETHER),
    fixed(word('APPEAL_BOND'), ETHER),
    fixed(weight, 1n),
  ];
  const timing = { delay: 2n * DAY_S, grace: 7n * DAY_S, pauseMax: 3n * DAY_S, pauseCooldown: 30n * DAY_S };
  const policy = await evm.deploy('Policy', [policyHash, roles, parameters, timing]);
  const free = 'test/hostile/FreeToken.sol';
  const bond = await evm.deploy('FreeToken', [18], free);
  const nonce = BigInt(await evm.client.getTransactionCount({ address: deployer }));
  // Emission is made next, and Rewards, to which its pool pays, after it.
  const address = getContractAddress({ from: deployer, nonce: nonce + 1n });
  const { timestamp } = await evm.client.getBlock();
  const curve = {
    decay: { genesis: 0n, first: 0n, cap: 0n, decayRay: 0n, epochSeconds: 0 },
    points: [
      { atSeconds: 0n, total: 0n },
      { atSeconds: 365n * DAY_S, total: 1_000_000n * ETHER },
    ],
  };
  const token = { name: 'Coop', symbol: 'COOP', decimals: 18, cap: 1_000_000n * ETHER };
  const emission = await evm.deploy('Emission', [
    token,
    policy,
    timestamp,
    [curve],
    [{ curve: 0n, recipient: address }],
  ]);
  const vesting = [
    { afterSeconds: 30n * DAY_S, ppm: 250_000 },
    { afterSeconds: 180n * DAY_S, ppm: 1_000_000 },
  ];
  await evm.deploy('Rewards', [emission, policy, bond, [0n], vesting]);
  const { abi } = await artifact('FreeToken', free);
  await gasOf(evm, { address: bond, abi, functionName: 'mint', args: [deployer, 1_000n * ETHER] });
  await gasOf(evm, { address: bond, abi: erc20Abi, functionName: 'approve', args: [address, maxUint256] });
  await evm.client.increaseTime({ seconds: Number(DAY_S) });
  return { address, abi: (await artifact('Rewards')).abi, policy, bond };
}
