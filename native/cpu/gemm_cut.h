// Cuts a range into pieces whose lengths differ by at most one, and how much work makes a piece.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ab {

// Multiply-adds of a task at least: below this it costs less than waking a thread (~5 us warm); 2^19 run 8 us on one AVX-512 core.
constexpr int64_t kTaskWork = 1 << 19;
// Tasks at most.
constexpr int64_t kTasks = 32;

struct Cut {
  int64_t count;  // pieces
  int64_t size;   // of the first `larger` pieces; the rest are one smaller
  int64_t larger;
  int64_t begin(int64_t i) const { return i * size - std::max<int64_t>(i - larger, 0); }
  int64_t length(int64_t i) const { return i < larger ? size : size - 1; }
};

inline Cut cutInto(int64_t total, int64_t count) {
  const int64_t size = (total + count - 1) / count;
  return {count, size, total - (size - 1) * count};
}
inline Cut cutEvenly(int64_t total, int64_t most) { return cutInto(total, (total + most - 1) / most); }

}  // namespace ab
