// Openings: pieces from anywhere, one after the other.
#pragma once
#include "device.cuh"

/// From, to and length of a piece, in units of 32 bytes.
struct Piece { uint32_t from, to, units, unused; };

/// Pieces first .. first + count - 1 of the list, one to a block.
ENTRY gather(const uint4* source, const Piece* pieces, uint4* out, uint32_t first, uint32_t count) {
  for (uint32_t k = blockIdx.x; k < count; k += gridDim.x) {
    const Piece piece = pieces[first + k];
    const uint4* from = source + 2 * static_cast<size_t>(piece.from);
    uint4* to = out + 2 * static_cast<size_t>(piece.to);
    for (uint32_t at = threadIdx.x; at < 2 * piece.units; at += blockDim.x) to[at] = from[at];
  }
}
