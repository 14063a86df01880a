// What the kernels ask of the hardware beyond plain C++. `emulator/device.h` gives the same names on a processor, for tests.
#pragma once
#include <stdint.h>

#ifndef __CUDACC__
#include "emulator/device.h"
#else

/// A kernel that the host finds by its name.
#define ENTRY extern "C" __global__ void

/// Shared memory whose size the host says at the launch.
#define DYNAMIC_SHARED(name, bytes) extern __shared__ __align__(128) uint8_t name[]

/// Bytes of a word in the opposite order.
__device__ inline uint32_t swapped(uint32_t word) { return __byte_perm(word, 0, 0x0123); }

/// The value that the lane whose number differs in `bits` has.
__device__ inline uint32_t from_lane_xor(uint32_t value, int bits) { return __shfl_xor_sync(0xffffffffu, value, bits); }

/// A vector that will not be read again soon: it is not kept in the first-level cache.
__device__ inline uint4 read_once(const uint4* from) { return __ldcs(from); }

/// sum + the four products of signed bytes.
__device__ inline int dot4(uint32_t a, uint32_t b, int sum) { return __dp4a(static_cast<int>(a), static_cast<int>(b), sum); }

#if __CUDA_ARCH__ >= 800
/// Starts a copy of 16 bytes to shared memory that does not pass through registers; both addresses are multiples of 16.
__device__ inline void copy_async(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n"
               :: "r"(static_cast<uint32_t>(__cvta_generic_to_shared(shared))), "l"(global) : "memory");
}

/// Ends the group of copies that this thread has started.
__device__ inline void end_copy_group() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }

/// Waits until no more than `pending` of this thread's latest groups are under way.
template <int pending>
__device__ inline void await_copies() { asm volatile("cp.async.wait_group %0;\n" :: "n"(pending) : "memory"); }

/// Four matrices of 8 rows of 16 bytes: lane l names row l % 8 of matrix l / 8, and gets bytes 4 (l % 4) .. of row l / 4 of each.
__device__ inline void load_matrices(uint32_t (&to)[4], const void* shared) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(shared))) : "memory");
}

/// sums += A B for A of 16 × 32 and B of 32 × 8 signed bytes, spread over the lanes as the PTX ISA has it for m16n8k32.
__device__ inline void multiply_add(int (&sums)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
               : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif
#endif
