import { statementDigest, statementDomain, statementTypes, type Statement } from '@gpucoop/protocol/statement.ts';
import fc from 'fast-check';
import { bytesToHex, hashTypedData, zeroHash, type Abi, type Address, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from './artifacts.ts';
import { startEvm, type Evm } from './testing/evm.ts';

let evm: Evm;
let escrow: { address: Address; abi: Abi };
beforeAll(async () => {
  evm = await startEvm();
  escrow = await deployEscrow();
}, 300_000);
afterAll(() => evm.close());

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => bytesToHex(bytes));
const amount = fc.bigInt(0n, 2n ** 128n - 1n);
const statement: fc.Arbitrary<Statement> = fc.record({
  meter: address,
  token: address,
  provider: address,
  named: fc.boolean(),
  lines: fc.array(fc.record({ renter: address, gross: amount, net: amount }), { maxLength: 5 }),
});

test('a statement has the digest that wallets sign', () => {
  fc.assert(
    fc.property(statement, address, fc.bigInt(0n, 2n ** 64n), (message, contract, chainId) => {
      expect(bytesToHex(statementDigest(chainId, contract, message))).toBe(
        hashTypedData({
          domain: statementDomain(chainId, contract),
          types: statementTypes,
          primaryType: 'Statement',
          message,
        }),
      );
    }),
  );
});

test('a statement has the digest that Escrow checks', async () => {
  await fc.assert(
    fc.asyncProperty(statement, async (message) => {
      const digest = await evm.client.readContract({ ...escrow, functionName: 'statementDigest', args: [message] });
      expect(digest).toBe(bytesToHex(statementDigest(BigInt(evm.client.chain.id), escrow.address, message)));
    }),
    { numRuns: 30 },
  );
});

test('an amount that does not fit is not signed', () => {
  const nobody: Address = '0x0000000000000000000000000000000000000000';
  const line = { renter: nobody, gross: 2n ** 128n, net: 0n };
  const message = { meter: nobody, token: nobody, provider: nobody, named: false, lines: [line] };
  expect(() => statementDigest(1n, nobody, message)).toThrow(/128 bits/);
  expect(() => statementDigest(1n, nobody, { ...message, lines: [{ ...line, gross: -1n }] })).toThrow(/unsigned/);
  expect(() => statementDigest(1n, '0x00', { ...message, lines: [] })).toThrow(/no address/);
});

async function deployEscrow() {
  const name = (text: string): Hex => `0x${Buffer.from(text).toString('hex').padEnd(64, '0')}`;
  const roles = [{ name: name('SINK'), holder: evm.accounts[1]!.address }];
  const timing = { delay: 0n, grace: 0n, pauseMax: 0n, pauseCooldown: 0n };
  const hash = `${zeroHash.slice(0, -1)}1`;
  const policy = await evm.deploy('Policy', [hash, roles, [], timing]);
  const address = await evm.deploy('Escrow', [policy, 250_000n, 1_209_600n, 259_200n, 5_184_000n]);
  return { address, abi: (await artifact('Escrow')).abi };
}
