// Kernels that move or combine whole tensors, one for each opcode besides `fused`. They trust their arguments: the decoder has checked.
#pragma once

#include "dtypes.h"
#include "tape.h"

namespace ab {

// Memory of a kernel's operands, in the order of Kernel::inputs, and of its output.
struct KernelMemory {
  const void* const* inputs = nullptr;
  void* output = nullptr;
};

// movement.cc
void runTranspose(const Kernel& kernel, const KernelMemory& memory);
void runSlice(const Kernel& kernel, const KernelMemory& memory);
void runPad(const Kernel& kernel, const KernelMemory& memory);
void runConcatenate(const Kernel& kernel, const KernelMemory& memory);
void runReverse(const Kernel& kernel, const KernelMemory& memory);

// gather.cc
void runIota(const Kernel& kernel, const KernelMemory& memory);
void runArgmax(const Kernel& kernel, const KernelMemory& memory);
void runTakeRows(const Kernel& kernel, const KernelMemory& memory);
void runAddRows(const Kernel& kernel, const KernelMemory& memory);

// pool2d.cc
void runWindowArgmax(const Kernel& kernel, const KernelMemory& memory);
void runPlaneTake(const Kernel& kernel, const KernelMemory& memory);
void runPlanePut(const Kernel& kernel, const KernelMemory& memory);
void runWindowSum(const Kernel& kernel, const KernelMemory& memory);
void runWindowSpread(const Kernel& kernel, const KernelMemory& memory);

// product.cc
void runDot(const Kernel& kernel, const KernelMemory& memory);
void runConv2d(const Kernel& kernel, const KernelMemory& memory);
void runConv2dInputGrad(const Kernel& kernel, const KernelMemory& memory);
void runConv2dFilterGrad(const Kernel& kernel, const KernelMemory& memory);

// run_by_opcode.cc: the one of these that the opcode names.
void runByOpcode(const Kernel& kernel, const KernelMemory& memory);

// x + y as the language defines it: integers wrap.
template <class T>
constexpr T wrappingAdd(T x, T y) {
  if constexpr (std::is_same_v<T, int32_t>) return static_cast<int32_t>(static_cast<uint32_t>(x) + static_cast<uint32_t>(y));
  else return static_cast<T>(x + y);
}
template <class T>
constexpr T wrappingProduct(T x, T y) {
  if constexpr (std::is_same_v<T, int32_t>) return static_cast<int32_t>(static_cast<uint32_t>(x) * static_cast<uint32_t>(y));
  else return static_cast<T>(x * y);
}

// Runs fn(begin, end) over [0, count) in pieces worth at least a wake-up of the pool; `work` is the cost of one, in element operations.
template <class F>
void parallelRanges(int64_t count, int64_t work, F&& fn);

}  // namespace ab

#include <algorithm>

#include "thread_pool.h"

namespace ab {

template <class F>
void parallelRanges(int64_t count, int64_t work, F&& fn) {
  // About 10 us of simple work: below that a second thread costs more than it brings.
  constexpr int64_t kGrain = 64 * 1024;
  ThreadPool& pool = ThreadPool::instance();
  const int64_t pieces = std::min(count, std::min<int64_t>(4 * pool.threads(), count * std::max<int64_t>(work, 1) / kGrain));
  if (pieces <= 1) {
    if (count > 0) fn(int64_t{0}, count);
    return;
  }
  pool.parallelFor(pieces, [&](int64_t piece, int) { fn(count * piece / pieces, count * (piece + 1) / pieces); });
}

}  // namespace ab
