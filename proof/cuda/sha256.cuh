// SHA-256 (FIPS 180-4) of messages whose length is known beforehand, so that the schedule of the padding block is a table.
#pragma once
#include "device.cuh"

struct Words { uint32_t word[64]; };

constexpr Words round_words = {{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2}};

/// The schedule of the padding block of a message of `bytes`, a multiple of 64, with the round words added.
constexpr Words padding_of(uint32_t bytes) {
  Words padding{};
  uint32_t w[64]{};
  w[0] = 0x80000000u;
  w[15] = 8 * bytes;
  for (int k = 0; k < 64; k++) {
    if (k >= 16) {
      const uint32_t early = w[k - 15], late = w[k - 2];
      w[k] = w[k - 16] + (((early >> 7) | (early << 25)) ^ ((early >> 18) | (early << 14)) ^ (early >> 3)) + w[k - 7] +
             (((late >> 17) | (late << 15)) ^ ((late >> 19) | (late << 13)) ^ (late >> 10));
    }
    padding.word[k] = w[k] + round_words.word[k];
  }
  return padding;
}

__constant__ const Words ROUND_WORDS = round_words;
__constant__ const Words PADDING_64 = padding_of(64);
__constant__ const Words PADDING_256 = padding_of(256);

struct Hash { uint32_t word[8]; };

__device__ inline uint32_t rotated(uint32_t x, int bits) { return (x >> bits) | (x << (32 - bits)); }

__device__ inline Hash initial_hash() {
  return {{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

/// One of the 64 rounds, on v = a .. h rotated by `step`, so that nothing is moved.
__device__ inline void sha_round(uint32_t (&v)[8], int step, uint32_t word) {
  const uint32_t a = v[(0 - step) & 7], b = v[(1 - step) & 7], c = v[(2 - step) & 7], e = v[(4 - step) & 7], f = v[(5 - step) & 7],
                 g = v[(6 - step) & 7];
  uint32_t& d = v[(3 - step) & 7];
  uint32_t& h = v[(7 - step) & 7];
  const uint32_t first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + word;
  d += first;
  h = first + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

/// Sixteen rounds at a time are unrolled: all 64 would triple the PTX for nothing.
__device__ inline void absorb(Hash& state, uint32_t (&w)[16]) {
  uint32_t v[8];
  for (int k = 0; k < 8; k++) v[k] = state.word[k];
#pragma unroll 1
  for (int from = 0; from < 64; from += 16) {
#pragma unroll
    for (int k = 0; k < 16; k++) {
      sha_round(v, k, w[k] + ROUND_WORDS.word[from + k]);
      const uint32_t early = w[(k + 1) & 15], late = w[(k + 14) & 15];
      w[k] += (rotated(early, 7) ^ rotated(early, 18) ^ (early >> 3)) + w[(k + 9) & 15] +
              (rotated(late, 17) ^ rotated(late, 19) ^ (late >> 10));
    }
  }
  for (int k = 0; k < 8; k++) state.word[k] += v[k];
}

/// As `absorb`, of a padding block.
__device__ inline void finish(Hash& state, const Words& padding) {
  uint32_t v[8];
  for (int k = 0; k < 8; k++) v[k] = state.word[k];
#pragma unroll 1
  for (int from = 0; from < 64; from += 16) {
#pragma unroll
    for (int k = 0; k < 16; k++) sha_round(v, k, padding.word[from + k]);
  }
  for (int k = 0; k < 8; k++) state.word[k] += v[k];
}

/// Sixteen words of the message from four vectors of bytes.
__device__ inline void read_block(uint32_t (&w)[16], const uint4* from) {
  for (int k = 0; k < 4; k++) {
    const uint4 words = from[k];
    w[4 * k] = swapped(words.x);
    w[4 * k + 1] = swapped(words.y);
    w[4 * k + 2] = swapped(words.z);
    w[4 * k + 3] = swapped(words.w);
  }
}

/// Of 64 bytes: two hashes side by side.
__device__ inline Hash hash_64(const uint4* from) {
  Hash state = initial_hash();
  uint32_t w[16];
  read_block(w, from);
  absorb(state, w);
  finish(state, PADDING_64);
  return state;
}

/// Of a leaf.
__device__ inline Hash hash_256(const uint4* from) {
  Hash state = initial_hash();
#pragma unroll 1
  for (int block = 0; block < 4; block++) {
    uint32_t w[16];
    read_block(w, from + 4 * block);
    absorb(state, w);
  }
  finish(state, PADDING_256);
  return state;
}

/// As bytes.
__device__ inline void write_hash(uint4* to, const Hash& hash) {
  const uint32_t* word = hash.word;
  to[0] = make_uint4(swapped(word[0]), swapped(word[1]), swapped(word[2]), swapped(word[3]));
  to[1] = make_uint4(swapped(word[4]), swapped(word[5]), swapped(word[6]), swapped(word[7]));
}
