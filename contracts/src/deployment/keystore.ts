import { createDecipheriv, scryptSync, pbkdf2Sync } from 'node:crypto';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { z } from 'zod';
import { bytesToHex, concat, hexToBytes, keccak256, type Hex } from 'viem';

const bytes = z
  .string()
  .regex(/^[0-9a-f]+$/i)
  .transform((text): Uint8Array => hexToBytes(`0x${text}`));

/** Version 3 of what geth, foundry and most wallets write: https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/ */
const Keystore = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: bytes }),
    ciphertext: bytes,
    mac: bytes,
    kdf: z.enum(['scrypt', 'pbkdf2']),
    kdfparams: z.looseObject({ dklen: z.literal(32), salt: bytes }),
  }),
});

const Scrypt = z.object({ n: z.int().max(2 ** 20), r: z.int().max(64), p: z.int().max(64) });
const Pbkdf2 = z.object({ c: z.int().max(10_000_000), prf: z.literal('hmac-sha256') });
const MEMORY_MAX = 2 ** 30; // what scrypt takes with n = 2¹⁸ and r = 8 is a quarter of it

/** The private key in a keystore file. Throws when the password is not its. */
export function privateKeyFrom(text: string, password: string): Hex {
  const { crypto } = Keystore.parse(JSON.parse(text));
  const derived = derivedKey(crypto.kdf, crypto.kdfparams, password);
  const mac = keccak256(concat([derived.subarray(16), crypto.ciphertext]));
  if (mac !== bytesToHex(crypto.mac))
    throw new CoopError('unauthenticated', 'the password does not open this keystore');
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), crypto.cipherparams.iv);
  return bytesToHex(Buffer.concat([decipher.update(crypto.ciphertext), decipher.final()]));
}

function derivedKey(kdf: 'scrypt' | 'pbkdf2', parameters: { salt: Uint8Array }, password: string): Uint8Array {
  if (kdf === 'pbkdf2') return pbkdf2Sync(password, parameters.salt, Pbkdf2.parse(parameters).c, 32, 'sha256');
  const { n, r, p } = Scrypt.parse(parameters);
  return scryptSync(password, parameters.salt, 32, { N: n, r, p, maxmem: MEMORY_MAX });
}
