/* The work of docs/internals/proof.md as one writes it down in C, to hold our prover against: same bytes, no tuning beyond the compiler's.
   baseline N SLABS PASSES THREADS; reads eight work-key words and eight pass-key words in decimal; prints times, then all roots. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef uint32_t u32;
typedef uint8_t u8;

static u32 mix(u32 x) {
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ (x >> 16);
}

static u32 word(const u32 *key, u32 matrix, u32 c) {
  u32 lane = c % 4;
  return mix(mix(c + key[2 * lane] + matrix * 0x632BE5ABu) ^ key[2 * lane + 1]);
}

static void line(const u32 *key, u32 matrix, u32 n, u32 index, u8 *out) {
  for (u32 w = 0; w < n / 4; w++) {
    u32 x = word(key, matrix, index * (n / 4) + w);
    memcpy(out + 4 * w, &x, 4);
  }
}

static const u32 K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static u32 turned(u32 x, int bits) { return x >> bits | x << (32 - bits); }
static u32 big(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }

static void block(u32 *state, const u8 *data) {
  u32 w[64];
  for (int i = 0; i < 16; i++) w[i] = big(data + 4 * i);
  for (int i = 16; i < 64; i++) {
    u32 s0 = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 s1 = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    u32 t1 = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
    u32 t2 = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/* Of a whole number of blocks. */
static void sha256(const u8 *data, u32 bytes, u8 *out) {
  u32 state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  u8 last[64] = {0x80};
  u32 bits = bytes * 8;
  for (u32 at = 0; at < bytes; at += 64) block(state, data + at);
  for (int i = 0; i < 4; i++) last[60 + i] = bits >> (24 - 8 * i);
  block(state, last);
  for (int i = 0; i < 32; i++) out[i] = state[i / 4] >> (24 - 8 * (i % 4));
}

/* In place: the root comes to stand at the beginning. */
static void reduce(u8 *nodes, u32 count) {
  for (; count > 1; count /= 2)
    for (u32 i = 0; i < count / 2; i++) {
      u8 pair[64];
      memcpy(pair, nodes + 64 * i, 64);
      sha256(pair, 64, nodes + 32 * i);
    }
}

static u32 n, slabs, passes, threads, work_key[8], pass_key[8];
static u8 *b, *x0, *data, *roots, *digests;
static pthread_barrier_t barrier;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
static double cpu(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void *fill(void *argument) {
  u32 me = (u32)(size_t)argument;
  for (u32 i = me; i < n; i += threads) line(work_key, 1, n, i, x0 + (size_t)i * n), line(work_key, 2, n, i, b + (size_t)i * n);
  pthread_barrier_wait(&barrier);
  for (u32 t = 0; t < slabs; t++) {
    const int8_t *x = (const int8_t *)(t == 0 ? x0 : data + (size_t)(t - 1) * n * n);
    u8 *out = data + (size_t)t * n * n;
    for (u32 j = n * me / threads; j < n * (me + 1) / threads; j++)
      for (u32 i = 0; i < n; i++) {
        const int8_t *row = x + (size_t)i * n, *column = (const int8_t *)b + (size_t)j * n;
        int32_t sum = 0;
        for (u32 k = 0; k < n; k++) sum += row[k] * column[k];
        out[(size_t)j * n + i] = mix((u32)sum + (i * n + j) * 0x9E3779B1u + (t + 1) * 0x85EBCA77u);
      }
    pthread_barrier_wait(&barrier);
  }
  u8 *leaves = malloc((size_t)n * n / 8);
  for (u32 t = me; t < slabs; t += threads) {
    for (u32 leaf = 0; leaf < n * n / 256; leaf++) sha256(data + (size_t)t * n * n + 256 * leaf, 256, leaves + 32 * leaf);
    reduce(leaves, n * n / 256);
    memcpy(roots + 32 * t, leaves, 32);
  }
  free(leaves);
  return 0;
}

static void put(u8 *at, u32 value) {
  for (int i = 0; i < 4; i++) at[i] = value >> (24 - 8 * i);
}

static void *reside(void *argument) {
  u32 me = (u32)(size_t)argument, *pad = malloc(n);
  u8 *leaves = malloc(32 * n);
  for (u32 k = 0; k < n / 4; k++) pad[k] = word(pass_key, 0, k);
  for (u32 t = me; t < slabs; t += threads) {
    for (u32 r = 0; r < n; r++) {
      const u32 *v = (const u32 *)(data + ((size_t)t * n + r) * n);
      u32 sums[4] = {0};
      for (u32 k = 0; k < n / 4; k += 4)
        for (u32 lane = 0; lane < 4; lane++) sums[lane] += mix(v[k + lane] ^ pad[k + lane]);
      memset(leaves + 32 * r, 0, 32);
      for (u32 lane = 0; lane < 4; lane++) put(leaves + 32 * r + 4 * lane, sums[lane]);
      put(leaves + 32 * r + 16, t + 1);
      put(leaves + 32 * r + 20, r);
    }
    reduce(leaves, n);
    memcpy(digests + 32 * t, leaves, 32);
  }
  free(pad);
  free(leaves);
  return 0;
}

static void timed(const char *name, void *(*work)(void *), u32 times) {
  double began = now(), used = cpu();
  pthread_t ids[64];
  for (u32 time = 0; time < times; time++) {
    for (u32 i = 0; i < threads; i++) pthread_create(ids + i, 0, work, (void *)(size_t)i);
    for (u32 i = 0; i < threads; i++) pthread_join(ids[i], 0);
  }
  printf("%s %.3f %.3f\n", name, (now() - began) * 1e3, (cpu() - used) * 1e3);
}

static void print(const u8 *hashes) {
  for (u32 i = 0; i < 32 * slabs; i++) printf("%02x", hashes[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  n = atoi(argv[1]), slabs = atoi(argv[2]), passes = atoi(argv[3]), threads = atoi(argv[4]);
  for (int i = 0; i < 16; i++)
    if (scanf("%u", i < 8 ? work_key + i : pass_key + i - 8) != 1) return 2;
  b = malloc((size_t)n * n), x0 = malloc((size_t)n * n), data = malloc((size_t)slabs * n * n);
  roots = malloc(32 * slabs), digests = malloc(32 * slabs);
  pthread_barrier_init(&barrier, 0, threads);
  timed("fill", fill, 1);
  timed("reside", reside, passes);
  print(roots);
  print(digests);
  return 0;
}
