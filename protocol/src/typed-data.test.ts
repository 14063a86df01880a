import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { typedDataDigest, type TypedDataTypes } from './typed-data.ts';

const mail: TypedDataTypes = {
  Mail: [
    { name: 'from', type: 'Person' },
    { name: 'to', type: 'Person' },
    { name: 'contents', type: 'string' },
  ],
  Person: [
    { name: 'name', type: 'string' },
    { name: 'wallet', type: 'address' },
  ],
};
const domain = {
  name: 'Ether Mail',
  version: '1',
  chainId: 1n,
  verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
} as const;

test('the example of EIP-712 has the digest that stands there', () => {
  // https://github.com/ethereum/EIPs/blob/master/assets/eip-712/Example.js
  const digest = typedDataDigest(domain, mail, 'Mail', {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  });
  expect(bytesToHex(digest)).toBe('be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2');
});

const one = (type: string, value: bigint | boolean | string) =>
  bytesToHex(typedDataDigest(domain, { One: [{ name: 'value', type }] }, 'One', { value }));

test.each([
  ['an integer too large', 'uint8', 256n],
  ['less than nothing', 'uint256', -1n],
  ['an address too short', 'address', `0x${'1'.repeat(39)}`],
  ['an address too long', 'address', `0x${'1'.repeat(41)}`],
  ['an address without its 0x', 'address', '1'.repeat(42)],
  ['an address that is no hex', 'address', `0x${'z'.repeat(40)}`],
  ['a hash too short', 'bytes32', `0x${'1'.repeat(40)}`],
])('%s is refused', (_, type, value) => {
  expect(() => one(type, value)).toThrow();
});

test('the largest of a type fits', () => {
  expect(() => one('uint8', 255n)).not.toThrow();
  expect(() => one('uint256', 2n ** 256n - 1n)).not.toThrow();
  expect(() => one('bytes32', `0x${'f'.repeat(64)}`)).not.toThrow();
});

test('a type that our messages do not use is named', () => {
  expect(() => one('int8', 1n)).toThrow('int8 is no type that our messages use');
});

test('true and false, and a value under another type, have digests of their own', () => {
  const digests = [one('bool', true), one('bool', false), one('uint8', 1n), one('uint16', 1n)];
  expect(new Set(digests).size).toBe(4);
});
