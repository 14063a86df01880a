#pragma once
#include <functional>

#include "device.h"

/// Runs a kernel on every thread of every block, one block after the other.
void run_grid(Index grid, uint32_t threads, std::function<void()> kernel);
