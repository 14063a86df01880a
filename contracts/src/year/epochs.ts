import { leafHash, merkleProof, merkleRoot, merkleTree, type MerkleTree } from '@gpucoop/protocol/merkle.ts';
import {
  bytesToHex,
  encodeAbiParameters,
  hexToBytes,
  keccak256,
  stringToHex,
  zeroHash,
  type Address,
  type Hex,
} from 'viem';
import type { Network } from './network.ts';
import type { Stage } from './stage.ts';

/** What an epoch's root says: all that each has earned so far, by name. */
export type Earned = ReadonlyMap<string, bigint>;

/** What an epoch's root takes out of pools, by name. */
export type Grants = Readonly<Record<string, bigint>>;

/** A root that has become final, for claims on it. */
export type FinalRoot = { earned: Earned; tree: MerkleTree };

const MOST = 2n ** 256n - 1n;

/** The poster's bond comes out of what the foundation has released. */
export async function fundPoster(stage: Stage, network: Network): Promise<bigint> {
  const { token, rewards } = network.contracts;
  const bond = network.policy.claims!.poster_bond;
  await stage.send('foundation', token, 'transfer', [stage.person('poster').address, bond]);
  await stage.send('poster', token, 'approve', [rewards.address, MOST]);
  return bond;
}

/** Posts an epoch with its bond, waits for the end of the window in which nobody disputes it, and makes it final. */
export async function finalise(
  stage: Stage,
  network: Network,
  { earned, grants, slashRoot = zeroHash }: { earned: Earned; grants: Grants; slashRoot?: Hex | undefined },
): Promise<FinalRoot> {
  const { rewards } = network.contracts;
  const tree = merkleTree(Buffer.concat([...earned].map(([name, amount]) => rewardLeaf(stage, network, name, amount))));
  const roots = {
    rewardRoot: bytesToHex(merkleRoot(tree)),
    slashRoot,
    evidenceRoot: keccak256(stringToHex('the statements of this epoch')),
    policyHash: network.hash,
    grants: network.rewardsPools.map((name) => grants[name] ?? 0n),
  };
  const { at } = await stage.send('poster', rewards, 'post', [roots]);
  await stage.travelTo(at + BigInt(network.policy.claims!.dispute_s) + 1n);
  await stage.send('anybody', rewards, 'settle', [roots]);
  await stage.send('anybody', rewards, 'withdrawBond', [stage.person('poster').address]);
  return { earned, tree };
}

/** Claims for somebody what the last root grants him. Returns when, since a position vests from then on. */
export async function claim(stage: Stage, network: Network, root: FinalRoot, name: string): Promise<bigint> {
  const amount = root.earned.get(name)!;
  const proof = merkleProof(root.tree, rewardLeaf(stage, network, name, amount))!.map((hash) => bytesToHex(hash));
  const account: Address = stage.person(name).address;
  const { at } = await stage.send('anybody', network.contracts.rewards, 'claim', [account, amount, proof]);
  return at;
}

function rewardLeaf(stage: Stage, { contracts }: Network, name: string, amount: bigint): Uint8Array {
  const types = [{ type: 'uint256' }, { type: 'address' }, { type: 'address' }, { type: 'uint256' }];
  const words = [stage.chainId, contracts.rewards.address, stage.person(name).address, amount];
  return leafHash(hexToBytes(encodeAbiParameters(types, words)));
}
