import { createCipheriv, randomBytes, scryptSync } from 'node:crypto';
import { concat, hexToBytes, keccak256 } from 'viem';
import { expect, test } from 'vitest';
import { privateKeyFrom } from './keystore.ts';

/** The key of the test vectors of https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/ */
const SECRET = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d';
const published = {
  version: 3,
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
};

test('the published keystore opens with its password and with no other', () => {
  expect(privateKeyFrom(JSON.stringify(published), 'testpassword')).toBe(SECRET);
  expect(() => privateKeyFrom(JSON.stringify(published), 'another')).toThrow('does not open');
});

test('so does one of scrypt, as wallets write it', () => {
  expect(privateKeyFrom(scryptKeystore('correct horse'), 'correct horse')).toBe(SECRET);
  expect(() => privateKeyFrom(scryptKeystore('correct horse'), '')).toThrow('does not open');
});

function scryptKeystore(password: string): string {
  const [salt, iv] = [randomBytes(32), randomBytes(16)];
  const derived = scryptSync(password, salt, 32, { N: 4096, r: 8, p: 1 });
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(hexToBytes(SECRET)), cipher.final()]);
  const crypto = {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: iv.toString('hex') },
    ciphertext: ciphertext.toString('hex'),
    kdf: 'scrypt',
    kdfparams: { dklen: 32, n: 4096, r: 8, p: 1, salt: salt.toString('hex') },
    mac: keccak256(concat([derived.subarray(16), ciphertext])).slice(2),
  };
  return JSON.stringify({ version: 3, crypto });
}
