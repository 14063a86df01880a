import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { contractsRoot, quiet } from '../artifacts.ts';

const hardhat = join(contractsRoot, '../node_modules/.bin/hardhat');

export function solidityTests(): string[] {
  return globSync('test/**/*.t.sol', { cwd: contractsRoot }).toSorted();
}

/** One file of tests in the runner's own EVM: unit, fuzz and invariants. `seed` (32 bytes in hex) of what is drawn; else always the same. */
export function runSolidityTest(
  file: string,
  seed?: string,
): Promise<{ passed: number; failed: boolean; output: string }> {
  const env = { ...quiet(), ...(seed !== undefined && { FUZZ_SEED: seed }) };
  const options = { cwd: contractsRoot, env, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(hardhat, ['test', 'solidity', file], options, (error, out, err) => {
      const output = stripVTControlCharacters(`${out}\n${err}`);
      resolve({ passed: Number(/(\d+) passing/.exec(output)?.[1] ?? 0), failed: error !== null, output });
    });
  });
}
