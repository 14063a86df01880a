import { mixing } from './mixing.ts';

/** Numbers: quads, four words to add, four to xor. */
export const generate = /* wgsl */ `${mixing}
@group(0) @binding(1) var<storage, read_write> out: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let added = vec4(number(1u), number(2u), number(3u), number(4u));
  let xored = vec4(number(5u), number(6u), number(7u), number(8u));
  for (var q = id.x; q < number(0u); q += 64u * groups.x) {
    out[q] = mix4(mix4(vec4(4u * q) + vec4(0u, 1u, 2u, 3u) + added) ^ xored);
  }
}
`;
