import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Address, Hex } from 'viem';
import { zeroHash } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifact, compile, contractsRoot } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';

/** What docs/concepts/known-faults.md says of all contracts at once, and that the tests it names are there. */

const page = join(contractsRoot, '../docs/concepts/known-faults.md');
const sources = globSync('src/**/*.sol', { cwd: contractsRoot });

test('every test that the page names is there', () => {
  const named = [...readFileSync(page, 'utf8').matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)];
  expect(named.length).toBeGreaterThan(20);
  const absent = named.filter(([, name, path]) => {
    const text = readFileSync(join(dirname(page), path!), 'utf8');
    return !text.includes(`function ${name}(`) && !text.includes(`test('${name}'`);
  });
  expect(absent.map(([, name]) => name)).toEqual([]);
});

/** Each of these words was part of a fault of another network. */
const refusedWords: readonly [word: RegExp, why: string][] = [
  [/tx\.origin/, 'any contract that the user calls acts in his name'],
  [/blockhash|prevrandao|block\.difficulty|block\.coinbase/, 'who makes the block chooses it'],
  [/latestAnswer|latestRoundData|AggregatorV3/, 'a stale or wrong feed sets the price'],
  [/payable|\.send\(|\.call\{|\.transfer\(/, 'a receiver that is a contract cannot take ether with 2,300 gas'],
  [/delegatecall|selfdestruct|Upgradeable|Initializable/, 'the code is not what was read'],
  [/onlyOwner|Ownable|AccessControl/, 'one key holds everything'],
];

test('no source uses chance, feeds, ether, proxies, owners or tx.origin', () => {
  const found = sources.flatMap((path) => {
    const code = readFileSync(join(contractsRoot, path), 'utf8').replace(/\/\/.*|\/\*[^]*?\*\//g, '');
    return refusedWords.filter(([word]) => word.test(code)).map(([word, why]) => `${path}: ${word}: ${why}`);
  });
  expect(sources.length).toBeGreaterThan(15);
  expect(found).toEqual([]);
});

describe('all contracts, compiled', () => {
  let evm: Evm | undefined;
  beforeAll(async () => {
    await compile();
    evm = await startEvm();
  }, 600_000);
  afterAll(() => evm?.close());

  test('no contract can be swept, upgraded, given away or frozen; what can be paused, Policy pauses', async () => {
    const refused =
      /^(owner|transferOwnership|acceptOwnership|renounceOwnership|grantRole|upgrade|initialize)|erc20|sweep|rescue|emergency|retrieve|freeze|cliff/i;
    const found: string[] = [];
    for (const path of sources.filter((source) => !source.includes('interfaces/'))) {
      const name = basename(path, '.sol');
      const functions = (await artifact(name, path)).abi.filter((entry) => entry.type === 'function');
      for (const { name: called, stateMutability } of functions) {
        if (stateMutability === 'view' || stateMutability === 'pure' || called === 'ownerOf') continue;
        if (refused.test(called) || (/pause/i.test(called) && name !== 'Policy')) found.push(`${name}.${called}`);
      }
    }
    expect(found).toEqual([]);
  });

  test('what is signed is bound to one contract on one chain', async () => {
    const governor = evm!.accounts[0]!.address;
    const sink: Hex = `0x${Buffer.from('SINK').toString('hex').padEnd(64, '0')}`;
    const timing = { delay: 1n, grace: 1n, pauseMax: 1n, pauseCooldown: 1n };
    const policy = await evm!.deploy('Policy', [
      `${zeroHash.slice(0, -1)}1`,
      [{ name: sink, holder: governor }],
      [],
      timing,
    ]);
    const day = 86_400n;
    const signed: [string, unknown[]][] = [
      ['Token', ['Coop', 'COOP', 18, governor, 1n]],
      ['TestDollar', []],
      ['Escrow', [policy, 250_000n, 14n * day, 3n * day, 60n * day]],
    ];
    const withDomain = sources.filter((path) =>
      /EIP712|ERC20Permit/.test(readFileSync(join(contractsRoot, path), 'utf8')),
    );
    expect(withDomain.map((path) => basename(path, '.sol')).toSorted()).toEqual(
      signed.map(([name]) => name).toSorted(),
    );
    for (const [name, args] of signed) {
      const address = await evm!.deploy(name, args);
      const { abi } = await artifact(name);
      const domain = await evm!.client.readContract({ address, abi, functionName: 'eip712Domain' });
      const [, , , chainId, verifyingContract] = domain as [Hex, string, string, bigint, Address];
      expect([Number(chainId), verifyingContract.toLowerCase()]).toEqual([evm!.client.chain.id, address.toLowerCase()]);
    }
  });
});
