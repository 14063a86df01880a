/** Ids are random and prefixed, so that a reader and a log line both know what an id names. */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32: no i, l, o, u

export const idPrefixes = {
  user: 'usr',
  key: 'key',
  machine: 'mch',
  offer: 'off',
  quote: 'qte',
  run: 'run',
  lease: 'lse',
  transfer: 'trf',
  account: 'acc',
  statement: 'stm',
  joinToken: 'jtk',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** 16 random bytes become `run_` and 26 base-32 digits (128 bits). Randomness is an argument: this room has none. */
export function makeId(kind: IdKind, randomBytes: Uint8Array): string {
  return `${idPrefixes[kind]}_${encodeBase32(randomBytes)}`;
}

export function isId(kind: IdKind, text: string): boolean {
  return new RegExp(`^${idPrefixes[kind]}_[${ALPHABET}]{26}$`).test(text);
}

export function encodeBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}
