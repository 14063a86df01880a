import { describe, expect, test } from 'vitest';
import type { Parameters } from './parameters.ts';
import type { Cheat } from './testing/cheating-prover.ts';
import { inUnits, leavesLeftOut, rowsLeftOut, roundsLeftOut, withoutRows } from './testing/cheats.ts';
import { acceptance } from './testing/rate.ts';
import type { Measured } from './testing/rate.ts';

/** Attackers who save work or memory, the rate at which they are accepted, and the formula. docs/internals/proof.md, section 9. */

const small: Parameters = {
  n: 256,
  slabs: 4,
  exchanges: 1,
  passes: 2,
  rows: 16,
  columns: 2,
  residencySamples: 8,
};
const TRIALS = 1000;

test('an honest prover is always accepted', async () => {
  expect(await acceptance(small, {}, 200)).toEqual({ accepted: 200, trials: 200, faults: {} });
});

describe.each([0.02, 0.05, 0.1])('of the work a share of %d is left out', (share) => {
  test('leaves: every opened entry is a chance to be caught', async () => {
    const measured = await acceptance(small, leavesLeftOut(share), TRIALS);
    // A guessed byte is right one time in 256.
    expectRate(measured, (1 - share * (1 - 1 / 256)) ** (small.rows * small.columns));
    expect(Object.keys(measured.faults)).toEqual(['wrong_entry']);
  });

  test('input rows: only the rows count, however many columns are opened of each', async () => {
    const measured = await acceptance(small, rowsLeftOut(share), TRIALS);
    expectRate(measured, (1 - inUnits(share, 256) * (1 - 256 ** -small.columns)) ** small.rows);
    expect(Object.keys(measured.faults)).toEqual(['wrong_entry']);
  });

  test('whole rounds', async () => {
    const parameters = { ...small, slabs: 50 };
    const left = Math.round(50 * share);
    const measured = await acceptance(parameters, roundsLeftOut(left), TRIALS);
    expectRate(measured, (1 - (left / 50) * (1 - 256 ** -small.columns)) ** small.rows);
    expect(Object.keys(measured.faults)).toEqual(['wrong_entry']);
  });
});

describe('memory', () => {
  test('half of it missing: refused', async () => {
    const measured = await acceptance(small, { memory: (slab) => withoutRows(slab, 0.5) }, TRIALS);
    expectRate(measured, 0.5 ** small.residencySamples);
    expect(Object.keys(measured.faults)).toEqual(['digest_not_committed']);
  });

  test('a twentieth of it missing', async () => {
    const measured = await acceptance(small, { memory: (slab) => withoutRows(slab, 0.05) }, TRIALS);
    expectRate(measured, (1 - inUnits(0.05, 256)) ** small.residencySamples);
  });

  test('a pass that is not made at all', async () => {
    const measured = await acceptance(
      small,
      { memory: (slab, _t, pass) => (pass === 1 ? new Uint8Array(slab.length) : slab) },
      TRIALS,
    );
    expectRate(measured, 0.5 ** small.residencySamples);
  });

  test('digests under the key of an earlier nonce: never accepted, in whichever pass', async () => {
    for (const stale of [0, 1]) {
      const cheat: Cheat = { passKey: (key, pass) => (pass === stale ? key.map((word) => word ^ 1) : key) };
      expectRate(await acceptance(small, cheat, TRIALS), 0.5 ** small.residencySamples);
    }
    const always: Cheat = { passKey: (key) => key.map((word) => word ^ 1) };
    expect((await acceptance(small, always, 300)).accepted).toBe(0);
  });
});

test('entries that are computed when they are asked for, as a Freivalds forger does, are not in the commitment', async () => {
  // He commits to nothing and answers each query in O(n): his bytes are right and his hashes are not.
  const forger: Cheat = {
    work: (slab) => slab.fill(0),
    opened: ({ leaves }, asked) => {
      const entry = leaves.length / asked.leaves.length;
      for (const [n, { slab }] of asked.leaves.entries()) leaves[n * entry] = slab;
    },
  };
  const measured = await acceptance(small, forger, 300);
  expect(measured).toEqual({ accepted: 0, trials: 300, faults: { leaf_not_committed: 300 } });
});

test('a row that is put right after the commitment is not in it', async () => {
  const cheat: Cheat = { opened: ({ rows }) => void (rows[0]! ^= 1) };
  expect((await acceptance(small, cheat, 50)).faults).toEqual({ row_not_committed: 50 });
});

test('one wrong entry is not seen, and saves nothing: the next round is computed from it', async () => {
  const cheat: Cheat = { work: (slab, t) => void (t === 2 && (slab[777]! ^= 0xff)) };
  const measured = await acceptance(small, cheat, 300);
  expectRate(measured, 1 - (small.rows * small.columns) / (256 * 256 * 4));
});

/** Within four standard deviations of what the formula says; the queries are the same in every run. */
function expectRate({ accepted, trials }: Measured, formula: number): void {
  const deviation = Math.sqrt((formula * (1 - formula)) / trials);
  expect(Math.abs(accepted / trials - formula), `${accepted} of ${trials}, formula ${formula}`).toBeLessThanOrEqual(
    4 * deviation + 1 / trials,
  );
}
