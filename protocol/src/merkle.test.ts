import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash, merkleProof, merkleRoot, merkleTree, provesLeaf } from './merkle.ts';
import { rewardLeafHash } from './reward-leaf.ts';

const leafOf = (n: number) => leafHash(new Uint8Array(32).fill(n));
const sets = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 40 });

test('every leaf is proven, and no other', () => {
  fc.assert(
    fc.property(sets, (numbers) => {
      const tree = merkleTree(concatBytes(...numbers.map(leafOf)));
      const root = merkleRoot(tree);
      for (const n of numbers) {
        const proof = merkleProof(tree, leafOf(n))!;
        expect(provesLeaf(root, leafOf(n), proof)).toBe(true);
        expect(provesLeaf(root, leafHash(leafOf(n)), proof)).toBe(false);
      }
      const absent = Array.from({ length: 256 }, (_, n) => n).find((n) => !numbers.includes(n))!;
      expect(merkleProof(tree, leafOf(absent))).toBeUndefined();
    }),
  );
});

test('the root depends on the set of leaves alone', () => {
  fc.assert(
    fc.property(sets, (numbers) => {
      const root = (of: number[]) => bytesToHex(merkleRoot(merkleTree(concatBytes(...of.map(leafOf)))));
      expect(root(numbers.toReversed())).toBe(root(numbers));
    }),
  );
});

test('one leaf is its own root', () => {
  const tree = merkleTree(leafOf(1));
  expect(merkleRoot(tree)).toEqual(leafOf(1));
  expect(merkleProof(tree, leafOf(1))).toEqual([]);
  expect(() => merkleTree(new Uint8Array(0))).toThrow(RangeError);
  expect(() => merkleTree(new Uint8Array(33))).toThrow(RangeError);
});

test('the tree is the one of OpenZeppelin’s StandardMerkleTree', () => {
  // The example of its README, two leaves of (address, uint256): https://github.com/OpenZeppelin/merkle-tree
  const leaf = (byte: string, amount: bigint) =>
    leafHash(hexToBytes(byte.repeat(20).padStart(64, '0') + amount.toString(16).padStart(64, '0')));
  const leaves = concatBytes(leaf('11', 5_000_000_000_000_000_000n), leaf('22', 2_500_000_000_000_000_000n));
  expect(bytesToHex(merkleRoot(merkleTree(leaves)))).toBe(
    'd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77',
  );
});

test('a reward leaf is bound to its chain, contract, account and amount', () => {
  const base = { chain_id: 1n, rewards: `0x${'a'.repeat(40)}`, account: `0x${'b'.repeat(40)}`, cumulative: 5n };
  const others = [
    { ...base, chain_id: 2n },
    { ...base, rewards: base.account },
    { ...base, account: base.rewards },
    { ...base, cumulative: 6n },
  ];
  const hashes = new Set([base, ...others].map((leaf) => bytesToHex(rewardLeafHash(leaf))));
  expect(hashes.size).toBe(5);
  expect(() => rewardLeafHash({ ...base, account: '0x1' })).toThrow(RangeError);
  expect(() => rewardLeafHash({ ...base, cumulative: -1n })).toThrow(RangeError);
});
