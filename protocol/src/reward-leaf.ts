import { hexToBytes } from '@noble/hashes/utils.js';
import { leafHash } from './merkle.ts';

/** What an account has been granted so far, on one chain by one Rewards contract. */
export type RewardLeaf = {
  chain_id: bigint;
  /** Of Rewards: 0x and 40 hex digits. */
  rewards: string;
  account: string;
  /** Of all epochs together, in the smallest unit. */
  cumulative: bigint;
};

/** The leaf that Rewards verifies: keccak256(keccak256(abi.encode(chain id, contract, account, cumulative))). */
export function rewardLeafHash({ chain_id, rewards, account, cumulative }: RewardLeaf): Uint8Array {
  const words = new Uint8Array(4 * 32);
  words.set(word(chain_id), 0);
  words.set(addressBytes(rewards), 32 + 12);
  words.set(addressBytes(account), 64 + 12);
  words.set(word(cumulative), 96);
  return leafHash(words);
}

function word(value: bigint): Uint8Array {
  if (value < 0n || value >= 2n ** 256n) throw new RangeError(`${value} is not a uint256`);
  return hexToBytes(value.toString(16).padStart(64, '0'));
}

function addressBytes(address: string): Uint8Array {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) throw new RangeError(`${address} is not an address`);
  return hexToBytes(address.slice(2));
}
