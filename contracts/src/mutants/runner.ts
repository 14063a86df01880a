import { createHardhatRuntimeEnvironment } from 'hardhat/hre';
import { join } from 'node:path';
import config from '../../hardhat.config.ts';
import { contractsRoot } from '../artifacts.ts';

/** A program of its own, since the runner writes to the terminal: told test files, it answers with the first that fails. */

const artifacts = process.argv[2]!;
const hre = await createHardhatRuntimeEnvironment(
  {
    ...config,
    paths: { ...config.paths, artifacts, cache: join(artifacts, '../cache') },
    test: {
      solidity: {
        ...config.test?.solidity,
        // Fewer runs than in earnest, since there are hundreds of mutants; a loop without end runs out of gas.
        fuzz: { runs: 64 },
        invariant: { runs: 8, depth: 64, failOnRevert: false, shrinkRunLimit: 0 },
        gasLimit: 300_000_000n,
      },
    },
  },
  {},
  contractsRoot,
);

process.on('message', (files: string[]) => void firstFailing(files).then((file) => process.send!(file)));

async function firstFailing(files: string[]): Promise<string> {
  for (const file of files) {
    const task = hre.tasks.getTask(['test', 'solidity']);
    const result: unknown = await task.run({ testFiles: [join(contractsRoot, file)], noCompile: true });
    if (!(result as { success: boolean }).success) return file;
  }
  return '';
}
