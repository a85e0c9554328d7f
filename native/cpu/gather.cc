// Counting, searching, and moving rows by index. An index is read once and then used, so that memory shared with another
// JavaScript thread cannot change it after it was checked.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels.h"

namespace ab {
namespace {

struct Around {
  int64_t outer = 1;
  int64_t extent = 1;
  int64_t inner = 1;
  Around(const Extents& shape, int axis) {
    for (int i = 0; i < shape.rank; i++) (i < axis ? outer : i == axis ? extent : inner) *= shape[i];
  }
};

// Whether `value` takes the place of `best`: larger, or the first NaN.
template <class T>
bool beats(T value, T best) {
  if constexpr (std::is_floating_point_v<T>) return value > best || (value != value && best == best);
  else return value > best;
}

template <class T>
void argmaxTyped(const Around& around, const T* x, int32_t* y) {
  const auto [outer, extent, inner] = around;
  if (inner == 1) {
    parallelRanges(outer, extent, [&, extent = extent](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++) {
        const T* row = x + o * extent;
        int64_t best = 0;
        for (int64_t i = 1; i < extent; i++)
          if (beats(row[i], row[best])) best = i;
        y[o] = static_cast<int32_t>(best);
      }
    });
    return;
  }
  parallelRanges(outer * inner, extent, [&, extent = extent, inner = inner](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const T* column = x + n / inner * extent * inner + n % inner;
      int64_t best = 0;
      for (int64_t i = 1; i < extent; i++)
        if (beats(column[i * inner], column[best * inner])) best = i;
      y[n] = static_cast<int32_t>(best);
    }
  });
}

template <class T>
void addRowsTyped(const int32_t* index, int64_t count, const T* y, T* table, int64_t rows, int64_t width) {
  // Each thread owns some rows of the result and looks at every index: the order of additions is that of the indices, always.
  parallelRanges(rows, std::max<int64_t>(1, count * width / std::max<int64_t>(rows, 1)), [&](int64_t begin, int64_t end) {
    std::memset(table + begin * width, 0, static_cast<size_t>((end - begin) * width) * sizeof(T));
    for (int64_t i = 0; i < count; i++) {
      const int64_t row = index[i];
      if (row < begin || row >= end) continue;
      T* const to = table + row * width;
      const T* const from = y + i * width;
      for (int64_t k = 0; k < width; k++) to[k] = wrappingAdd(to[k], from[k]);
    }
  });
}

}  // namespace

void runIota(const Kernel& kernel, const KernelMemory& memory) {
  const Around around(kernel.output.shape, static_cast<int>(kernel.params[0]));
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* const y = static_cast<T*>(memory.output);
    parallelRanges(around.outer * around.extent, around.inner, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; n++) {
        const auto value = static_cast<T>(n % around.extent);
        std::fill_n(y + n * around.inner, around.inner, value);
      }
    });
  });
}

void runArgmax(const Kernel& kernel, const KernelMemory& memory) {
  const Around around(kernel.inputs[0].shape, static_cast<int>(kernel.params[0]));
  withType(kernel.inputs[0].dtype, [&](auto zero) {
    argmaxTyped(around, static_cast<const decltype(zero)*>(memory.inputs[0]), static_cast<int32_t*>(memory.output));
  });
}

void runTakeRows(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& table = kernel.inputs[1].shape;
  const int64_t rows = table[0];
  int64_t width = bytesOf(kernel.output.dtype);
  for (int i = 1; i < table.rank; i++) width *= table[i];
  const auto* const index = static_cast<const int32_t*>(memory.inputs[0]);
  const auto* const from = static_cast<const char*>(memory.inputs[1]);
  auto* const to = static_cast<char*>(memory.output);
  parallelRanges(kernel.inputs[0].shape.size(), width / 4 + 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = index[i];
      if (row >= 0 && row < rows) std::memcpy(to + i * width, from + row * width, static_cast<size_t>(width));
      else std::memset(to + i * width, 0, static_cast<size_t>(width));
    }
  });
}

void runAddRows(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& table = kernel.output.shape;
  int64_t width = 1;
  for (int i = 1; i < table.rank; i++) width *= table[i];
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    addRowsTyped(static_cast<const int32_t*>(memory.inputs[0]), kernel.inputs[0].shape.size(),
                 static_cast<const T*>(memory.inputs[1]), static_cast<T*>(memory.output), table[0], width);
  });
}

}  // namespace ab
