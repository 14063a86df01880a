import { doWhile, get, i32, i32x4, set, v128 } from './assembler.ts';
import type { Local, WasmFunction } from './assembler.ts';
import { splat } from './mixing.ts';

/** `dot(row, column, bytes)`: the exact sum of products of signed bytes, a multiple of eight of them. */
export const dot: WasmFunction = {
  name: 'dot',
  params: 3,
  returns: true,
  body: ({ params, local }) => {
    const [row, column, bytes] = params as [Local, Local, Local];
    const [sum, end] = [local('v128'), local('i32')];
    const lane = (n: number) => i32x4.extract(get(sum), n);
    return [
      set(end, i32.add(get(row), get(bytes))),
      set(sum, splat(0)),
      doWhile(
        [
          set(sum, i32x4.add(get(sum), i32x4.dotI16x8(v128.load8x8s(get(row)), v128.load8x8s(get(column))))),
          set(row, i32.add(get(row), i32.const(8))),
          set(column, i32.add(get(column), i32.const(8))),
        ],
        i32.ltU(get(row), get(end)),
      ),
      i32.add(i32.add(lane(0), lane(1)), i32.add(lane(2), lane(3))),
    ];
  },
};
