// X B on tensor cores: mma.m16n8k32 on signed bytes, compute capability 8.0 and later.
//
// A block makes a tile of 128 × 256 entries from stages of 64 bytes of depth, of which three are on their way from memory while one is
// worked on. Its eight warps each make 64 × 64 of it: smaller parts would read shared memory more than Hopper's tensor cores wait for. A
// row of a stage is four vectors of 16 bytes, swapped by bits of the row's number, so that the eight rows that a matrix load reads at once
// lie in different banks.
#include "mixing.cuh"

constexpr uint32_t TILE_ROWS = 128, TILE_COLUMNS = 256, DEPTH = 64, STAGES = 4, TENSOR_THREADS = 256;
constexpr uint32_t STAGE_BYTES = (TILE_ROWS + TILE_COLUMNS) * DEPTH;
/// Rows of the turned tile: longer than 128 to spread them over banks, a multiple of 16 to copy them by vectors.
constexpr uint32_t TURNED_STRIDE = TILE_ROWS + 16;
/// The host asks for it by number: `modules.ts`. All cards since 8.0 have 99 KiB.
constexpr uint32_t SHARED_BYTES = STAGES * STAGE_BYTES;
static_assert(SHARED_BYTES == 98304 && TILE_COLUMNS * TURNED_STRIDE <= SHARED_BYTES, "the turned tile takes the place of the stages");

/// Where vector `vector` of row `row` lies in a stage.
__device__ inline uint32_t stage_offset(uint32_t row, uint32_t vector) { return row * DEPTH + ((vector ^ ((row >> 1) & 3)) * 16); }

/// Starts the copy of `rows` rows of 64 bytes, from row `first` and byte `depth` of a matrix of side n on.
template <uint32_t rows>
__device__ inline void copy_stage(uint8_t* stage, const uint8_t* matrix, uint32_t n, uint32_t first, uint32_t depth) {
  for (uint32_t k = threadIdx.x; k < rows * DEPTH / 16; k += TENSOR_THREADS) {
    const uint32_t row = k / 4, vector = k % 4;
    copy_async(stage + stage_offset(row, vector), matrix + static_cast<size_t>(first + row) * n + depth + 16 * vector);
  }
}

/// One stage's part of the sums of a warp, whose rows and columns start at `row` and `column` of the tile.
__device__ inline void multiply_stage(int (&sums)[4][8][4], const uint8_t* x, const uint8_t* b, uint32_t row, uint32_t column) {
  const uint32_t lane = threadIdx.x % 32, quarter = lane / 8, line = lane % 8;
#pragma unroll
  for (uint32_t half = 0; half < DEPTH / 32; half++) {
    uint32_t rows[4][4], columns[4][4];
#pragma unroll
    for (uint32_t m = 0; m < 4; m++) {
      load_matrices(rows[m], x + stage_offset(row + 16 * m + 8 * (quarter & 1) + line, 2 * half + (quarter >> 1)));
    }
#pragma unroll
    for (uint32_t pair = 0; pair < 4; pair++) {
      load_matrices(columns[pair], b + stage_offset(column + 16 * pair + 8 * (quarter >> 1) + line, 2 * half + (quarter & 1)));
    }
#pragma unroll
    for (uint32_t m = 0; m < 4; m++) {
#pragma unroll
      for (uint32_t p = 0; p < 8; p++) multiply_add(sums[m][p], rows[m], columns[p / 2][2 * (p % 2)], columns[p / 2][2 * (p % 2) + 1]);
    }
  }
}

/// out = fold(X B)ᵀ; `b` holds the columns of B as rows, and all are of side n, a multiple of 256. Blocks (n / 256, n / 128) of 256 threads.
///
/// With 192 registers a quarter of them is left, and with it room for a block of `row_nodes`, which then runs beside this one.
extern "C" __global__ void __maxnreg__(192)
product(const uint8_t* x, const uint8_t* b, uint8_t* out, uint32_t n, uint32_t round) {
  DYNAMIC_SHARED(shared, SHARED_BYTES);
  const uint32_t first_row = blockIdx.y * TILE_ROWS, first_column = blockIdx.x * TILE_COLUMNS;
  const uint32_t lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = 64 * (warp % 2), column = 64 * (warp / 2);
  const uint32_t steps = n / DEPTH;
  int sums[4][8][4] = {};

  auto stage_of = [&](uint32_t step) { return shared + STAGE_BYTES * (step % STAGES); };
  auto fetch = [&](uint32_t step) {
    if (step < steps) {
      copy_stage<TILE_ROWS>(stage_of(step), x, n, first_row, step * DEPTH);
      copy_stage<TILE_COLUMNS>(stage_of(step) + TILE_ROWS * DEPTH, b, n, first_column, step * DEPTH);
    }
    end_copy_group();
  };
  for (uint32_t step = 0; step < STAGES - 1; step++) fetch(step);
  for (uint32_t step = 0; step < steps; step++) {
    await_copies<STAGES - 2>();
    // Also: all warps are done with the stage that is fetched into next.
    __syncthreads();
    fetch(step + STAGES - 1);
    multiply_stage(sums, stage_of(step), stage_of(step) + TILE_ROWS * DEPTH, row, column);
  }
  __syncthreads();

  // Turned in shared memory, so that rows of the result are written whole. Unrolled, all of it: sums that are indexed leave the registers.
#pragma unroll
  for (uint32_t m = 0; m < 4; m++) {
#pragma unroll
    for (uint32_t p = 0; p < 8; p++) {
#pragma unroll
      for (uint32_t k = 0; k < 4; k++) {
        const uint32_t i = row + 16 * m + lane / 4 + 8 * (k / 2), j = column + 8 * p + 2 * (lane % 4) + k % 2;
        shared[j * TURNED_STRIDE + i] = fold_entry(sums[m][p][k], (first_row + i) * n + first_column + j, round);
      }
    }
  }
  __syncthreads();
  for (uint32_t k = threadIdx.x; k < TILE_ROWS * TILE_COLUMNS / 16; k += TENSOR_THREADS) {
    const uint32_t j = k / 8, vector = k % 8;
    uint8_t* to = out + static_cast<size_t>(first_column + j) * n + first_row + 16 * vector;
    *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(shared + j * TURNED_STRIDE + 16 * vector);
  }
}
