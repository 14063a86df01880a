import { doWhile, get, i32, i32x4, pop, set, tee, v128 } from './assembler.ts';
import { bytesSwapped, splat } from './mixing.ts';
import type { Body, Code, Local, WasmFunction } from './assembler.ts';

/**
 * SHA-256 (FIPS 180-4) of messages that are a whole number of 64-byte blocks, four at a time, one in each 32-bit lane.
 * All our trees hash 64 or 256 bytes, so the block of padding is a constant of each length, and its schedule a table.
 */

/** `hash4(in, stride, blocks, out, groups, padding)`: `groups` times four messages that stand `stride` bytes apart; 32 bytes each to `out`. */
export const hash4: WasmFunction = {
  name: 'hash4',
  params: 6,
  body: ({ params, local }) => {
    const [from, stride, blocks, out, groups, padding] = params as [Local, Local, Local, Local, Local, Local];
    const state = eight(local);
    const words = Array.from({ length: 16 }, () => local('v128'));
    const block = local('i32');
    const left = local('i32');
    const scratch: Scratch = {
      round: local('i32'),
      work: eight(local),
      a: local('v128'),
      b: local('v128'),
      messages: Array.from({ length: 4 }, () => local('i32')),
    };
    const advance = i32.add(get(from), i32.shl(get(stride), i32.const(2)));
    return doWhile(
      [
        state.map((word, n) => set(word, splat(initialState()[n]!))),
        set(block, get(from)),
        set(left, get(blocks)),
        doWhile(
          [
            loadWords(words, block, stride, scratch),
            compressBlock(state, words, scratch),
            set(block, i32.add(get(block), i32.const(64))),
          ],
          tee(left, i32.add(get(left), i32.const(-1))),
        ),
        compressPadding(state, padding, scratch),
        storeDigests(state, out),
        set(from, advance),
        set(out, i32.add(get(out), i32.const(128))),
      ],
      tee(groups, i32.add(get(groups), i32.const(-1))),
    );
  },
};

/** The tables that `hash4` reads, in this order: the round constants, then what the padding of 64 and of 256 bytes adds in each round. */
export const shaTables: Uint32Array<ArrayBuffer> = Uint32Array.from([
  ...roundConstants(),
  ...paddingRounds(64),
  ...paddingRounds(256),
]);
export const SHA_TABLES_AT = 0;
export const paddingAt = { 64: 256, 256: 512 } as const;

type Scratch = { round: Local; work: Local[]; a: Local; b: Local; messages: Local[] };

const eight = (local: Body['local']): Local[] => Array.from({ length: 8 }, () => local('v128'));
const rotr = (x: Code, bits: number): Code => v128.or(i32x4.shrU(x, bits), i32x4.shl(x, 32 - bits));
const xor3 = (a: Code, b: Code, c: Code): Code => v128.xor(v128.xor(a, b), c);
const sum = (...terms: Code[]): Code => terms.reduce((a, b) => i32x4.add(a, b));

function compressBlock(state: Local[], words: Local[], scratch: Scratch): Code {
  const { round, work } = scratch;
  const constant = (n: number): Code => v128.load32Splat(get(round), SHA_TABLES_AT + 4 * n);
  const rounds = (schedule: boolean): Code =>
    words.map((word, n) => [
      schedule ? extendWord(words, n) : [],
      oneRound(work, n, i32x4.add(get(word), constant(n)), scratch),
    ]);
  return [
    work.map((word, n) => set(word, get(state[n]!))),
    set(round, i32.const(0)),
    rounds(false),
    set(round, i32.const(64)),
    doWhile([rounds(true), set(round, i32.add(get(round), i32.const(64)))], i32.ltU(get(round), i32.const(256))),
    state.map((word, n) => set(word, i32x4.add(get(word), get(work[n]!)))),
  ];
}

/** Schedule and constants of the padding are one table: nothing is computed but the rounds. */
function compressPadding(state: Local[], padding: Local, scratch: Scratch): Code {
  const { round, work } = scratch;
  const sixteen = Array.from({ length: 16 }, (_, n) => oneRound(work, n, v128.load32Splat(get(round), 4 * n), scratch));
  return [
    work.map((word, n) => set(word, get(state[n]!))),
    set(round, get(padding)),
    doWhile(
      [sixteen, set(round, i32.add(get(round), i32.const(64)))],
      i32.ltU(get(round), i32.add(get(padding), i32.const(256))),
    ),
    state.map((word, n) => set(word, i32x4.add(get(word), get(work[n]!)))),
  ];
}

/** Instead of moving the eight words along, the names move; after eight rounds they are where they were. */
function oneRound(work: Local[], n: number, wordAndConstant: Code, { a: t1, b: t2 }: Scratch): Code {
  const name = (index: number): Local => work[(((index - n) % 8) + 8) % 8]!;
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(name) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const sigma1 = xor3(rotr(get(e), 6), rotr(get(e), 11), rotr(get(e), 25));
  const choice = v128.bitselect(get(f), get(g), get(e));
  const sigma0 = xor3(rotr(get(a), 2), rotr(get(a), 13), rotr(get(a), 22));
  const majority = v128.bitselect(get(a), get(c), v128.xor(get(b), get(c)));
  // Where b and c differ, a decides; where they agree, c is the answer.
  return [
    set(t1, sum(get(h), sigma1, choice, wordAndConstant)),
    set(t2, i32x4.add(sigma0, majority)),
    set(d, i32x4.add(get(d), get(t1))),
    set(h, i32x4.add(get(t1), get(t2))),
  ];
}

function extendWord(words: Local[], n: number): Code {
  const word = (back: number): Code => get(words[(n + 16 - back) % 16]!);
  const s0 = xor3(rotr(word(15), 7), rotr(word(15), 18), i32x4.shrU(word(15), 3));
  const s1 = xor3(rotr(word(2), 17), rotr(word(2), 19), i32x4.shrU(word(2), 10));
  return set(words[n]!, sum(get(words[n]!), s0, word(7), s1));
}

function loadWords(words: Local[], block: Local, stride: Local, { messages }: Scratch): Code {
  const addresses = messages.map((message, n) =>
    set(message, n === 0 ? get(block) : i32.add(get(messages[n - 1]!), get(stride))),
  );
  const quarters = [0, 1, 2, 3].map((quarter) => {
    const four = words.slice(4 * quarter, 4 * quarter + 4);
    const loads = four.map((word, n) => {
      const raw = v128.load(get(messages[n]!), 16 * quarter);
      return set(word, bytesSwapped(raw));
    });
    return [loads, transpose(four)];
  });
  return [addresses, quarters];
}

function storeDigests(state: Local[], out: Local): Code {
  const halves = [state.slice(0, 4), state.slice(4, 8)];
  return halves.map((half, h) => [
    transpose(half),
    half.map((word, n) => v128.store(get(out), bytesSwapped(get(word)), 32 * n + 16 * h)),
  ]);
}

/** Four vectors of four words: rows become columns, in place. */
function transpose([a, b, c, d]: readonly Local[]): Code {
  const into = (low: readonly number[], high: readonly number[], x: Local, y: Local): Code => [
    v128.shuffle(get(x), get(y), low),
    v128.shuffle(get(x), get(y), high),
  ];
  const taken = [d!, c!, b!, a!].map(pop);
  return [
    into(lanes(0, 4, 1, 5), lanes(2, 6, 3, 7), a!, b!),
    into(lanes(0, 4, 1, 5), lanes(2, 6, 3, 7), c!, d!),
    taken,
    into(lanes(0, 1, 4, 5), lanes(2, 3, 6, 7), a!, c!),
    into(lanes(0, 1, 4, 5), lanes(2, 3, 6, 7), b!, d!),
    taken,
  ];
}

function lanes(...words: number[]): number[] {
  return words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
}

/** FIPS 180-4: the first 32 bits of the fractions of roots of the first primes, which a double holds exactly enough. */
function initialState(): number[] {
  return primes(8).map((prime) => fraction(Math.sqrt(prime)));
}

function roundConstants(): number[] {
  return primes(64).map((prime) => fraction(Math.cbrt(prime)));
}

function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32) >>> 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** Schedule plus constant of the block that pads a message of so many bytes, a multiple of 64. */
function paddingRounds(messageBytes: number): number[] {
  const words = [0x80000000, ...Array.from({ length: 14 }, () => 0), messageBytes * 8];
  const turned = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits));
  for (let n = 16; n < 64; n++) {
    const [w15, w2] = [words[n - 15]!, words[n - 2]!];
    const s0 = turned(w15, 7) ^ turned(w15, 18) ^ (w15 >>> 3);
    const s1 = turned(w2, 17) ^ turned(w2, 19) ^ (w2 >>> 10);
    words.push((words[n - 16]! + s0 + words[n - 7]! + s1) | 0);
  }
  const constants = roundConstants();
  return words.map((word, n) => (word + constants[n]!) >>> 0);
}
