import { leafHash, merkleProof, merkleRoot, merkleTree, provesLeaf } from '@gpucoop/protocol/merkle.ts';
import { rewardLeafHash } from '@gpucoop/protocol/reward-leaf.ts';
import type { Bench } from './bench.ts';
import { median } from './statistics.ts';

export const merkle: Bench = {
  name: 'merkle',
  what: 'Merkle tree of 1,000,000 reward leaves and its proofs, against the bare hashes that it takes',
  async run({ quick, say }) {
    const [rounds, count] = quick ? [1, 20_000] : [3, 1_000_000];
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) samples.push(measure(count));
    say(
      `${rounds} rounds of ${count.toLocaleString('en')} leaves; a leaf takes two hashes, every pair one, a tree 3n − 1`,
    );
    const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
    const row = {
      leaves: count.toLocaleString('en'),
      'leaf hashes': `${of('leaves_s').toFixed(1)} s`,
      tree: `${of('tree_s').toFixed(1)} s`,
      'bare hashes': `${of('bare_s').toFixed(1)} s`,
      'whole, in bare hashes': ((of('leaves_s') + of('tree_s')) / of('bare_s')).toFixed(2),
      memory: `${of('tree_mb').toFixed(0)} MB`,
      'a proof': `${(of('proof_us') / 1000).toFixed(3)} ms`,
    };
    return { rows: [row], json: { rounds, count, samples } };
  },
};

type Sample = {
  leaves_s: number;
  tree_s: number;
  bare_s: number;
  /** Of the tree and the leaves it was made from. */ tree_mb: number;
  proof_us: number;
};

function measure(count: number): Sample {
  const [leaves, leaves_s] = timed(() => leafHashes(count));
  const [tree, tree_s] = timed(() => merkleTree(leaves));
  const [, bare_s] = timed(() => bareHashes(3 * count - 1));
  const PROOFS = 1000;
  const [, proofs_s] = timed(() => {
    const root = merkleRoot(tree);
    for (let n = 0; n < PROOFS; n += 1) {
      const leaf = leaves.subarray(n * 32, (n + 1) * 32);
      const proof = merkleProof(tree, leaf);
      if (proof === undefined || !provesLeaf(root, leaf, proof)) throw new Error('a leaf is not proven');
    }
  });
  const tree_mb = (tree.nodes.length + leaves.length) / 1e6;
  return { leaves_s, tree_s, bare_s, tree_mb, proof_us: (proofs_s * 1e6) / PROOFS };
}

function leafHashes(count: number): Uint8Array {
  const leaves = new Uint8Array(count * 32);
  const rewards = `0x${'c0'.repeat(20)}`;
  for (let n = 0; n < count; n += 1) {
    const account = `0x${(n + 1).toString(16).padStart(40, '0')}`;
    leaves.set(rewardLeafHash({ chain_id: 42_161n, rewards, account, cumulative: 10n ** 18n + BigInt(n) }), n * 32);
  }
  return leaves;
}

/** As many hashes as that and nothing else; `leafHash` takes two. */
function bareHashes(count: number): void {
  const words = new Uint8Array(64);
  for (let n = 0; n < count; n += 2) words.set(leafHash(words), 0);
}

function timed<T>(work: () => T): [T, seconds: number] {
  const start = performance.now();
  const result = work();
  return [result, (performance.now() - start) / 1000];
}
