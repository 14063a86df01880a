import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bulkDigest } from './bulk-digest.ts';
import { mix } from './mixing.ts';
import { slabTree } from './slab-tree.ts';
import { hash, plainMix, rootOf } from './testing/plain-work.ts';
import { makeVectors } from './testing/vectors.ts';

const path = new URL('../../docs/internals/proof-vectors.json', import.meta.url);

test('docs/internals/proof-vectors.json is what this code says (UPDATE_VECTORS=1 writes it)', async () => {
  const text = `${JSON.stringify(await makeVectors(), null, 2)}\n`;
  if (process.env['UPDATE_VECTORS'] === '1') await writeFile(path, text);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(text));
});

test('mix is what it is written as in the page', () => {
  for (const word of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xdeadbeef]) {
    expect(mix(word)).toBe(Number(plainMix(BigInt(word))));
  }
  expect(mix(1)).toBe(0x514e28b7);
});

test.each([1, 2, 3, 4, 5, 8, 13, 100])(
  'a tree over %i hashes has the plain root, and its paths lead there',
  (count) => {
    const leaves = Array.from({ length: count }, (_, n) => hash(String(n)));
    const tree = slabTree(new Uint8Array(Buffer.concat(leaves)));
    expect(tree.root).toEqual(rootOf(leaves));
    const levels = Math.ceil(Math.log2(count));
    for (const [index, leaf] of leaves.entries()) {
      const path_ = new Uint8Array(32 * levels);
      tree.copyPath(index, path_, 0);
      let node = leaf;
      for (let level = 0; level < levels; level++) {
        const sibling = path_.subarray(32 * level, 32 * level + 32);
        node = (index >> level) % 2 === 0 ? hash(node, sibling) : hash(sibling, node);
      }
      expect(node).toEqual(tree.root);
    }
  },
);

test.each([1, 255, 256, 257, 1024, 5000])('the digest of %i bytes is the root over its pieces', (length) => {
  const bytes = Uint8Array.from({ length }, (_, n) => n * 7);
  const pieces = Array.from({ length: Math.ceil(length / 256) }, (_, piece) => {
    const whole = new Uint8Array(256);
    whole.set(bytes.subarray(256 * piece, 256 * piece + 256));
    return hash(whole);
  });
  // Something longer before it must leave nothing behind.
  bulkDigest(new Uint8Array(20_000).fill(255));
  expect(bulkDigest(bytes)).toEqual(rootOf(pieces));
});
