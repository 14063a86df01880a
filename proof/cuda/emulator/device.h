// A GPU on one core of a processor, exact and slow: threads of a block are fibers, one block runs after the other. What takes effect
// early or late on a GPU takes effect as early and as late as can be here, thread about thread: asynchronous copies land when they are
// ordered or when they are waited for, and so do products of a warpgroup read their matrices. Their sums come when they are waited for.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __device__
#define __constant__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __maxnreg__(registers)
#define __global__
#define ENTRY extern "C" void
/// No more than what the launch asked for: what lies behind it is not ours.
#define DYNAMIC_SHARED(name, bytes) uint8_t* const name = emulate_shared(bytes)

struct uint4 { uint32_t x, y, z, w; } __align__(16);
static inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }

struct Index { uint32_t x, y, z; };
extern Index threadIdx, blockIdx, blockDim, gridDim;

/// What all threads of a block, or of a warp, come to; the last to arrive does `work` for all.
void __syncthreads();
void meet_warp(void (*work)());
/// What each lane of the running thread's warp has brought to the meeting, and where it wants the result.
struct Brought {
  uint32_t values[6];
  const void* address;
  int* sums;
  uint32_t* words;
};
extern Brought* brought;

uint8_t* emulate_shared(uint32_t bytes);
void emulate_copy(void* shared, const void* global);
void emulate_end_of_group();
void emulate_await(int pending);
uint32_t emulate_shared_address(const void* shared);
void emulate_show();
void emulate_begin_products();
void emulate_product(int* sums, uint64_t a, uint64_t b);
void emulate_end_of_products();
void emulate_await_products(int pending);

static inline uint32_t swapped(uint32_t word) { return __builtin_bswap32(word); }
static inline uint4 read_once(const uint4* from) { return *from; }

static inline int dot4(uint32_t a, uint32_t b, int sum) {
  for (int k = 0; k < 4; k++) sum += static_cast<int8_t>(a >> (8 * k)) * static_cast<int8_t>(b >> (8 * k));
  return sum;
}

static inline uint32_t from_lane_xor(uint32_t value, int bits) {
  const uint32_t lane = threadIdx.x % 32;
  uint32_t got = 0;
  brought[lane].values[0] = value;
  brought[lane].values[1] = static_cast<uint32_t>(bits);
  brought[lane].words = &got;
  meet_warp([] {
    for (uint32_t l = 0; l < 32; l++) *brought[l].words = brought[l ^ brought[l].values[1]].values[0];
  });
  return got;
}

static inline void copy_async(void* shared, const void* global) { emulate_copy(shared, global); }
static inline void end_copy_group() { emulate_end_of_group(); }
template <int pending>
static inline void await_copies() { emulate_await(pending); }

static inline void load_matrices(uint32_t (&to)[4], const void* shared) {
  const uint32_t lane = threadIdx.x % 32;
  brought[lane].address = shared;
  brought[lane].words = to;
  meet_warp([] {
    for (uint32_t l = 0; l < 32; l++) {
      for (uint32_t matrix = 0; matrix < 4; matrix++) {
        const auto* row = static_cast<const uint8_t*>(brought[8 * matrix + l / 4].address);
        memcpy(brought[l].words + matrix, row + 4 * (l % 4), 4);
      }
    }
  });
}

/// Fragments as the PTX ISA lays them out for mma.m16n8k32 with 8-bit types: with g = lane / 4 and q = lane % 4, register a_k holds row
/// g + 8 (k % 2), bytes 4q + 16 (k / 2) ..; b_k holds column g, bytes 4q + 16k ..; sum k is row g + 8 (k / 2), column 2q + k % 2.
static inline void multiply_add(int (&sums)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  const uint32_t lane = threadIdx.x % 32;
  for (int k = 0; k < 4; k++) brought[lane].values[k] = a[k];
  brought[lane].values[4] = b0;
  brought[lane].values[5] = b1;
  brought[lane].sums = sums;
  meet_warp([] {
    int8_t rows[16][32], columns[8][32];
    for (uint32_t l = 0; l < 32; l++) {
      for (uint32_t k = 0; k < 4; k++) memcpy(&rows[l / 4 + 8 * (k % 2)][4 * (l % 4) + 16 * (k / 2)], &brought[l].values[k], 4);
      for (uint32_t k = 0; k < 2; k++) memcpy(&columns[l / 4][4 * (l % 4) + 16 * k], &brought[l].values[4 + k], 4);
    }
    for (uint32_t l = 0; l < 32; l++) {
      for (uint32_t k = 0; k < 4; k++) {
        const int8_t* row = rows[l / 4 + 8 * (k / 2)];
        const int8_t* column = columns[2 * (l % 4) + k % 2];
        for (int d = 0; d < 32; d++) brought[l].sums[k] += row[d] * column[d];
      }
    }
  });
}

static inline uint32_t shared_address(const void* shared) { return emulate_shared_address(shared); }
static inline void show_to_tensor_cores() { emulate_show(); }
static inline void begin_products() { emulate_begin_products(); }
static inline void multiply_add_async(int (&sums)[128], uint64_t a, uint64_t b) { emulate_product(sums, a, b); }
static inline void end_product_group() { emulate_end_of_products(); }
template <int pending>
static inline void await_products() { emulate_await_products(pending); }
static inline void await_sums(int (&)[128]) { emulate_await_products(0); }
