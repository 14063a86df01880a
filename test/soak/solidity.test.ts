import { randomBytes } from 'node:crypto';
import { compile } from '@gpucoop/contracts/artifacts.ts';
import { runSolidityTest, solidityTests } from '@gpucoop/contracts/testing/solidity.ts';
import { expect, test } from 'vitest';

/** The contracts' fuzz and invariants with a new seed each time, for COOP_SOAK_MINUTES (20). FUZZ_SEED repeats one. */
const minutes = Number(process.env['COOP_SOAK_MINUTES'] ?? 20);

test(
  'contracts, tested in Solidity, for a long time',
  async () => {
    await compile();
    const giveUpAt = performance.now() + minutes * 60_000;
    while (performance.now() < giveUpAt) {
      const seed = `0x${randomBytes(32).toString('hex')}`;
      process.stdout.write(`FUZZ_SEED=${seed}\n`);
      for (const file of solidityTests()) {
        if (performance.now() > giveUpAt) return;
        const { failed, output } = await runSolidityTest(file, seed);
        expect(failed, `FUZZ_SEED=${seed}\n${output}`).toBe(false);
      }
    }
  },
  minutes * 60_000 + 20 * 60_000,
);
