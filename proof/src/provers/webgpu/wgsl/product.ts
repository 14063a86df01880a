import { mixing } from './mixing.ts';

/** Entries on a side of what a group multiplies. */
export const PRODUCT_TILE = 64;

/**
 * Numbers: n, round counted from 1. A group of 16 × 16 makes 64 × 64 entries, in steps of 64 bytes of depth; a thread makes rows 4y .. 4y + 3,
 * which are one word of the turned result, of columns x, x + 16, x + 32 and x + 48. `packed`: the device has products of four bytes.
 */
export const product = (packed: boolean): string => /* wgsl */ `${mixing}
@group(0) @binding(1) var<storage, read_write> x: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> b: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;

/// One word more than the depth: rows that are read at once start in different banks.
const LINE = 17u;
var<workgroup> rows: array<u32, 64u * LINE>;
var<workgroup> columns: array<u32, 64u * LINE>;

${packed ? packedDot : plainDot}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = number(0u);
  let round = number(1u);
  let firstRow = group.y * 64u;
  let firstColumn = group.x * 64u;
  var sums: array<vec4<i32>, 4>;
  for (var depth = 0u; depth < n / 16u; depth += 4u) {
    let line = thread / 4u;
    let vector = thread % 4u;
    let fromX = x[(firstRow + line) * (n / 16u) + depth + vector];
    let fromB = b[(firstColumn + line) * (n / 16u) + depth + vector];
    for (var k = 0u; k < 4u; k++) {
      rows[line * LINE + 4u * vector + k] = fromX[k];
      columns[line * LINE + 4u * vector + k] = fromB[k];
    }
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) {
      let row = vec4(
        rows[(4u * local.y) * LINE + k],
        rows[(4u * local.y + 1u) * LINE + k],
        rows[(4u * local.y + 2u) * LINE + k],
        rows[(4u * local.y + 3u) * LINE + k],
      );
      for (var c = 0u; c < 4u; c++) {
        let column = columns[(local.x + 16u * c) * LINE + k];
        sums[c] += vec4(dot4(row.x, column), dot4(row.y, column), dot4(row.z, column), dot4(row.w, column));
      }
    }
    workgroupBarrier();
  }
  let i = firstRow + 4u * local.y;
  for (var c = 0u; c < 4u; c++) {
    let j = firstColumn + local.x + 16u * c;
    let index = (vec4(i) + vec4(0u, 1u, 2u, 3u)) * n + j;
    let folded = mix4(vec4<u32>(sums[c]) + index * 0x9e3779b1u + round * 0x85ebca77u) & vec4(0xffu);
    out[(j * n + i) / 4u] = folded.x | (folded.y << 8u) | (folded.z << 16u) | (folded.w << 24u);
  }
}
`;

const packedDot = 'fn dot4(a: u32, b: u32) -> i32 { return dot4I8Packed(a, b); }';
/** Each byte with its sign, by shifting it up and down again. */
const plainDot = `
fn dot4(a: u32, b: u32) -> i32 {
  let shifts = vec4(24u, 16u, 8u, 0u);
  return dot((vec4(bitcast<i32>(a)) << shifts) >> vec4(24u), (vec4(bitcast<i32>(b)) << shifts) >> vec4(24u));
}`;
