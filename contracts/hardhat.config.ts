import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig } from 'hardhat/config';

/** The compiler comes from npm, so that nothing is fetched: a text file at `path` is taken for its WebAssembly build. */
const path = createRequire(import.meta.url).resolve('solc/soljson.js');

const compiler = { version: '0.8.37', path };
const evmVersion = 'cancun';

/**
 * Tests are compiled the quick way, minutes sooner. What they test is not: they create contracts from what was compiled of src/
 * (`deploy` in test/Vm.sol), never with `new`.
 */
const tests = globSync('test/**/*.sol', { cwd: import.meta.dirname });
const quick = { ...compiler, settings: { optimizer: { enabled: true, runs: 1 }, viaIR: false, evmVersion } };

/** Of what the tests draw; `npm run soak` gives a new one each time. */
const { FUZZ_SEED: seed } = process.env;

export default defineConfig({
  paths: { sources: './src', tests: { solidity: './test' } },
  solidity: {
    compilers: [{ ...compiler, settings: { optimizer: { enabled: true, runs: 10_000 }, viaIR: true, evmVersion } }],
    overrides: Object.fromEntries(tests.map((file) => [file, quick])),
  },
  test: {
    solidity: {
      fsPermissions: { readDirectory: ['./test/vectors'] },
      fuzz: { runs: 256, ...(seed !== undefined && { seed }) },
      invariant: { runs: 32, depth: 64, failOnRevert: false },
    },
  },
});
