import { leafHash, merkleProof, merkleRoot, merkleTree } from '@gpucoop/protocol/merkle.ts';
import { bytesToHex, encodeAbiParameters, hexToBytes, keccak256, stringToHex, zeroAddress, type Hex } from 'viem';
import type { Network } from './network.ts';
import type { Stage } from './stage.ts';

/** A case against a machine, as it will stand in an epoch's slash root. */
export type Case = { machine: string; owner: string; amount: bigint; victim?: string; victimPaid: bigint };

/** The leaves of an epoch's slashes with their proofs, by the order of the cases. */
export type Slashes = { root: Hex; leaves: { leaf: object; id: Hex; proof: Hex[] }[] };

const leafTypes = [
  { name: 'epoch', type: 'uint256' },
  { name: 'index', type: 'uint256' },
  { name: 'machine', type: 'bytes32' },
  { name: 'owner', type: 'address' },
  { name: 'amount', type: 'uint128' },
  { name: 'victim', type: 'address' },
  { name: 'lease', type: 'bytes32' },
  { name: 'paid', type: 'uint128' },
  { name: 'evidence', type: 'bytes32' },
] as const;

export const machineId = (name: string): Hex => keccak256(stringToHex(name));

export function slashesOf(stage: Stage, { contracts }: Network, epoch: bigint, cases: readonly Case[]): Slashes {
  const leaves = cases.map((of, index) => ({
    epoch,
    index: BigInt(index),
    machine: machineId(of.machine),
    owner: stage.person(of.owner).address,
    amount: of.amount,
    victim: of.victim === undefined ? zeroAddress : stage.person(of.victim).address,
    lease: keccak256(stringToHex(`the lease on ${of.machine}`)),
    paid: of.victimPaid,
    evidence: keccak256(stringToHex(`the statements about ${of.machine}`)),
  }));
  const hashes = leaves.map((leaf) =>
    leafHash(
      hexToBytes(
        encodeAbiParameters(
          [{ type: 'uint256' }, { type: 'address' }, { type: 'tuple', components: leafTypes }],
          [stage.chainId, contracts.stake.address, leaf],
        ),
      ),
    ),
  );
  const tree = merkleTree(Buffer.concat(hashes));
  return {
    root: bytesToHex(merkleRoot(tree)),
    leaves: leaves.map((leaf, n) => ({
      leaf,
      id: bytesToHex(hashes[n]!),
      proof: merkleProof(tree, hashes[n]!)!.map((hash) => bytesToHex(hash)),
    })),
  };
}

export type Position = { staked: bigint; unstaking: bigint; unstakesAt: bigint; frozen: bigint };

/** What somebody has at risk with the machine of his name. */
export const positionOf = (stage: Stage, { contracts }: Network, name: string): Promise<Position> =>
  stage.read<Position>(contracts.stake, 'positionOf', [machineId(name), stage.person(name).address]);
