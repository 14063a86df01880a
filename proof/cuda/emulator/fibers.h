#pragma once
#include <functional>

#include "device.h"

/// Runs a kernel on every thread of every block, one block after the other, with so much shared memory beside what it declares itself.
void run_grid(Index grid, uint32_t threads, uint32_t shared_bytes, std::function<void()> kernel);
