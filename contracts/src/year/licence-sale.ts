import type { LicenceTier, ReferralTerms } from '@gpucoop/policy/licence.ts';
import type { Licences } from '@gpucoop/policy/schema/licences.ts';
import { leafHash, merkleProof, merkleRoot, merkleTree, type MerkleTree } from '@gpucoop/protocol/merkle.ts';
import { bytesToHex, encodeAbiParameters, hexToBytes, zeroAddress, type Address, type Hex } from 'viem';
import type { Network } from './network.ts';
import type { Contract, Stage } from './stage.ts';
import type { Unit } from './teller.ts';

/** A sale of licences with its register of operators, paid in wrapped ether. */
export type Sale = {
  contract: Contract;
  license: Contract;
  delegation: Contract;
  token: Contract;
  unit: Unit;
  /** The allowlist of phase 0: how many each may have. */
  publishAllowlist(allocations: Readonly<Record<string, number>>): Promise<void>;
  order(to: string, count: number, how: { phase: bigint; referrer?: string }): Order;
};

export type SaleOptions = {
  tiers: readonly LicenceTier[];
  codes: ReferralTerms;
  /** Unix seconds. */
  opensAt: bigint;
  refundAt: bigint;
  lockedUntil: bigint;
  /** Seconds after the opening. */
  allowlistFor: bigint;
  publicFrom: bigint;
  refundFeePpm: number;
  delegation: Licences['delegation'];
};

type Order = {
  to: Address;
  count: bigint;
  maxCost: bigint;
  deadline: bigint;
  phase: bigint;
  referrer: Address;
  allocation: bigint;
  proof: Hex[];
};

const WEI = 10n ** 18n;
const MOST = 2n ** 256n - 1n;
const BUYERS = ['Kim', 'Lee', 'Omar', 'Quinn', 'Pia'];

export async function openSale(stage: Stage, network: Network, of: SaleOptions): Promise<Sale> {
  const token = await stage.deploy('FreeToken', [18], 'test/hostile/FreeToken.sol');
  const contract = await stage.deploy('LicenseSale', [
    {
      name: 'A checker licence',
      symbol: network.policy.licences!.symbol,
      token: token.address,
      treasury: stage.person('treasury').address,
      policy: network.contracts.policy.address,
      refundEnd: of.refundAt,
      lockEnd: of.lockedUntil,
      refundFeePpm: of.refundFeePpm,
      discountPpm: of.codes.discount_ppm,
      commissionPpm: of.codes.commission_ppm,
      tiers: of.tiers.map(({ count, price, cap_per_address }) => ({
        count: BigInt(count),
        price,
        capPerAddress: cap_per_address,
      })),
      phases: [
        { opensAt: of.opensAt, closesAt: of.opensAt + of.allowlistFor, allowlist: true },
        { opensAt: of.opensAt + of.publicFrom, closesAt: of.refundAt, allowlist: false },
      ],
      partners: [],
    },
  ]);
  const license = await stage.at('License', await stage.read<Address>(contract, 'LICENSE'));
  const { commission_max_ppm, commission_step_ppm, notice_s, longest_s } = of.delegation;
  const delegation = await stage.deploy('Delegation', [
    license.address,
    commission_max_ppm,
    commission_step_ppm,
    BigInt(notice_s),
    BigInt(longest_s),
  ]);
  for (const name of BUYERS) {
    await stage.send(name, token, 'mint', [stage.person(name).address, 100n * WEI]);
    await stage.send(name, token, 'approve', [contract.address, MOST]);
  }

  let listed: { tree: MerkleTree; allocations: Readonly<Record<string, number>> } | undefined;
  const leaf = (name: string, allocation: number): Uint8Array => {
    const types = [
      { type: 'uint256' },
      { type: 'address' },
      { type: 'uint256' },
      { type: 'address' },
      { type: 'uint256' },
    ];
    const words = [stage.chainId, contract.address, 0n, stage.person(name).address, BigInt(allocation)];
    return leafHash(hexToBytes(encodeAbiParameters(types, words)));
  };
  return {
    contract,
    license,
    delegation,
    token,
    unit: { name: 'ETH', decimals: 18 },
    async publishAllowlist(allocations) {
      const leaves = Object.entries(allocations).map(([name, allocation]) => leaf(name, allocation));
      listed = { tree: merkleTree(Buffer.concat(leaves)), allocations };
      await stage.send('governor', contract, 'publishAllowlist', [0n, bytesToHex(merkleRoot(listed.tree))]);
    },
    order(to, count, { phase, referrer }) {
      const allocation = phase === 0n ? (listed?.allocations[to] ?? 0) : 0;
      const proof = allocation === 0 ? [] : merkleProof(listed!.tree, leaf(to, allocation))!;
      return {
        to: stage.person(to).address,
        count: BigInt(count),
        maxCost: MOST,
        deadline: 2n ** 64n - 1n,
        phase,
        referrer: referrer === undefined ? zeroAddress : stage.person(referrer).address,
        allocation: BigInt(allocation),
        proof: proof.map((hash) => bytesToHex(hash)),
      };
    },
  };
}
