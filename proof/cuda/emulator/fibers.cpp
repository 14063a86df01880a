// Blocks of threads as fibers. They take turns only where threads of a GPU wait for each other, and in an order that changes from turn to
// turn, so that a missing barrier shows.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "device.h"
#include "fibers.h"
#include "warpgroup.h"

Index threadIdx, blockIdx, blockDim, gridDim;
Brought* brought;

namespace {

constexpr size_t STACK_BYTES = 64 * 1024;

struct Copy { void* to; const void* from; };
struct Product { uint64_t a, b; int* sums; };
/// What a product adds to the sums, where that is known before it is waited for.
struct Queued { Product product; std::vector<int> early; };

struct Fiber {
  std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
  ucontext_t start;
  jmp_buf here;
  bool started, ended;
  std::deque<std::vector<Copy>> groups;
  std::vector<Copy> open;
  /// Copies that have landed, and that tensor cores do not see yet.
  std::vector<uint8_t*> unshown;
  bool ordered;
  std::deque<std::vector<Queued>> product_groups;
  std::vector<Queued> products;
};

/// Where some threads wait until all of them have come.
struct Meeting { uint32_t arrived, held; };

std::vector<std::unique_ptr<Fiber>> fibers;
std::vector<Meeting> warps, warpgroups;
std::vector<std::vector<Brought>> belongings;
Meeting block;
std::function<void()> body;
jmp_buf scheduler;
uint32_t current;
/// Shared memory as a block addresses it, from 0 on, and what tensor cores see of it. What a launch asks for begins after what the
/// hardware keeps, where only 128 bytes are aligned.
constexpr uint32_t SHARED_FROM = 1024 + 128, WINDOW_BYTES = 228 * 1024 + SHARED_FROM;
alignas(1024) uint8_t window[WINDOW_BYTES];
uint8_t shown[WINDOW_BYTES];
uint32_t shared_size;

[[noreturn]] void refuse(const char* what) {
  fprintf(stderr, "emulated thread %u of block %u, %u: %s\n", current, blockIdx.x, blockIdx.y, what);
  abort();
}

void run_body() {
  body();
  const Fiber& fiber = *fibers[current];
  if (!fiber.products.empty() || !fiber.product_groups.empty()) refuse("products that nobody waits for");
  fibers[current]->ended = true;
  _longjmp(scheduler, 1);
}

void let_others_run() {
  const uint32_t me = current;
  if (_setjmp(fibers[me]->here) == 0) _longjmp(scheduler, 1);
}

void meet(Meeting& meeting, uint32_t threads, void (*work)()) {
  const uint32_t now = meeting.held;
  if (++meeting.arrived == threads) {
    if (work != nullptr) work();
    meeting.arrived = 0;
    meeting.held++;
    return;
  }
  while (meeting.held == now) let_others_run();
}

void resume(uint32_t thread) {
  Fiber& fiber = *fibers[thread];
  current = thread;
  threadIdx = {thread, 0, 0};
  brought = belongings[thread / 32].data();
  if (_setjmp(scheduler) != 0) return;
  if (fiber.started) _longjmp(fiber.here, 1);
  fiber.started = true;
  getcontext(&fiber.start);
  fiber.start.uc_stack.ss_sp = fiber.stack.get();
  fiber.start.uc_stack.ss_size = STACK_BYTES;
  fiber.start.uc_link = nullptr;
  makecontext(&fiber.start, run_body, 0);
  setcontext(&fiber.start);
}

void run_block(uint32_t threads) {
  for (auto& fiber : fibers) {
    fiber->started = fiber->ended = fiber->ordered = false;
    fiber->unshown.clear();
  }
  if (shared_size > 0) memset(shown, 0x5a, sizeof shown);
  for (bool forward = true, all_ended = false; !all_ended; forward = !forward) {
    all_ended = true;
    for (uint32_t k = 0; k < threads; k++) {
      const uint32_t thread = forward ? k : threads - 1 - k;
      if (fibers[thread]->ended) continue;
      all_ended = false;
      resume(thread);
    }
  }
}

/// What may be done at any time between the order for it and the wait for it is done at once by every other thread, and late by the rest.
bool is_early(uint32_t thread) { return thread % 2 == 0; }

void land(Fiber& fiber, const Copy& copy) {
  memcpy(copy.to, copy.from, 16);
  fiber.unshown.push_back(static_cast<uint8_t*>(copy.to));
}

void multiply(const Product& product, uint32_t thread, int* sums) {
  multiply_as_described({window, shown, WINDOW_BYTES}, product.a, product.b, thread % 128, sums);
}

}  // namespace

void run_grid(Index grid, uint32_t threads, uint32_t shared_bytes, std::function<void()> kernel) {
  shared_size = shared_bytes;
  while (fibers.size() < threads) fibers.push_back(std::make_unique<Fiber>());
  warps.assign(threads / 32, {});
  warpgroups.assign(threads / 128, {});
  belongings.assign(threads / 32, std::vector<Brought>(32));
  block = {};
  body = std::move(kernel);
  gridDim = grid;
  blockDim = {threads, 1, 1};
  for (uint32_t y = 0; y < grid.y; y++) {
    for (uint32_t x = 0; x < grid.x; x++) {
      blockIdx = {x, y, 0};
      run_block(threads);
    }
  }
}

void __syncthreads() { meet(block, blockDim.x, nullptr); }
void meet_warp(void (*work)()) { meet(warps[current / 32], 32, work); }

uint8_t* emulate_shared(uint32_t bytes) {
  if (bytes > shared_size) refuse("more shared memory than the launch asked for");
  return window + SHARED_FROM;
}

uint32_t emulate_shared_address(const void* shared) { return static_cast<uint32_t>(static_cast<const uint8_t*>(shared) - window); }

void emulate_copy(void* shared, const void* global) {
  Fiber& fiber = *fibers[current];
  if (is_early(current)) return land(fiber, {shared, global});
  fiber.open.push_back({shared, global});
}

void emulate_end_of_group() {
  Fiber& fiber = *fibers[current];
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}

void emulate_await(int pending) {
  Fiber& fiber = *fibers[current];
  while (fiber.groups.size() > static_cast<size_t>(pending)) {
    for (const Copy& copy : fiber.groups.front()) land(fiber, copy);
    fiber.groups.pop_front();
  }
}

void emulate_show() {
  auto& unshown = fibers[current]->unshown;
  for (const uint8_t* at : unshown) memcpy(shown + (at - window), at, 16);
  unshown.clear();
}

void emulate_begin_products() { fibers[current]->ordered = true; }

void emulate_product(int* sums, uint64_t a, uint64_t b) {
  if (!fibers[current]->ordered) refuse("products before a fence of the registers");
  fibers[current]->products.push_back({{a, b, sums}, {}});
  meet(warpgroups[current / 128], 128, [] {
    const uint32_t first = current / 128 * 128;
    const Product& one = fibers[first]->products.back().product;
    for (uint32_t thread = first; thread < first + 128; thread++) {
      auto& [product, early] = fibers[thread]->products.back();
      if (product.a != one.a || product.b != one.b) refuse("descriptors that differ within a warpgroup");
      if (!is_early(thread)) continue;
      early.resize(128);
      multiply(product, thread, early.data());
    }
  });
}

void emulate_end_of_products() {
  Fiber& fiber = *fibers[current];
  fiber.product_groups.push_back(std::move(fiber.products));
  fiber.products.clear();
}

void emulate_await_products(int pending) {
  auto& groups = fibers[current]->product_groups;
  while (groups.size() > static_cast<size_t>(pending)) {
    for (const auto& [product, early] : groups.front()) {
      if (early.empty()) multiply(product, current, product.sums);
      for (size_t k = 0; k < early.size(); k++) product.sums[k] += early[k];
    }
    groups.pop_front();
  }
}
