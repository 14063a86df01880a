// The mixing of the protocol (docs/internals/proof.md, section 2).
#pragma once
#include "device.cuh"

__device__ inline uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16);
}

/// The byte that the sum over row i and column j becomes; `round` is t + 1, `index` i * n + j.
__device__ inline uint8_t fold_entry(int sum, uint32_t index, uint32_t round) {
  return static_cast<uint8_t>(mix(static_cast<uint32_t>(sum) + index * 0x9e3779b1u + round * 0x85ebca77u));
}
