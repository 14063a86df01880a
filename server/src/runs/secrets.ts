import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** What travels beside an order and is never kept in the clear: values of secret variables and registry credentials. */
export type RunSecrets = {
  values: Record<string, string>;
  registry_auth: { username: string; password: string } | null;
};

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under the server's key, bound to the run so that a row cannot be moved to another. */
export function sealSecrets(secrets: RunSecrets, runId: string, key: Uint8Array): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(runId));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

export function openSecrets(sealed: Uint8Array | null, runId: string, key: Uint8Array): RunSecrets {
  if (sealed === null) return { values: {}, registry_auth: null };
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(runId))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(plain.toString('utf8')) as RunSecrets; // written by sealSecrets alone, and authenticated
}
