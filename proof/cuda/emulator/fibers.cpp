// Blocks of threads as fibers. They take turns only where threads of a GPU wait for each other, and in an order that changes from turn to
// turn, so that a missing barrier shows.
#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "device.h"
#include "fibers.h"

Index threadIdx, blockIdx, blockDim, gridDim;
Brought* brought;

namespace {

constexpr size_t STACK_BYTES = 64 * 1024;

struct Copy { void* to; const void* from; };

struct Fiber {
  std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
  ucontext_t start;
  jmp_buf here;
  bool started, ended;
  std::deque<std::vector<Copy>> groups;
  std::vector<Copy> open;
};

/// Where some threads wait until all of them have come.
struct Meeting { uint32_t arrived, held; };

std::vector<std::unique_ptr<Fiber>> fibers;
std::vector<Meeting> warps;
std::vector<std::vector<Brought>> belongings;
Meeting block;
std::function<void()> body;
jmp_buf scheduler;
uint32_t current;
alignas(128) uint8_t shared[128 * 1024];
uint32_t shared_size;

void run_body() {
  body();
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
  for (auto& fiber : fibers) fiber->started = fiber->ended = false;
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

}  // namespace

void run_grid(Index grid, uint32_t threads, uint32_t shared_bytes, std::function<void()> kernel) {
  shared_size = shared_bytes;
  while (fibers.size() < threads) fibers.push_back(std::make_unique<Fiber>());
  warps.assign(threads / 32, {});
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
  if (bytes > shared_size) abort();
  return shared;
}

void emulate_copy(void* shared, const void* global) { fibers[current]->open.push_back({shared, global}); }

void emulate_end_of_group() {
  Fiber& fiber = *fibers[current];
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}

void emulate_await(int pending) {
  auto& groups = fibers[current]->groups;
  while (groups.size() > static_cast<size_t>(pending)) {
    for (const Copy& copy : groups.front()) memcpy(copy.to, copy.from, 16);
    groups.pop_front();
  }
}
