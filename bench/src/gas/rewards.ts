import type { Evm } from '@gpucoop/contracts/testing/evm.ts';
import { concat, encodeAbiParameters, keccak256, toHex, type Address, type Hex } from 'viem';
import { gasOf, type GasBench } from './measure.ts';
import { makeFinal, startRewards } from './start-rewards.ts';

const ETHER = 10n ** 18n;
/** A tree of a million accounts has twenty levels. */
const LEVELS = 20;

/** Two epochs: posted, final after the window, and claimed by one account among a million, into positions that vest. */
export const rewardsGas: GasBench = async (evm) => {
  const rewards = await startRewards(evm);
  const account = evm.accounts[6]!.address;
  const epochs = [];
  for (const cumulative of [ETHER, 3n * ETHER]) {
    const leaf = leafOf(evm, rewards.address, account, cumulative);
    const proof = Array.from({ length: LEVELS }, (_, level) => keccak256(toHex(level)));
    const rewardRoot = proof.reduce((node, sibling) => keccak256(concat([node, sibling].toSorted())), leaf);
    const { post, settle } = await makeFinal(evm, rewards, { rewardRoot });
    const { address, abi } = rewards;
    const claim = await gasOf(evm, { address, abi, functionName: 'claim', args: [account, cumulative, proof] });
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
