import { artifact } from '@gpucoop/contracts/artifacts.ts';
import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import {
  concat,
  encodeAbiParameters,
  erc20Abi,
  getContractAddress,
  keccak256,
  maxUint256,
  stringToHex,
  toHex,
  type Address,
  type Hex,
} from 'viem';
import { gasOf, type Call, type GasBench } from './measure.ts';

const DAY_S = 86_400n;
const ETHER = 10n ** 18n;
/** A tree of a million accounts has twenty levels. */
const LEVELS = 20;
const policyHash = keccak256('0x01');
const word = (text: string): Hex => stringToHex(text, { size: 32 });

/** Two epochs: posted, final after the window, and claimed by one account among a million, into positions that vest. */
export const rewardsGas: GasBench = async (evm) => {
  const rewards = await startRewards(evm);
  const account = evm.accounts[6]!.address;
  const epochs = [];
  for (const cumulative of [ETHER, 3n * ETHER]) {
    const leaf = leafOf(evm, rewards.address, account, cumulative);
    const proof = Array.from({ length: LEVELS }, (_, level) => keccak256(toHex(level)));
    const roots = {
      rewardRoot: proof.reduce((node, sibling) => keccak256(concat([node, sibling].toSorted())), leaf),
      slashRoot: word('slashes'),
      evidenceRoot: word('evidence'),
      policyHash,
      grants: [2n * ETHER],
    };
    const post = await gasOf(evm, { ...rewards, functionName: 'post', args: [roots] });
    await evm.client.increaseTime({ seconds: Number(3n * DAY_S) });
    const settle = await gasOf(evm, { ...rewards, functionName: 'settle', args: [roots] });
    const claim = await gasOf(evm, { ...rewards, functionName: 'claim', args: [account, cumulative, proof] });
    epochs.push({ post, settle, claim });
  }
  const [first, steady] = epochs as [(typeof epochs)[0], (typeof epochs)[0]];
  const row = (what: string, of: 'post' | 'settle' | 'claim') => ({
    what,
    of: 1,
    first: first[of],
    steady: steady[of],
  });
  return [
    row('claim, one of a million accounts', 'claim'),
    row('epoch: post its roots', 'post'),
    row('epoch: make it final', 'settle'),
  ];
};

function leafOf({ client }: Evm, rewards: Address, account: Address, cumulative: bigint): Hex {
  const types = [{ type: 'uint256' }, { type: 'address' }, { type: 'address' }, { type: 'uint256' }] as const;
  return keccak256(keccak256(encodeAbiParameters(types, [BigInt(client.chain.id), rewards, account, cumulative])));
}

async function startRewards(evm: Evm): Promise<Pick<Call, 'address' | 'abi'>> {
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
  return { address, abi: (await artifact('Rewards')).abi };
}
