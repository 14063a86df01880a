#pragma once
#include <stdint.h>

/// Shared memory as threads have written it, and what of that was shown to tensor cores.
struct SharedMemory { const uint8_t *written, *shown; uint32_t bytes; };

/// One thread's part of wgmma.m64nNk32 for N = 256: its 128 sums, of matrices that lie in shared memory as their descriptors say.
void multiply_as_described(const SharedMemory& shared, uint64_t a, uint64_t b, uint32_t thread, int* sums);
