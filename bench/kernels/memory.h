// Memory of the laboratory, and how many threads it works with.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "cpu/scratch.h"
#include "cpu/thread_pool.h"

namespace ab::lab {

// Tensors of the executor start on cache lines; a vector that straddles two costs a second load.
template <class T>
struct OnCacheLines {
  using value_type = T;
  OnCacheLines() = default;
  template <class U>
  OnCacheLines(const OnCacheLines<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const OnCacheLines&) const { return true; }
};
using Floats = std::vector<float, OnCacheLines<float>>;

// Working memory of the calling thread, kept between calls.
inline float* scratchFloats(ScratchSlot slot, int64_t count) {
  return static_cast<float*>(scratch(slot, static_cast<size_t>(count) * sizeof(float)));
}

// The pool has that many threads for as long as this lives.
class WithThreads {
 public:
  explicit WithThreads(int n) : before_(ThreadPool::instance().threads()) { ThreadPool::instance().setThreads(n); }
  ~WithThreads() { ThreadPool::instance().setThreads(before_); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;

 private:
  int before_;
};

}  // namespace ab::lab
