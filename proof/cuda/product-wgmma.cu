// X B on the tensor cores of Hopper: wgmma.m64n256k32 on signed bytes, compute capability 9.0 and no other.
//
// A block makes a tile of 128 × 256 entries from stages of 128 bytes of depth. Each of its two warpgroups makes 64 rows of it. While the
// tensor cores work through one stage, the next two are on their way from memory, and the fourth is the one that they have just left.
//
// A row of a stage is 128 bytes, eight vectors of 16 bytes, swapped by the row's number modulo eight: the 128-byte swizzle that the
// tensor cores undo when they read (PTX ISA 9.2, section 9.7.15.5.1.2), so that eight rows at once lie in different banks.
#include "mixing.cuh"

constexpr uint32_t TILE_ROWS = 128, TILE_COLUMNS = 256, DEPTH = 128, STAGES = 4, TENSOR_THREADS = 256, GROUP_THREADS = 128;
constexpr uint32_t STAGE_BYTES = (TILE_ROWS + TILE_COLUMNS) * DEPTH;
/// The swizzle repeats after eight rows, and its pattern begins where an address is a multiple of that.
constexpr uint32_t PATTERN_BYTES = 8 * DEPTH;
/// The depth of one instruction.
constexpr uint32_t STEP_DEPTH = 32;
/// Rows of the turned tile: longer than 128 to spread them over banks, a multiple of 16 to copy them by vectors.
constexpr uint32_t TURNED_STRIDE = TILE_ROWS + 16;
/// The host asks for it by number: `modules.ts`. One pattern more than the stages, to begin at a multiple of it. Hopper has 227 KiB.
constexpr uint32_t SHARED_BYTES = STAGES * STAGE_BYTES + PATTERN_BYTES;
static_assert(SHARED_BYTES == 197632 && TILE_COLUMNS * TURNED_STRIDE <= STAGES * STAGE_BYTES, "the turned tile takes the place of the stages");
/// Tiles are made in groups of so many rows of tiles, column after column: what runs at the same time then shares more of X and B.
constexpr uint32_t GROUP_ROWS = 8;

struct Tile { uint32_t row, column; };

__device__ inline Tile tile_of_block() {
  const uint32_t rows = gridDim.y < GROUP_ROWS ? gridDim.y : GROUP_ROWS, in_group = rows * gridDim.x;
  const uint32_t number = blockIdx.y * gridDim.x + blockIdx.x, group = number / in_group, within = number % in_group;
  return {group * rows + within % rows, within / rows};
}

/// How the tensor cores find rows of 128 bytes of a stage, swizzled, from `address` on (PTX ISA 9.2, section 9.7.15.5.1.2.2): where they
/// begin, a distance that this layout does not use, from eight rows to the next eight, and the kind of swizzle. In units of 16 bytes.
__device__ inline uint64_t rows_at(uint32_t address) {
  return (address >> 4) | 1ull << 16 | static_cast<uint64_t>(PATTERN_BYTES >> 4) << 32 | 1ull << 62;
}

/// out = fold(X B)ᵀ; `b` holds the columns of B as rows, and all are of side n, a multiple of 256. Blocks (n / 256, n / 128) of 256 threads.
///
/// With 192 registers a quarter of them is left, and with it room for a block of `row_nodes`, which then runs beside this one.
extern "C" __global__ void __maxnreg__(192)
product(const uint8_t* x, const uint8_t* b, uint8_t* out, uint32_t n, uint32_t round) {
  DYNAMIC_SHARED(shared, SHARED_BYTES);
  const uint32_t before = (0u - shared_address(shared)) % PATTERN_BYTES;
  uint8_t* const stages = shared + before;
  const uint32_t stages_at = shared_address(shared) + before;
  const Tile tile = tile_of_block();
  const uint32_t first_row = tile.row * TILE_ROWS, first_column = tile.column * TILE_COLUMNS;
  const uint32_t warpgroup = threadIdx.x / GROUP_THREADS, steps = n / DEPTH;

  // A thread copies one vector of every thirty-second row: its place in the swizzle is the same in all of them.
  const uint32_t line = threadIdx.x / 8, vector = threadIdx.x % 8, to = line * DEPTH + 16 * (vector ^ (line % 8));
  const uint8_t* const from_x = x + static_cast<size_t>(first_row + line) * n + 16 * vector;
  const uint8_t* const from_b = b + static_cast<size_t>(first_column + line) * n + 16 * vector;
  auto fetch = [&](uint32_t step) {
    if (step < steps) {
      uint8_t* const stage = stages + STAGE_BYTES * (step % STAGES) + to;
#pragma unroll
      for (uint32_t row = 0; row < TILE_ROWS; row += 32) {
        copy_async(stage + row * DEPTH, from_x + static_cast<size_t>(row) * n + step * DEPTH);
      }
#pragma unroll
      for (uint32_t row = 0; row < TILE_COLUMNS; row += 32) {
        copy_async(stage + (TILE_ROWS + row) * DEPTH, from_b + static_cast<size_t>(row) * n + step * DEPTH);
      }
    }
    end_copy_group();
  };

  int sums[128] = {};
  for (uint32_t step = 0; step < STAGES - 2; step++) fetch(step);
  for (uint32_t step = 0; step < steps; step++) {
    await_copies<STAGES - 3>();
    show_to_tensor_cores();
    // Also: both warpgroups have awaited the products of the step before the last, whose stage is fetched into next.
    __syncthreads();
    const uint32_t stage_at = stages_at + STAGE_BYTES * (step % STAGES);
    const uint64_t rows = rows_at(stage_at + warpgroup * 64 * DEPTH), columns = rows_at(stage_at + TILE_ROWS * DEPTH);
    begin_products();
#pragma unroll
    for (uint32_t depth = 0; depth < DEPTH; depth += STEP_DEPTH) multiply_add_async(sums, rows + (depth >> 4), columns + (depth >> 4));
    end_product_group();
    fetch(step + STAGES - 2);
    await_products<1>();
  }
  await_sums(sums);
  __syncthreads();

  // Turned in shared memory, so that rows of the result are written whole. Unrolled, all of it: sums that are indexed leave the registers.
  const uint32_t lane = threadIdx.x % 32, row = 64 * warpgroup + 16 * (threadIdx.x / 32 % 4) + lane / 4;
#pragma unroll
  for (uint32_t k = 0; k < 128; k++) {
    const uint32_t i = row + 8 * (k / 2 % 2), j = 8 * (k / 4) + 2 * (lane % 4) + k % 2;
    stages[j * TURNED_STRIDE + i] = fold_entry(sums[k], (first_row + i) * n + first_column + j, round);
  }
  __syncthreads();
  for (uint32_t k = threadIdx.x; k < TILE_ROWS * TILE_COLUMNS / 16; k += TENSOR_THREADS) {
    const uint32_t j = k / 8, eighth = k % 8;
    uint8_t* at = out + static_cast<size_t>(first_column + j) * n + first_row + 16 * eighth;
    *reinterpret_cast<uint4*>(at) = *reinterpret_cast<const uint4*>(stages + j * TURNED_STRIDE + 16 * eighth);
  }
}
