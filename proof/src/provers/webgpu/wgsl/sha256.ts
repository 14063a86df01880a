import { mixing } from './mixing.ts';

/**
 * SHA-256 (FIPS 180-4) of whole blocks, and of the padding behind them. All rounds are written out, with names in place of indices: a
 * table that is indexed at run time is copied for every look by some compilers of shaders.
 */

const ROUND_WORDS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

/** `wordOf`: what round k adds. */
function rounds(wordOf: (k: number) => string, after: (k: number) => string = () => ''): string {
  return ROUND_WORDS.map((_, k) => {
    const [a, b, c, d, e, f, g, h] = Array.from('abcdefgh', (_letter, n) => 'abcdefgh'[(n - k + 64) % 8]!);
    return `${h} += upper1(${e}) + ((${e} & ${f}) ^ (~${e} & ${g})) + ${wordOf(k)};
      ${d} += ${h}; ${h} += upper0(${a}) + ((${a} & ${b}) ^ (${a} & ${c}) ^ (${b} & ${c}));${after(k)}`;
  }).join('\n      ');
}

/** The word that round k used becomes the one that round k + 16 will use. */
function scheduled(k: number): string {
  return k >= 48 ? '' : ` w${k % 16} += lower0(w${(k + 1) % 16}) + w${(k + 9) % 16} + lower1(w${(k + 14) % 16});`;
}

/** Literals: the padding block of a message of `bytes`, a multiple of 64, is known beforehand. */
function paddingWords(bytes: number): number[] {
  const rotated = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits));
  const w = [0x80000000, ...Array.from({ length: 14 }, () => 0), 8 * bytes];
  for (let k = 16; k < 64; k++) {
    const [early, late] = [w[k - 15]!, w[k - 2]!];
    const lower0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const lower1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    w.push((w[k - 16]! + lower0 + w[k - 7]! + lower1) >>> 0);
  }
  return w.map((word, k) => (word + ROUND_WORDS[k]!) >>> 0);
}

const finish = (bytes: 64 | 256): string => {
  const words = paddingWords(bytes);
  return `fn finish${bytes}(state: Hash) -> Hash {
      ${open}
      ${rounds((k) => `${words[k]}u`)}
      ${close}
  }`;
};

const open = Array.from('abcdefgh', (name, n) => `var ${name} = state.${n < 4 ? 'front' : 'back'}[${n % 4}];`).join(
  ' ',
);
const close = 'return Hash(state.front + vec4(a, b, c, d), state.back + vec4(e, f, g, h));';
const words = Array.from({ length: 16 }, (_, k) => `var w${k} = block${k >> 2}[${k % 4}];`).join(' ');

export const sha256 = /* wgsl */ `${mixing}
/// Words a to d, and e to h.
struct Hash { front: vec4<u32>, back: vec4<u32> }
const START = Hash(
  vec4(0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au),
  vec4(0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u),
);

fn rotated(x: u32, bits: u32) -> u32 { return (x >> bits) | (x << (32u - bits)); }
fn upper0(x: u32) -> u32 { return rotated(x, 2u) ^ rotated(x, 13u) ^ rotated(x, 22u); }
fn upper1(x: u32) -> u32 { return rotated(x, 6u) ^ rotated(x, 11u) ^ rotated(x, 25u); }
fn lower0(x: u32) -> u32 { return rotated(x, 7u) ^ rotated(x, 18u) ^ (x >> 3u); }
fn lower1(x: u32) -> u32 { return rotated(x, 17u) ^ rotated(x, 19u) ^ (x >> 10u); }

fn absorb(state: Hash, block0: vec4<u32>, block1: vec4<u32>, block2: vec4<u32>, block3: vec4<u32>) -> Hash {
  ${open}
  ${words}
  ${rounds((k) => `${ROUND_WORDS[k]}u + w${k % 16}`, scheduled)}
  ${close}
}

${finish(64)}
${finish(256)}

fn hash64(left: Hash, right: Hash) -> Hash {
  return finish64(absorb(START, left.front, left.back, right.front, right.back));
}
`;
