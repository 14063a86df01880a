import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { labelled } from './keys.ts';
import { SIGNATURE_BYTES } from './messages.ts';

/** What was said so far, as one hash. Every signature and every key is made over it, so nothing of one challenge means anything in another. */
export const EMPTY_TRANSCRIPT: Uint8Array = new Uint8Array(32);

/** 64 bytes over 32: the caller holds the key, which for a machine may be in another place. */
export type Sign = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** `digest`: of the message without its signature. */
export function afterMessage(transcript: Uint8Array, digest: Uint8Array, signature?: Uint8Array): Uint8Array {
  return labelled('transcript', transcript, digest, signature ?? new Uint8Array());
}

export const afterUnsigned = (transcript: Uint8Array, message: Uint8Array): Uint8Array =>
  afterMessage(transcript, sha256(message));

/** The 32 bytes that are signed. */
export function signedBytes(transcript: Uint8Array, digest: Uint8Array): Uint8Array {
  return labelled('signed', transcript, digest);
}

/** Puts the signature behind the message. */
export async function signed(
  unsigned: Uint8Array,
  transcript: Uint8Array,
  sign: Sign,
  digest: Uint8Array = sha256(unsigned),
): Promise<{ message: Uint8Array; transcript: Uint8Array }> {
  const signature = await sign(signedBytes(transcript, digest));
  const message = new Uint8Array(unsigned.length + SIGNATURE_BYTES);
  message.set(unsigned);
  message.set(signature, unsigned.length);
  return { message, transcript: afterMessage(transcript, digest, signature) };
}

/** The transcript after a signed message; undefined when the signature is not this key's. */
export function verified(
  message: Uint8Array,
  transcript: Uint8Array,
  publicKey: Uint8Array,
  digestOf: (unsigned: Uint8Array) => Uint8Array = sha256,
): Uint8Array | undefined {
  const at = message.length - SIGNATURE_BYTES;
  const digest = digestOf(message.subarray(0, at));
  const signature = message.subarray(at);
  if (!isSignature(signature, signedBytes(transcript, digest), publicKey)) return undefined;
  return afterMessage(transcript, digest, signature);
}

/** A key that is no point of the curve makes noble throw: it has signed nothing. `zip215: false`: one signature has one encoding. */
function isSignature(signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
