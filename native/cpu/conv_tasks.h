// How convolutions are divided among threads: by shape alone.
#pragma once

#include <cstdint>

namespace ab {

// Multiply-adds of a task at least: below this it costs less than waking a thread (~5 us warm); 2^19 run 8 us on one AVX-512 core.
constexpr int64_t kConvTaskWork = 1 << 19;
// Tasks at most.
constexpr int64_t kConvTasks = 32;

}  // namespace ab
