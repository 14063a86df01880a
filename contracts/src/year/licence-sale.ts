import { leafHash, merkleProof, merkleRoot, merkleTree, type MerkleTree } from '@gpucoop/protocol/merkle.ts';
import { bytesToHex, encodeAbiParameters, hexToBytes, zeroAddress, type Address, type Hex } from 'viem';
import type { Network } from './network.ts';
import type { Contract, Stage } from './stage.ts';
import type { Unit } from './teller.ts';

/** A sale of licences with its register of operators, paid in what stands for ether. */
export type Sale = {
  contract: Contract;
  license: Contract;
  delegation: Contract;
  token: Contract;
  unit: Unit;
  /** The first id of what somebody bought last. */
  firstOf: Map<string, bigint>;
  /** The allowlist of phase 0: how many each may have. */
  publishAllowlist(allocations: Readonly<Record<string, number>>): Promise<void>;
  /** Returns what it cost. */
  buy(to: string, count: number, how: How): Promise<bigint>;
  order(to: string, count: number, how: How): Order;
};

type How = { phase: bigint; referrer?: string };
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

/** The deployed sale, and what each of its buyers needs to pay. */
export async function openSale(
  stage: Stage,
  network: Network,
  buyers: Readonly<Record<string, bigint>>,
): Promise<Sale> {
  const [contract, license, delegation] = await Promise.all(
    ['LicenseSale', 'License', 'Delegation'].map((name) => network.contract(name)),
  );
  const token = network.contracts.dollars;
  for (const [name, ether] of Object.entries(buyers)) {
    await stage.send(name, token, 'mint', [stage.person(name).address, ether * WEI]);
    await stage.send(name, token, 'approve', [contract!.address, MOST]);
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
    const words = [stage.chainId, contract!.address, 0n, stage.person(name).address, BigInt(allocation)];
    return leafHash(hexToBytes(encodeAbiParameters(types, words)));
  };
  const order = (to: string, count: number, { phase, referrer }: How): Order => {
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
  };
  const firstOf = new Map<string, bigint>();
  return {
    contract: contract!,
    license: license!,
    delegation: delegation!,
    token,
    unit: { name: 'ETH', decimals: 18 },
    firstOf,
    async publishAllowlist(allocations) {
      const leaves = Object.entries(allocations).map(([name, allocation]) => leaf(name, allocation));
      listed = { tree: merkleTree(Buffer.concat(leaves)), allocations };
      await stage.send('governor', contract!, 'publishAllowlist', [0n, bytesToHex(merkleRoot(listed.tree))]);
    },
    async buy(to, count, how) {
      const { result } = await stage.send(to, contract!, 'buy', [order(to, count, how)]);
      const [first, cost] = result as [bigint, bigint];
      firstOf.set(to, first);
      return cost;
    },
    order,
  };
}
