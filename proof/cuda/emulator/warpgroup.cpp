// What wgmma does with descriptors and sums, after the PTX ISA 9.2: nothing here knows how the kernels lay out their stages.
#include "warpgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

constexpr uint32_t COLUMNS = 256, DEPTH = 32;

[[noreturn]] void refuse(const char* what, uint64_t descriptor) {
  fprintf(stderr, "wgmma: %s, descriptor %016llx\n", what, static_cast<unsigned long long>(descriptor));
  abort();
}

/// Section 9.7.15.5.1.2.2, "Matrix Descriptor Format".
struct Descriptor {
  uint64_t bits;
  uint32_t field(int at) const { return static_cast<uint32_t>(bits >> at & 0x3fff) << 4; }
  uint32_t start() const { return field(0); }
  uint32_t leading() const { return field(16); }
  uint32_t stride() const { return field(32); }
  uint32_t base_offset() const { return bits >> 49 & 7; }
  /// Bytes of a row of the pattern; 16, a row of a core matrix, without swizzle.
  uint32_t width() const { return (const uint32_t[]){16, 128, 64, 32}[bits >> 62]; }
};

/// Where 16 bytes of a row lie, the first or the second of its 32. Section 9.7.15.5.1.2, K-major: eight rows stand one below the other at the
/// width of the swizzle, the next eight a stride further. A swizzle of 2^b vectors exchanges bits 4 .. 3 + b of an address by those from
/// bit 7 on; without one the second 16 bytes lie the leading distance away.
uint32_t address_of(const Descriptor& matrix, uint32_t row, uint32_t vector) {
  const uint32_t width = matrix.width(), apart = width == 16 ? matrix.leading() : 16;
  const uint32_t address = (matrix.start() + row / 8 * matrix.stride() + row % 8 * width + vector * apart) & 0x3ffff;
  return address ^ ((address >> 7 & (width / 16 - 1)) << 4);
}

/// Where something was written and not shown, nobody can say what tensor cores find (9.7.15.4, "Async Proxy"): here it is nonsense.
void read_row(int8_t* to, const SharedMemory& shared, const Descriptor& matrix, uint32_t row) {
  for (uint32_t vector = 0; vector < 2; vector++) {
    const uint32_t address = address_of(matrix, row, vector);
    if (address + 16 > shared.bytes) refuse("reads past the end of shared memory", matrix.bits);
    if (memcmp(shared.shown + address, shared.written + address, 16) == 0) memcpy(to + 16 * vector, shared.shown + address, 16);
    else memset(to + 16 * vector, 0x5a, 16);
  }
}

int dot(const int8_t* a, const int8_t* b) {
  int sum = 0;
  for (uint32_t k = 0; k < DEPTH; k++) sum += a[k] * b[k];
  return sum;
}

}  // namespace

/// Section 9.7.15.5.1.1.3, the accumulator of m64nNk32: warp w of the warpgroup has rows 16 w .., and as with mma.m16n8k32 sum k of a
/// lane is row lane / 4, eight further where k & 2, and column 2 (lane % 4) + k % 2 of the eight columns from 8 (k / 4) on.
void multiply_as_described(const SharedMemory& shared, uint64_t a, uint64_t b, uint32_t thread, int* sums) {
  const Descriptor left{a}, right{b};
  // With another one the pattern would begin elsewhere; that is not emulated.
  if (left.base_offset() != 0) refuse("a base offset", a);
  if (right.base_offset() != 0) refuse("a base offset", b);
  const uint32_t warp = thread / 32, lane = thread % 32;
  int8_t rows[2][DEPTH], column[DEPTH];
  for (uint32_t k = 0; k < 2; k++) read_row(rows[k], shared, left, 16 * warp + lane / 4 + 8 * k);
  for (uint32_t block = 0; block < COLUMNS / 8; block++) {
    for (uint32_t odd = 0; odd < 2; odd++) {
      read_row(column, shared, right, 8 * block + 2 * (lane % 4) + odd);
      for (uint32_t k = 0; k < 2; k++) sums[4 * block + 2 * k + odd] += dot(rows[k], column);
    }
  }
}
