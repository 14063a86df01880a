import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from './artifacts.ts';
import { runSolidityTest, solidityTests } from './testing/solidity.ts';

beforeAll(() => compile(), 300_000);

describe('contracts, tested in Solidity', () => {
  for (const file of solidityTests()) {
    test(file, { timeout: 600_000 }, async () => {
      const { passed, failed, output } = await runSolidityTest(file);
      expect(failed, output).toBe(false);
      // A file whose tests the runner does not find passes with nothing run.
      expect(passed, output).toBeGreaterThan(0);
    });
  }
});
