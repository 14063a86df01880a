import { randomBytes } from 'node:crypto';
import { signerFromSecret } from '@gpucoop/protocol/evidence.ts';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { readSecretFile, writeWhole } from './home.ts';

/** The renter's key: it signs logins and orders, and never leaves this computer. 32 bytes as 64 hex digits. */
export async function readSigner(path: string): Promise<Signer | undefined> {
  const text = await readSecretFile(path);
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{64}\s*$/.test(text)) {
    throw new CoopError('invalid_request', `${path} does not hold a key: 64 hex digits are expected.`, {
      hint: 'Put the right file back. A new key is a new account.',
    });
  }
  return signerFromSecret(Buffer.from(text.trim(), 'hex'));
}

export async function readOrMakeSigner(path: string): Promise<Signer> {
  const existing = await readSigner(path);
  if (existing !== undefined) return existing;
  const secret = randomBytes(32);
  await writeWhole(path, `${secret.toString('hex')}\n`);
  return signerFromSecret(secret);
}
