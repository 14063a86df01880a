import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, contractsRoot, quiet } from './artifacts.ts';

/** Runs the tests that are written in Solidity, a file at a time: unit, fuzz and invariants, in the runner's own EVM. */

const hardhat = join(contractsRoot, '../node_modules/.bin/hardhat');

beforeAll(() => compile(), 300_000);

describe('contracts, tested in Solidity', () => {
  for (const file of globSync('test/**/*.t.sol', { cwd: contractsRoot }).toSorted()) {
    test(file, { timeout: 600_000 }, async () => {
      const { code, output } = await run(['test', 'solidity', file]);
      expect(code, output).toBe(0);
      // A file whose tests the runner does not find passes with nothing run.
      expect(Number(/(\d+) passing/.exec(output)?.[1] ?? 0), output).toBeGreaterThan(0);
    });
  }
});

function run(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(hardhat, args, { cwd: contractsRoot, env: quiet(), maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : 1, output: stripVTControlCharacters(`${out}\n${err}`) });
    });
  });
}
