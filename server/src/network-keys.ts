import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signerFromSecret, type Signer } from '@gpucoop/protocol/evidence.ts';

/** The keys of a network, made at its first start: its meter, its administrator, and what its secrets are sealed with. */
export type NetworkKeys = {
  meter: Signer;
  admin: Signer;
  secrets: Uint8Array;
  /** Bound into logins and links, so that a signature for this network serves no other. */
  serverName: string;
};

export async function loadOrMakeKeys(dir: string): Promise<NetworkKeys> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const meter = signerFromSecret(await secretFile(dir, 'meter.key'));
  const admin = signerFromSecret(await secretFile(dir, 'admin.key'));
  const secrets = await secretFile(dir, 'secrets.key');
  return { meter, admin, secrets, serverName: `coop-${meter.publicKey.slice(0, 16)}` };
}

/** 32 random bytes as hex, readable by the owner alone. Written aside and renamed: a half-written key never counts. */
async function secretFile(dir: string, name: string): Promise<Uint8Array> {
  const path = join(dir, name);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) {
    if (!/^[0-9a-f]{64}\s*$/.test(text)) throw new Error(`${path} is not a key: it must be 64 hex digits`);
    await chmod(path, 0o600);
    return Buffer.from(text.trim(), 'hex');
  }
  const secret = randomBytes(32);
  const aside = `${path}.${process.pid}.new`;
  await writeFile(aside, `${secret.toString('hex')}\n`, { mode: 0o600, flush: true });
  await rename(aside, path);
  return secret;
}
