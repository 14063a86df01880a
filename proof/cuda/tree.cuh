// Trees of hashes. All levels of the trees of many slabs lie in one array of hashes, level after level: hash k of a level is over
// hashes 2k and 2k + 1 of the one below, whichever slab they belong to.
#pragma once
#include "sha256.cuh"

/// Two vectors of 16 bytes are a hash.
constexpr uint32_t HASH_VECTORS = 2;
constexpr uint32_t LEAF_VECTORS = 16;
/// Leaves that one block hashes: at least a row of the largest n.
constexpr uint32_t LEAVES_OF_BLOCK = 256;

/// From the leaves of one slab to the nodes of its rows, which go to tree[base + row]. Blocks of 256 threads.
ENTRY row_nodes(const uint4* slab, uint4* tree, uint32_t n, uint32_t base) {
  __shared__ __align__(16) uint4 hashes[HASH_VECTORS * LEAVES_OF_BLOCK];
  const uint32_t leaves_of_row = n / 256, rows_of_block = LEAVES_OF_BLOCK / leaves_of_row, me = threadIdx.x;
  for (uint32_t block = blockIdx.x; block < n / rows_of_block; block += gridDim.x) {
    const size_t leaf = static_cast<size_t>(block) * LEAVES_OF_BLOCK + me;
    write_hash(hashes + HASH_VECTORS * me, hash_256(slab + LEAF_VECTORS * leaf));
    __syncthreads();
    for (uint32_t left = LEAVES_OF_BLOCK / 2; left >= rows_of_block; left /= 2) {
      Hash above{};
      if (me < left) above = hash_64(hashes + 2 * HASH_VECTORS * me);
      __syncthreads();
      if (me < left) write_hash(hashes + HASH_VECTORS * me, above);
      __syncthreads();
    }
    if (me < rows_of_block) {
      uint4* to = tree + HASH_VECTORS * (base + static_cast<size_t>(block) * rows_of_block + me);
      to[0] = hashes[HASH_VECTORS * me];
      to[1] = hashes[HASH_VECTORS * me + 1];
    }
    __syncthreads();
  }
}

/// `count` hashes at tree[to ..] over those at tree[from ..].
ENTRY join(uint4* tree, uint32_t from, uint32_t to, uint32_t count) {
  for (uint32_t k = blockIdx.x * blockDim.x + threadIdx.x; k < count; k += gridDim.x * blockDim.x) {
    write_hash(tree + HASH_VECTORS * (static_cast<size_t>(to) + k), hash_64(tree + HASH_VECTORS * (from + 2 * static_cast<size_t>(k))));
  }
}
