// Matrices and pads.
#pragma once
#include "mixing.cuh"

/// Words 4q .. 4q + 3 of a generated matrix or pad, `quads` of them. Lane l of a counter is its value mod 4.
ENTRY generate(uint4* out, uint32_t quads, uint32_t added0, uint32_t added1, uint32_t added2, uint32_t added3, uint32_t xored0,
               uint32_t xored1, uint32_t xored2, uint32_t xored3) {
  for (uint32_t q = blockIdx.x * blockDim.x + threadIdx.x; q < quads; q += gridDim.x * blockDim.x) {
    out[q] = make_uint4(mix(mix(4 * q + added0) ^ xored0), mix(mix(4 * q + 1 + added1) ^ xored1),
                        mix(mix(4 * q + 2 + added2) ^ xored2), mix(mix(4 * q + 3 + added3) ^ xored3));
  }
}
