import { createRequire } from 'node:module';
import { defineConfig } from 'hardhat/config';

/** The compiler comes from npm, so that nothing is fetched: a text file at `path` is taken for its WebAssembly build. */
const path = createRequire(import.meta.url).resolve('solc/soljson.js');

export default defineConfig({
  paths: { sources: './src', tests: { solidity: './test' } },
  solidity: {
    version: '0.8.37',
    path,
    settings: { optimizer: { enabled: true, runs: 10_000 }, viaIR: true, evmVersion: 'cancun' },
  },
  test: {
    solidity: {
      fsPermissions: { readDirectory: ['./test/vectors'] },
      fuzz: { runs: 256 },
      invariant: { runs: 32, depth: 64, failOnRevert: false },
    },
  },
});
