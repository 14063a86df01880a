import { mixing } from './mixing.ts';

/** Numbers: first piece, count. A group copies one piece: from, to and length in units of 32 bytes. */
export const gather = /* wgsl */ `${mixing}
@group(0) @binding(1) var<storage, read_write> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> pieces: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) me: u32,
) {
  for (var k = group.x; k < number(1u); k += groups.x) {
    let piece = pieces[number(0u) + k];
    for (var at = me; at < 2u * piece.z; at += 64u) { out[2u * piece.y + at] = source[2u * piece.x + at]; }
  }
}
`;
