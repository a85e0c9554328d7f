// Cuts a range into pieces whose lengths differ by at most one.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ab {

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
