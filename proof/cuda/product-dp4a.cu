// X B with four-byte dot products, for cards whose tensor cores lack m16n8k32 (compute capability 7.5).
//
// A block makes 64 × 64 entries; its 256 threads each make 4 × 4 of them, from rows y, y + 16 .. and columns x, x + 16 ..
#include "mixing.cuh"

constexpr uint32_t TILE = 64, DEPTH = 64;
/// One word more than the depth: rows that are read at once start in different banks.
constexpr uint32_t LINE_WORDS = DEPTH / 4 + 1;
constexpr uint32_t TURNED_STRIDE = TILE + 16;

/// 64 rows of 64 bytes, from row `first` and byte `depth` on.
__device__ inline void copy_lines(uint32_t* lines, const uint8_t* matrix, uint32_t n, uint32_t first, uint32_t depth) {
  const uint32_t row = threadIdx.x / 4, vector = threadIdx.x % 4;
  const uint4 words = *reinterpret_cast<const uint4*>(matrix + static_cast<size_t>(first + row) * n + depth + 16 * vector);
  uint32_t* to = lines + row * LINE_WORDS + 4 * vector;
  to[0] = words.x;
  to[1] = words.y;
  to[2] = words.z;
  to[3] = words.w;
}

/// out = fold(X B)ᵀ; `b` holds the columns of B as rows, and all are of side n, a multiple of 64. Blocks (n / 64, n / 64) of 256 threads.
ENTRY product(const uint8_t* x, const uint8_t* b, uint8_t* out, uint32_t n, uint32_t round) {
  __shared__ __align__(16) uint32_t rows[TILE * LINE_WORDS];
  __shared__ __align__(16) uint32_t columns[TILE * LINE_WORDS];
  __shared__ __align__(16) uint8_t turned[TILE * TURNED_STRIDE];
  const uint32_t first_row = blockIdx.y * TILE, first_column = blockIdx.x * TILE;
  const uint32_t across = threadIdx.x % 16, down = threadIdx.x / 16;
  int sums[4][4] = {};
  for (uint32_t depth = 0; depth < n; depth += DEPTH) {
    copy_lines(rows, x, n, first_row, depth);
    copy_lines(columns, b, n, first_column, depth);
    __syncthreads();
    for (uint32_t k = 0; k < DEPTH / 4; k++) {
      uint32_t row[4], column[4];
      for (uint32_t a = 0; a < 4; a++) row[a] = rows[(down + 16 * a) * LINE_WORDS + k];
      for (uint32_t a = 0; a < 4; a++) column[a] = columns[(across + 16 * a) * LINE_WORDS + k];
      for (uint32_t a = 0; a < 4; a++) {
        for (uint32_t c = 0; c < 4; c++) sums[a][c] = dot4(row[a], column[c], sums[a][c]);
      }
    }
    __syncthreads();
  }
  for (uint32_t a = 0; a < 4; a++) {
    for (uint32_t c = 0; c < 4; c++) {
      const uint32_t i = down + 16 * a, j = across + 16 * c;
      turned[j * TURNED_STRIDE + i] = fold_entry(sums[a][c], (first_row + i) * n + first_column + j, round);
    }
  }
  __syncthreads();
  const uint32_t j = threadIdx.x / 4, vector = threadIdx.x % 4;
  uint8_t* to = out + static_cast<size_t>(first_column + j) * n + first_row + 16 * vector;
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(turned + j * TURNED_STRIDE + 16 * vector);
}
