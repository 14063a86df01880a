// The residency digests. The whole memory is read once: all else is arranged so that nothing but that takes time.
#pragma once
#include "mixing.cuh"

/// A warp reads so many rows side by side, to have as many loads under way.
constexpr uint32_t ROWS_OF_WARP = 4;

__device__ inline uint32_t sum_of_warp(uint32_t value) {
  for (int bits = 16; bits > 0; bits /= 2) value += from_lane_xor(value, bits);
  return value;
}

/// The digest leaves of `rows` rows of n bytes, a multiple of 256, to tree[0 ..]. The first row is row 0 of slab `first_slab`.
ENTRY digest(const uint4* slabs, const uint4* pad, uint4* tree, uint32_t n, uint32_t first_slab, uint32_t rows) {
  const uint32_t lane = threadIdx.x % 32, vectors = n / 16, warps = gridDim.x * blockDim.x / 32;
  for (uint32_t warp = (blockIdx.x * blockDim.x + threadIdx.x) / 32; warp < rows / ROWS_OF_WARP; warp += warps) {
    const uint4* from = slabs + static_cast<size_t>(warp) * ROWS_OF_WARP * vectors;
    uint4 sums[ROWS_OF_WARP] = {};
    for (uint32_t k = lane; k < vectors; k += 32) {
      const uint4 key = pad[k];
      uint4 words[ROWS_OF_WARP];
      for (uint32_t row = 0; row < ROWS_OF_WARP; row++) words[row] = read_once(from + row * static_cast<size_t>(vectors) + k);
      for (uint32_t row = 0; row < ROWS_OF_WARP; row++) {
        sums[row].x += mix(words[row].x ^ key.x);
        sums[row].y += mix(words[row].y ^ key.y);
        sums[row].z += mix(words[row].z ^ key.z);
        sums[row].w += mix(words[row].w ^ key.w);
      }
    }
    for (uint32_t row = 0; row < ROWS_OF_WARP; row++) {
      const uint4 all = make_uint4(sum_of_warp(sums[row].x), sum_of_warp(sums[row].y), sum_of_warp(sums[row].z),
                                   sum_of_warp(sums[row].w));
      if (lane != row) continue;
      const uint32_t number = warp * ROWS_OF_WARP + row;
      uint4* to = tree + 2 * static_cast<size_t>(number);
      to[0] = make_uint4(swapped(all.x), swapped(all.y), swapped(all.z), swapped(all.w));
      to[1] = make_uint4(swapped(first_slab + number / n), swapped(number % n), 0, 0);
    }
  }
}
