import { doWhile, get, i32, set, tee, v128 } from './assembler.ts';
import type { Local, WasmFunction } from './assembler.ts';

/**
 * `join(nodes, siblings, stride, indices, out, count)`: one level of many paths. Each node of 32 bytes stands left of its sibling where its
 * index is even and right of it where it is odd; the pairs go to `out`, 64 bytes each, and every index is halved.
 */
export const join: WasmFunction = {
  name: 'join',
  params: 6,
  body: ({ params, local }) => {
    const [nodes, siblings, stride, indices, out, count] = params as [Local, Local, Local, Local, Local, Local];
    const [index, side] = [local('i32'), local('i32')];
    const own = i32.add(get(out), get(side));
    const other = i32.sub(i32.add(get(out), i32.const(32)), get(side));
    const copy = (from: Local, to: typeof own) => [
      v128.store(to, v128.load(get(from))),
      v128.store(to, v128.load(get(from), 16), 16),
    ];
    return doWhile(
      [
        set(side, i32.shl(i32.and(tee(index, i32.load(get(indices))), i32.const(1)), i32.const(5))),
        i32.store(get(indices), i32.shrU(get(index), i32.const(1))),
        copy(nodes, own),
        copy(siblings, other),
        set(nodes, i32.add(get(nodes), i32.const(32))),
        set(siblings, i32.add(get(siblings), get(stride))),
        set(indices, i32.add(get(indices), i32.const(4))),
        set(out, i32.add(get(out), i32.const(64))),
      ],
      tee(count, i32.sub(get(count), i32.const(1))),
    );
  },
};
