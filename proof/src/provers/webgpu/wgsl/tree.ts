import { sha256 } from './sha256.ts';

/** Numbers: n, where the nodes go. A group hashes 256 leaves, which are whole rows of any n, and what is over them. */
export const rowNodes = /* wgsl */ `${sha256}
@group(0) @binding(1) var<storage, read_write> slab: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> tree: array<vec4<u32>>;

var<workgroup> hashes: array<Hash, 256>;

fn leafHash(leaf: u32) -> Hash {
  var state = START;
  for (var block = 0u; block < 4u; block++) {
    let at = 16u * leaf + 4u * block;
    state = absorb(state, swapped(slab[at]), swapped(slab[at + 1u]), swapped(slab[at + 2u]), swapped(slab[at + 3u]));
  }
  return finish256(state);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) me: u32,
) {
  let n = number(0u);
  let rowsOfBlock = 65536u / n;
  for (var block = group.x; block < n / rowsOfBlock; block += groups.x) {
    hashes[me] = leafHash(256u * block + me);
    workgroupBarrier();
    for (var left = 128u; left >= rowsOfBlock; left /= 2u) {
      var above = START;
      if (me < left) { above = hash64(hashes[2u * me], hashes[2u * me + 1u]); }
      workgroupBarrier();
      if (me < left) { hashes[me] = above; }
      workgroupBarrier();
    }
    if (me < rowsOfBlock) {
      let to = 2u * (number(1u) + block * rowsOfBlock + me);
      tree[to] = swapped(hashes[me].front);
      tree[to + 1u] = swapped(hashes[me].back);
    }
    workgroupBarrier();
  }
}
`;

/** Numbers: from, to, count. */
export const join = /* wgsl */ `${sha256}
@group(0) @binding(1) var<storage, read_write> tree: array<vec4<u32>>;

fn hashAt(k: u32) -> Hash { return Hash(swapped(tree[2u * k]), swapped(tree[2u * k + 1u])); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var k = id.x; k < number(2u); k += 64u * groups.x) {
    let below = number(0u) + 2u * k;
    let above = hash64(hashAt(below), hashAt(below + 1u));
    let to = 2u * (number(1u) + k);
    tree[to] = swapped(above.front);
    tree[to + 1u] = swapped(above.back);
  }
}
`;
