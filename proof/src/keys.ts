import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Keys are hashes of the transcript so far: whatever was said before them, by either side, is bound by the work done under them. */

const LABEL = 'gpu-proof/v2/';

export function labelled(label: string, ...parts: Uint8Array[]): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(LABEL + label), ...parts));
}

/** `transcript`: after the challenge. */
export function workKey(transcript: Uint8Array): Uint32Array<ArrayBuffer> {
  return wordsOf(labelled('work', transcript));
}

/** `transcript`: after the nonce of the exchange. The first pass of an exchange follows no root. */
export function passKey(transcript: Uint8Array, pass: number, previousRoot?: Uint8Array): Uint32Array<ArrayBuffer> {
  return wordsOf(labelled('pass', transcript, le32(pass), previousRoot ?? new Uint8Array()));
}

/** The passes of one exchange in order; `roots` are their roots, 32 bytes each, of which the last one keys nothing. */
export function passKeys(transcript: Uint8Array, passes: number, roots: Uint8Array): Uint32Array<ArrayBuffer>[] {
  return Array.from({ length: passes }, (_, pass) =>
    passKey(transcript, pass, pass === 0 ? undefined : roots.subarray(32 * (pass - 1), 32 * pass)),
  );
}

export function le32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

function wordsOf(hash: Uint8Array): Uint32Array<ArrayBuffer> {
  const view = new DataView(hash.buffer, hash.byteOffset);
  return Uint32Array.from({ length: 8 }, (_, n) => view.getUint32(4 * n, true));
}

/**
 * The words that lanes add and xor: lane l of a counter is its value mod 4, and has words 2l and 2l+1 of the key. `matrix`: 1 for X_0, 2
 * for B, 0 for the pad of a pass.
 */
export function laneWords(
  key: Uint32Array,
  matrix: 0 | 1 | 2,
): { added: Uint32Array<ArrayBuffer>; xored: Uint32Array<ArrayBuffer> } {
  const salt = Math.imul(matrix, 0x632be5ab);
  return {
    added: Uint32Array.from({ length: 4 }, (_, lane) => key[2 * lane]! + salt),
    xored: Uint32Array.from({ length: 4 }, (_, lane) => key[2 * lane + 1]!),
  };
}
