import { mixing } from './mixing.ts';

/** Numbers: n, first slab, rows. A group reads one row. */
export const digest = /* wgsl */ `${mixing}
@group(0) @binding(1) var<storage, read_write> slabs: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> pad: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> tree: array<vec4<u32>>;

var<workgroup> sums: array<vec4<u32>, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) me: u32,
) {
  let n = number(0u);
  let vectors = n / 16u;
  for (var row = group.x; row < number(2u); row += groups.x) {
    var sum = vec4(0u);
    for (var k = me; k < vectors; k += 64u) { sum += mix4(slabs[row * vectors + k] ^ pad[k]); }
    sums[me] = sum;
    workgroupBarrier();
    for (var left = 32u; left > 0u; left /= 2u) {
      if (me < left) { sums[me] += sums[me + left]; }
      workgroupBarrier();
    }
    if (me == 0u) {
      tree[2u * row] = swapped(sums[0]);
      tree[2u * row + 1u] = swapped(vec4(number(1u) + row / n, row % n, 0u, 0u));
    }
    workgroupBarrier();
  }
}
`;
