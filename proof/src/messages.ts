import { HASH_BYTES, parameterFault, parameterNames } from './parameters.ts';
import type { Parameters } from './parameters.ts';

/**
 * The messages, byte for byte (docs/internals/proof.md, section 7). All numbers are little-endian. Each message has one length, which
 * follows from the parameters; a reader compares it before it reads anything else.
 */
export const kinds = {
  challenge: 1,
  commitment: 2,
  nonce: 3,
  roots: 4,
  query: 5,
  openings: 6,
  verdict: 7,
  ping: 8,
  pong: 9,
} as const;
export type Kind = keyof typeof kinds;

export const ID_BYTES = 16;
export const KEY_BYTES = 32;
export const SLOT_BYTES = 16;
export const SIGNATURE_BYTES = 64;
/** `GP`, the version, the kind; then the challenge's id. */
const HEADER_BYTES = 4 + ID_BYTES;
const VERSION = 2;

export type Challenge = {
  id: Uint8Array;
  verifierKey: Uint8Array;
  proverKey: Uint8Array;
  /** Which device of the prover's: a GPU's UUID, or whatever names it for both sides. */
  slot: Uint8Array;
  parameters: Parameters;
  /** Milliseconds since 1970: after it a prover neither begins nor goes on, and frees the device. */
  expiryMs: bigint;
  seed: Uint8Array;
};

const PARAMETERS_AT = HEADER_BYTES + 2 * KEY_BYTES + SLOT_BYTES;
const EXPIRY_AT = PARAMETERS_AT + 4 * parameterNames.length;
const SEED_AT = EXPIRY_AT + 8;

/** Lengths with the signature, where the kind has one. */
export const lengths = {
  challenge: () => SEED_AT + 32 + SIGNATURE_BYTES,
  commitment: () => HEADER_BYTES + HASH_BYTES + SIGNATURE_BYTES,
  nonce: () => HEADER_BYTES + 4 + 32,
  roots: ({ passes }: Pick<Parameters, 'passes'>) => HEADER_BYTES + 4 + HASH_BYTES * passes + SIGNATURE_BYTES,
  query: () => HEADER_BYTES + 32,
  openings: (bodyBytes: number) => HEADER_BYTES + bodyBytes + SIGNATURE_BYTES,
  ping: () => HEADER_BYTES + 32,
  pong: () => HEADER_BYTES + 32,
} as const;

/** The header, to put a body behind. */
export function message(kind: Kind, id: Uint8Array, ...body: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.reduce((sum, part) => sum + part.length, 0));
  bytes.set([0x47, 0x50, VERSION, kinds[kind]]);
  bytes.set(id, 4);
  let at = HEADER_BYTES;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The body of a message of this kind, challenge and length; undefined when it is anything else. */
export function bodyOf(bytes: Uint8Array, kind: Kind, id: Uint8Array, length: number): Uint8Array | undefined {
  if (bytes.length !== length || !startsAs(bytes, kind)) return undefined;
  if (!equalBytes(bytes.subarray(4, HEADER_BYTES), id)) return undefined;
  return bytes.subarray(HEADER_BYTES);
}

export function encodeChallenge({
  id,
  verifierKey,
  proverKey,
  slot,
  parameters,
  expiryMs,
  seed,
}: Challenge): Uint8Array {
  const numbers = new Uint8Array(4 * parameterNames.length + 8);
  const view = new DataView(numbers.buffer);
  for (const [n, name] of parameterNames.entries()) view.setUint32(4 * n, parameters[name], true);
  view.setBigUint64(4 * parameterNames.length, expiryMs, true);
  return message('challenge', id, verifierKey, proverKey, slot, numbers, seed);
}

/** Undefined for whatever is no challenge of this version with parameters in range. The signature is not looked at. */
export function decodeChallenge(bytes: Uint8Array): Challenge | undefined {
  if (bytes.length !== lengths.challenge() || !startsAs(bytes, 'challenge')) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const parameters = Object.fromEntries(
    parameterNames.map((name, n) => [name, view.getUint32(PARAMETERS_AT + 4 * n, true)]),
  ) as Parameters;
  if (parameterFault(parameters) !== undefined) return undefined;
  const verifierAt = HEADER_BYTES;
  return {
    id: bytes.slice(4, HEADER_BYTES),
    verifierKey: bytes.slice(verifierAt, verifierAt + KEY_BYTES),
    proverKey: bytes.slice(verifierAt + KEY_BYTES, verifierAt + 2 * KEY_BYTES),
    slot: bytes.slice(PARAMETERS_AT - SLOT_BYTES, PARAMETERS_AT),
    parameters,
    expiryMs: view.getBigUint64(EXPIRY_AT, true),
    seed: bytes.slice(SEED_AT, SEED_AT + 32),
  };
}

function startsAs(bytes: Uint8Array, kind: Kind): boolean {
  return bytes[0] === 0x47 && bytes[1] === 0x50 && bytes[2] === VERSION && bytes[3] === kinds[kind];
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}
