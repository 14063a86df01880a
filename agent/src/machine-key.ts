import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex'); // RFC 8410, then the 32 secret bytes

export const makeSecret = (): string => randomBytes(32).toString('hex');

/** Signs by OpenSSL: the same bytes as the protocol's own signer gives, twenty times as fast; every heartbeat signs. */
export function signerOf(secretHex: string): Signer {
  if (!/^[0-9a-f]{64}$/.test(secretHex)) {
    throw new CoopError('invalid_request', 'The key file of the agent is damaged.', {
      hint: 'Restore it, or enrol the machine again.',
    });
  }
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, Buffer.from(secretHex, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: publicDer.subarray(-32).toString('hex'),
    sign: (message) => sign(null, message, key),
  };
}
