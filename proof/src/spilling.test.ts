import { expect, test } from 'vitest';
import { classTable } from './class-table.ts';
import { PCIE_BYTES_PER_SECOND, spillingTable, supportOfCheater } from './testing/spilling.ts';

/** Memory that is not on the card and comes from the host, or is computed again, in each pass, on a simulated clock. */

const host = { hostBytesPerSecond: PCIE_BYTES_PER_SECOND, recomputes: false };

test.each(classTable)('$slug: with all its memory it is supported in every axis', (row) => {
  const support = supportOfCheater(row, { ...host, missing: 0 });
  expect(support).toEqual({ memory: true, bandwidth: true, arithmetic: true });
});

test.each(classTable)(
  '$slug: with half of its memory on the host, or a fiftieth on a disk, its bandwidth is not',
  (row) => {
    expect(supportOfCheater(row, { ...host, missing: 0.5 }).bandwidth).toBe(false);
    expect(supportOfCheater(row, { missing: 0.02, hostBytesPerSecond: 3e9, recomputes: false }).bandwidth).toBe(false);
  },
);

test.each(classTable)(
  '$slug: under two names, challenged at once, it is neither, even if it could hold both',
  (row) => {
    const support = supportOfCheater(row, { ...host, missing: 0, challenges: 2 });
    expect(support).toEqual({ memory: true, bandwidth: false, arithmetic: false });
  },
);

test('the smallest missing part that is seen, in percent, is what the page says', () => {
  expect(spillingTable().map((row) => Object.values(row).join(' '))).toEqual([
    't4 24 28',
    'l4 25 34',
    'rtx-3090 9 12',
    'rtx-4090 8 14',
    'rtx-5090 5 9',
    'l40s 9 18',
    'a100-sxm-80gb 4 7',
    'a100-pcie-80gb 4 8',
    'h100-pcie-80gb 4 12',
    'h100-sxm-80gb 3 9',
    'h200-sxm-141gb 2 6',
    'b200-sxm-180gb 1 7',
    'mi300x 2 7',
  ]);
});
