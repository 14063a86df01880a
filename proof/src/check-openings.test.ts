import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkOpenings } from './check-openings.ts';
import { openingsBody } from './openings-body.ts';
import { layoutOf } from './openings-layout.ts';
import { expandQueries } from './queries.ts';
import { slabTree } from './slab-tree.ts';
import { smallParameters } from './testing/both-sides.ts';
import { cheatingWork } from './testing/cheating-prover.ts';
import type { Cheat } from './testing/cheating-prover.ts';
import { hash } from './testing/plain-work.ts';

/** Openings of an honest prover, n = 512 so that a row has more than one leaf. */
const parameters = { ...smallParameters, n: 512, slabs: 5, exchanges: 1, passes: 2 };
const key = new Uint32Array(hash('work').buffer);
const filled = cheatingWork({ ...parameters, key });
const tree = slabTree(filled.slabRoots);
const passKeys = ['first', 'second'].map((name) => new Uint32Array(hash(name).buffer));
const passes = [slabTree(await filled.reside(passKeys[0]!)), slabTree(await filled.reside(passKeys[1]!))];
const queries = expandQueries(hash('query'), parameters);
const layout = layoutOf(parameters, queries);
const body = openingsBody(parameters, layout, await filled.open(layout.parts), tree, passes);
const commitment = {
  workKey: key,
  root: tree.root,
  passes: passes.map(({ root }, pass) => ({ key: passKeys[pass]!, root })),
};
const check = (bytes: Uint8Array) => checkOpenings(parameters, queries, layout, commitment, bytes);
const changedAt = (at: number, mask: number): Uint8Array => body.map((byte, n) => (n === at ? byte ^ mask : byte));

test('what an honest prover opens is accepted', () => {
  expect(check(body)).toBeUndefined();
});

test('there is no byte that could be another', () => {
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      expect(check(changedAt(at, mask))).toBeDefined();
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['rows', 'row_not_committed'],
  ['rowSlabs', 'row_not_committed'],
  ['leaves', 'leaf_not_committed'],
  ['leafSlabs', 'leaf_not_committed'],
  ['digests', 'digest_not_committed'],
  ['digestSlabs', 'digest_not_committed'],
] as const)('another byte in the first or last entry of %s is %s', (name, fault) => {
  const { at, entryBytes, count } = layout[name];
  expect(check(changedAt(at, 1))).toBe(fault);
  expect(check(changedAt(at + entryBytes * count - 1, 1))).toBe(fault);
});

test('the leaves of one sample must be of one slab, even where another slab of the commitment has them', async () => {
  // The second leaf is true of slab 1; only the first one leads to the commitment by the slab's path.
  const sample = queries.work.findIndex(({ round }) => round > 0);
  const place = layout.parts.leaves.map((part, n) => (n === 2 * sample + 1 ? { ...part, slab: 1 } : part));
  const opened = await filled.open({ ...layout.parts, leaves: place });
  const parts = openingsBody(parameters, layout, opened, tree, passes);
  expect(check(parts)).toBe('leaf_not_committed');
});

describe('one sample that is wrong is enough, whichever it is', () => {
  const small = { ...parameters, n: 256, slabs: 3 };
  const asked = expandQueries(hash('small query'), small);
  const places = layoutOf(small, asked);

  /** Of a prover who is honest but for one cheat, and commits to what came of it. */
  async function faultOf(cheat: Cheat) {
    const work = cheatingWork({ ...small, key }, cheat);
    const roots = slabTree(work.slabRoots);
    const trees = [slabTree(await work.reside(passKeys[0]!)), slabTree(await work.reside(passKeys[1]!))];
    const bytes = openingsBody(small, places, await work.open(places.parts), roots, trees);
    const said = {
      workKey: key,
      root: roots.root,
      passes: trees.map(({ root }, pass) => ({ key: passKeys[pass]!, root })),
    };
    return checkOpenings(small, asked, places, said, bytes);
  }

  test('none is wrong', async () => {
    expect(await faultOf({})).toBeUndefined();
  });

  test.each(asked.work.flatMap(({ round, row, columns }) => columns.map((column) => ({ round, row, column }))))(
    'the entry of round $round at row $row and column $column',
    async ({ round, row, column }) => {
      const work: Cheat['work'] = (slab, t) => void (t === round + 1 && (slab[column * small.n + row]! ^= 1));
      expect(await faultOf({ work })).toBe('wrong_entry');
    },
  );

  test.each(asked.residency)('row $row of slab $slab in pass $pass', async ({ pass, slab, row }) => {
    const memory: Cheat['memory'] = (whole, t, at) =>
      t === slab && at === pass ? whole.map((byte, n) => (n === row * small.n ? byte ^ 1 : byte)) : whole;
    expect(await faultOf({ memory })).toBe('digest_not_committed');
  });
});

test('each commitment, key and root counts', () => {
  const other = { ...commitment, root: hash('another') };
  expect(checkOpenings(parameters, queries, layout, other, body)).toBe('row_not_committed');
  const otherKey = { ...commitment, workKey: key.map((word) => word + 1) };
  expect(checkOpenings(parameters, queries, layout, otherKey, body)).toBe('wrong_entry');
  const swapped = { ...commitment, passes: commitment.passes.toReversed() };
  expect(checkOpenings(parameters, queries, layout, swapped, body)).toBe('digest_not_committed');
});

test.each([
  ['the fewest', { slabs: 1, passes: 1, rows: 1, columns: 1, residencySamples: 1 }],
  ['the most', { slabs: 3, passes: 64, rows: 1024, columns: 16, residencySamples: 1024 }],
])(
  '%s samples that a challenge may have are checked within the memory that is reckoned for them',
  async (_what, changes) => {
    const sized = { ...parameters, n: 256, ...changes };
    const work = cheatingWork({ ...sized, key });
    const keys = Array.from({ length: sized.passes }, (_, pass) => key.map((word) => word + pass));
    const trees = [];
    for (const passKey of keys) trees.push(slabTree(await work.reside(passKey)));
    const commit = slabTree(work.slabRoots);
    const asked = expandQueries(hash('query'), sized);
    const places = layoutOf(sized, asked);
    const bytes = openingsBody(sized, places, await work.open(places.parts), commit, trees);
    const said = {
      workKey: key,
      root: commit.root,
      passes: trees.map(({ root }, pass) => ({ key: keys[pass]!, root })),
    };
    expect(checkOpenings(sized, asked, places, said, bytes)).toBeUndefined();
  },
);
