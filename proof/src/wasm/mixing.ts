import { get, i32, i32x4, set, tee, v128, doWhile } from './assembler.ts';
import type { Code, Local, WasmFunction } from './assembler.ts';

/** The mixing of the protocol, four words at a time, and what is made of it: generated matrices, pads and residency digests. */

/** `mix` of the page, section 2, of the words in `x`, in place. */
export function mixInPlace(x: Local): Code {
  const shifted = (bits: number): Code => set(x, v128.xor(get(x), i32x4.shrU(get(x), bits)));
  const times = (factor: number): Code => set(x, i32x4.mul(get(x), splat(factor)));
  return [shifted(16), times(0x85ebca6b), shifted(13), times(0xc2b2ae35), shifted(16)];
}

export function splat(word: number): Code {
  return v128.const([word, word, word, word]);
}

/**
 * `generate(out, counter, words, added, xored)`: words counter .. counter + words - 1, a multiple of four, as
 * mix(mix(counter + added[lane]) xor xored[lane]). `added` and `xored` are addresses of the four words of each lane.
 */
export const generate: WasmFunction = {
  name: 'generate',
  params: 5,
  body: ({ params, local }) => {
    const [out, counter, words, added, xored] = params as [Local, Local, Local, Local, Local];
    const [x, counters, plus, flip] = [local('v128'), local('v128'), local('v128'), local('v128')];
    return [
      set(plus, v128.load(get(added))),
      set(flip, v128.load(get(xored))),
      set(counters, i32x4.add(i32x4.add(i32x4.splat(get(counter)), v128.const([0, 1, 2, 3])), get(plus))),
      doWhile(
        [
          set(x, get(counters)),
          mixInPlace(x),
          set(x, v128.xor(get(x), get(flip))),
          mixInPlace(x),
          v128.store(get(out), get(x)),
          set(out, i32.add(get(out), i32.const(16))),
          set(counters, i32x4.add(get(counters), splat(4))),
        ],
        tee(words, i32.add(get(words), i32.const(-4))),
      ),
    ];
  },
};

/**
 * `digest(row, pad, bytes, out, slab, number, rows)`: the 32-byte residency leaves of `rows` rows that follow each other, `bytes` long (a
 * multiple of 64), numbered from `number`, under the pad that `generate` made.
 */
export const digest: WasmFunction = {
  name: 'digest',
  params: 7,
  body: ({ params, local }) => {
    const [row, pad, bytes, out, slab, number, rows] = params as [Local, Local, Local, Local, Local, Local, Local];
    const at = local('i32');
    const xs = [local('v128'), local('v128'), local('v128'), local('v128')];
    const sums = [local('v128'), local('v128'), local('v128'), local('v128')];
    const zero = v128.const([0, 0, 0, 0]);
    const step = xs.map((x, n) => [
      set(x, v128.xor(v128.load(i32.add(get(row), get(at)), 16 * n), v128.load(i32.add(get(pad), get(at)), 16 * n))),
    ]);
    const lanes = sums.reduce<Code>((sum, one) => i32x4.add(sum, get(one)), zero);
    return doWhile(
      [
        sums.map((sum) => set(sum, zero)),
        set(at, i32.const(0)),
        doWhile(
          [
            step,
            xs.map(mixInPlace),
            xs.map((x, n) => set(sums[n]!, i32x4.add(get(sums[n]!), get(x)))),
            set(at, i32.add(get(at), i32.const(64))),
          ],
          i32.ltU(get(at), get(bytes)),
        ),
        v128.store(get(out), bytesSwapped(lanes)),
        v128.store(get(out), bytesSwapped(slabAndRow(slab, number)), 16),
        set(row, i32.add(get(row), get(bytes))),
        set(number, i32.add(get(number), i32.const(1))),
        set(out, i32.add(get(out), i32.const(32))),
      ],
      tee(rows, i32.add(get(rows), i32.const(-1))),
    );
  },
};

/** Lanes: slab, row, 0, 0. */
function slabAndRow(slab: Local, number: Local): Code {
  const first = v128.and(i32x4.splat(get(slab)), v128.const([-1, 0, 0, 0]));
  const second = v128.and(i32x4.splat(get(number)), v128.const([0, -1, 0, 0]));
  return v128.or(first, second);
}

const BIG_ENDIAN = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];

/** Words from big-endian to little-endian, or back. */
export function bytesSwapped(value: Code): Code {
  return v128.shuffle(value, v128.const([0, 0, 0, 0]), BIG_ENDIAN);
}
