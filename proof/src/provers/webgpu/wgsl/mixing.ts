/** The mixing of the protocol, and the numbers that each launch brings. */
export const mixing = /* wgsl */ `
struct Numbers { words: array<vec4<u32>, 4> }
@group(0) @binding(0) var<uniform> numbers: Numbers;

fn number(k: u32) -> u32 { return numbers.words[k / 4u][k % 4u]; }

fn mix(word: u32) -> u32 {
  var x = word;
  x ^= x >> 16u;
  x *= 0x85ebca6bu;
  x ^= x >> 13u;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16u);
}

fn mix4(words: vec4<u32>) -> vec4<u32> {
  var x = words;
  x ^= x >> vec4(16u);
  x *= 0x85ebca6bu;
  x ^= x >> vec4(13u);
  x *= 0xc2b2ae35u;
  return x ^ (x >> vec4(16u));
}

/// Between the order of a hash's words and that of its bytes.
fn swapped(x: vec4<u32>) -> vec4<u32> {
  let halves = ((x & vec4(0x00ff00ffu)) << vec4(8u)) | ((x >> vec4(8u)) & vec4(0x00ff00ffu));
  return (halves << vec4(16u)) | (halves >> vec4(16u));
}
`;
