import { expect, test } from 'vitest';
import type { Filled, Prover } from '../prover.ts';
import { hash, plainDigest, plainDigestRoot, plainSlabRoot, plainSlabs, rootOf } from './plain-work.ts';

/** What every prover must do, bit for bit: call it within a `describe` of that prover. */
export function anyProver(open: () => Promise<{ prover: Prover; deviceId: string }>): void {
  const filled = async (n: number, slabs: number, key: Uint32Array): Promise<Filled> => {
    const { prover, deviceId } = await open();
    return prover.begin(deviceId, { n, slabs, key });
  };

  test('slabs are those of the plain rule', async () => {
    const work = await filled(256, 3, KEY);
    try {
      expect(hex(work.slabRoots)).toEqual(plainSlabs(256, 3, KEY).map((slab) => hexOf(plainSlabRoot(slab))));
    } finally {
      await work.close();
    }
  });

  test('with the 64-bit keys of the first version the known roots come out', async () => {
    const seed = Uint8Array.from({ length: 32 }, (_, n) => n);
    const nonce = Uint8Array.from({ length: 32 }, (_, n) => 32 + n);
    const work = await filled(256, 2, narrow(hash('gpu-proof/v1', seed)));
    try {
      expect(hex(work.slabRoots)).toEqual(known.slabs);
      const first = await work.reside(narrow(hash('gpu-proof/reside', nonce)));
      const second = await work.reside(narrow(hash('gpu-proof/reside', hash(nonce, first))));
      expect([...hex(first), ...hex(second)]).toEqual(known.passes);
    } finally {
      await work.close();
    }
  });

  test('passes and openings are those of the plain rule, for each pass under its own key', async () => {
    const [n, slabs] = [512, 3];
    const work = await filled(n, slabs, KEY);
    try {
      const expected = plainSlabs(n, slabs, KEY);
      const keys = [KEY.map((word) => word ^ 1), KEY.map((word) => word ^ 2)];
      const roots = [];
      for (const key of keys) roots.push(hex(await work.reside(key)));
      expect(roots).toEqual(keys.map((key) => expected.map((slab, t) => hexOf(plainDigestRoot(n, slab, t + 1, key)))));

      const parts = {
        rows: [
          { slab: 3, row: 511 },
          { slab: 1, row: 0 },
        ],
        leaves: [
          { slab: 2, leaf: 1 },
          { slab: 3, leaf: 1022 },
        ],
        digests: [
          { pass: 1, slab: 2, row: 77 },
          { pass: 0, slab: 3, row: 510 },
        ],
      };
      const opened = await work.open(parts);
      const rowBytes = n + 32 * 9;
      for (const [entry, { slab, row }] of parts.rows.entries()) {
        const got = opened.rows.subarray(entry * rowBytes, (entry + 1) * rowBytes);
        const data = expected[slab - 1]!.subarray(row * n, row * n + n);
        expect(hexOf(got.subarray(0, n))).toBe(hexOf(data));
        const node = rootOf([hash(data.subarray(0, 256)), hash(data.subarray(256))]);
        expect(hexOf(climbed(node, row, got.subarray(n)))).toBe(hexOf(plainSlabRoot(expected[slab - 1]!)));
      }
      const leafBytes = 256 + 32 * 10;
      for (const [entry, { slab, leaf }] of parts.leaves.entries()) {
        const got = opened.leaves.subarray(entry * leafBytes, (entry + 1) * leafBytes);
        expect(hexOf(got.subarray(0, 256))).toBe(hexOf(expected[slab - 1]!.subarray(256 * leaf, 256 * leaf + 256)));
        const root = climbed(hash(got.subarray(0, 256)), leaf, got.subarray(256));
        expect(hexOf(root)).toBe(hexOf(plainSlabRoot(expected[slab - 1]!)));
      }
      for (const [entry, { pass, slab, row }] of parts.digests.entries()) {
        const data = expected[slab - 1]!.subarray(row * n, row * n + n);
        const leaf = plainDigest(n, data, slab, row, keys[pass]!);
        const path = opened.digests.subarray(entry * 32 * 9, (entry + 1) * 32 * 9);
        expect(hexOf(climbed(leaf, row, path))).toBe(roots[pass]![slab - 1]);
      }
    } finally {
      await work.close();
    }
  });

  test('work that is aborted is rejected with the reason of its signal', async () => {
    const { prover, deviceId } = await open();
    const stop = new AbortController();
    const begun = prover.begin(
      deviceId,
      { n: 256, slabs: 4096, key: KEY },
      { signal: stop.signal, progress: () => stop.abort(new Error('enough')) },
    );
    await expect(begun).rejects.toThrow('enough');
  });
}

const KEY = Uint32Array.from({ length: 8 }, (_, n) => Math.imul(n + 1, 0x9e3779b1));

const known = {
  slabs: [
    'f8ddf08ebea5964b62bb0a220efd0662a8df09fb592b4f5c562943fbd6270fa0',
    '1a553883feaf7bcaef70a2a160764415f0bc9d6213b61f48b7d657eb258398c7',
  ],
  passes: [
    '2b3f09b10806957d64bb17b9557d2260feb00b8e4910c7c747dc628c05646459',
    'dc407fe9f0704bac70d07797815449e44e2a8c73c3cfa543278c2b182673b49f',
    'ad095391a245e1e5f641da058d5856838e5452b148d0920af8b9b630582c37ce',
    '366948347b3e6612fb73616112962c2e4f190b4a863c492158ded6740859eaf1',
  ],
};

/** The first version used two words of the hash for all lanes. */
function narrow(digest: Uint8Array): Uint32Array {
  const view = new DataView(digest.buffer);
  return Uint32Array.from({ length: 8 }, (_, n) => view.getUint32(4 * (n % 2), true));
}

function climbed(node: Uint8Array, index: number, path: Uint8Array): Uint8Array {
  let [root, at] = [node, index];
  for (let level = 0; level < path.length; level += 32, at >>= 1) {
    const sibling = path.subarray(level, level + 32);
    root = at % 2 === 0 ? hash(root, sibling) : hash(sibling, root);
  }
  return root;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hex = (roots: Uint8Array): string[] => hexOf(roots).match(/.{64}/g) ?? [];
