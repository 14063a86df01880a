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

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
/// The address that descriptors count in.
__device__ inline uint32_t shared_address(const void* shared) { return static_cast<uint32_t>(__cvta_generic_to_shared(shared)); }

/// What this thread has written to shared memory so far, its copies that have landed among it, is there for what tensor cores do later.
__device__ inline void show_to_tensor_cores() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }

/// Orders what a warpgroup has done with its registers before the products that follow.
__device__ inline void begin_products() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }

#define EIGHT(f, k) f(k), f(k + 1), f(k + 2), f(k + 3), f(k + 4), f(k + 5), f(k + 6), f(k + 7)
#define ALL_128(f) \
  EIGHT(f, 0), EIGHT(f, 8), EIGHT(f, 16), EIGHT(f, 24), EIGHT(f, 32), EIGHT(f, 40), EIGHT(f, 48), EIGHT(f, 56), EIGHT(f, 64), EIGHT(f, 72), \
  EIGHT(f, 80), EIGHT(f, 88), EIGHT(f, 96), EIGHT(f, 104), EIGHT(f, 112), EIGHT(f, 120)
#define SUM(k) "+r"(sums[k])

/// Queues sums += A B for A of 64 × 32 and B of 32 × 256 signed bytes, both in shared memory as their descriptors say; a warpgroup does
/// it together. The sums lie as the PTX ISA has it for m64nNk32, and are not to be touched before they are awaited.
__device__ inline void multiply_add_async(int (&sums)[128], uint64_t a, uint64_t b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n256k32.s32.s8.s8 {"
               "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, "
               "%26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
               "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, "
               "%74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, "
               "%98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, "
               "%118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, %128, %129, 1;\n"
               : ALL_128(SUM) : "l"(a), "l"(b));
}

/// Ends the group of products that this warpgroup has queued.
__device__ inline void end_product_group() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }

/// Waits until no more than `pending` of this warpgroup's latest groups are under way.
template <int pending>
__device__ inline void await_products() { asm volatile("wgmma.wait_group.sync.aligned %0;\n" :: "n"(pending) : "memory"); }

/// Waits for all of them, after which the sums may be read: the compiler must not read them sooner.
__device__ inline void await_sums(int (&sums)[128]) { asm volatile("wgmma.wait_group.sync.aligned 0;\n" : ALL_128(SUM) :: "memory"); }
#endif
#endif
