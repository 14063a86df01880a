import { expect, test } from 'vitest';
import { productRows, verdictOf } from './products.ts';
import type { ProductRun } from './products.ts';

const run = (kernel: ProductRun['kernel'], tops: number[], refused?: string): ProductRun => ({
  device: 'GPU-1',
  says: 'a card',
  kernel,
  ...(refused === undefined ? {} : { refused }),
  rates: tops.map((value, k) => ({ n: 4096 * 2 ** k, operationsPerSecond: [1, value * 1e12, 1e18] })),
});

test('the kernel that the prover takes is the first that works, and the verdict says where another was faster', () => {
  const refused = run('wgmma', [], 'it gives other bytes');
  expect(verdictOf([run('wgmma', [900, 1200]), run('mma', [700, 750])])).toBe(
    'the prover takes wgmma, which was fastest at every size',
  );
  expect(verdictOf([refused, run('mma', [700, 750]), run('dp4a', [50, 900])])).toContain(
    'the prover takes mma, but faster was dp4a at 8192 (1.20 ×)',
  );
  expect(verdictOf([refused])).toBe('no kernel of the product works here');
});

test('rows show the middle of the runs, its share of the data sheet, and why a kernel is not used', () => {
  const rows = productRows([run('wgmma', [], 'it gives other bytes'), run('mma', [700, 750])], 1979);
  expect(rows).toEqual([
    {
      device: 'a card',
      kernel: 'wgmma',
      'int8 TOPS, n = 4096': 'none',
      'int8 TOPS, n = 8192': 'none',
      'the card does without it because': 'it gives other bytes',
    },
    {
      device: 'a card',
      kernel: 'mma',
      'int8 TOPS, n = 4096': '700 (35 %)',
      'int8 TOPS, n = 8192': '750 (38 %)',
      'the card does without it because': '',
    },
  ]);
});
