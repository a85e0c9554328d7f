// Pooling over NHWC images. Every image is one task or more, and inside an image the order of additions is fixed.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels.h"

namespace ab {
namespace {

struct Window {
  int64_t h, w, oh, ow, c;
  int64_t kh, kw, strideH, strideW, top, left;

  Window(const Extents& image, const Extents& pooled, const std::vector<int64_t>& params)
      : h(image[1]), w(image[2]), oh(pooled[1]), ow(pooled[2]), c(image[3]), kh(params[0]), kw(params[1]), strideH(params[2]),
        strideW(params[3]), top(params[4]), left(params[6]) {}

  // The part of the window of output row p that lies in the image, and likewise for columns.
  int64_t rowBegin(int64_t p) const { return std::max<int64_t>(0, p * strideH - top); }
  int64_t rowEnd(int64_t p) const { return std::min(h, p * strideH - top + kh); }
  int64_t columnBegin(int64_t q) const { return std::max<int64_t>(0, q * strideW - left); }
  int64_t columnEnd(int64_t q) const { return std::min(w, q * strideW - left + kw); }
};

// best and at hold one entry for each channel.
template <class T>
void argmaxOfWindow(const Window& g, const T* image, int64_t p, int64_t q, T* best, int32_t* at) {
  bool first = true;
  for (int64_t y = g.rowBegin(p); y < g.rowEnd(p); y++) {
    for (int64_t x = g.columnBegin(q); x < g.columnEnd(q); x++) {
      const int64_t position = y * g.w + x;
      const T* const value = image + position * g.c;
      const auto here = static_cast<int32_t>(position);
      if (first) {
        std::copy_n(value, g.c, best);
        std::fill_n(at, g.c, here);
        first = false;
        continue;
      }
      for (int64_t k = 0; k < g.c; k++) {
        bool wins = value[k] > best[k];
        // A NaN counts as largest, and the first one stays.
        if constexpr (std::is_floating_point_v<T>) wins = wins | ((value[k] != value[k]) & (best[k] == best[k]));
        best[k] = wins ? value[k] : best[k];
        at[k] = wins ? here : at[k];
      }
    }
  }
  // Images without pixels: a position out of range, which reads as 0.
  if (first) std::fill_n(at, g.c, -1);
}

template <class T>
void windowArgmax(const Window& g, int64_t images, const T* x, int32_t* y) {
  parallelRanges(images * g.oh, g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    auto* const best = static_cast<T*>(scratch(ScratchSlot::movement, static_cast<size_t>(g.c) * sizeof(T)));
    for (int64_t row = begin; row < end; row++) {
      const T* const image = x + row / g.oh * g.h * g.w * g.c;
      for (int64_t q = 0; q < g.ow; q++) argmaxOfWindow(g, image, row % g.oh, q, best, y + (row * g.ow + q) * g.c);
    }
  });
}

template <class T>
void windowSum(const Window& g, int64_t images, const T* x, T* y) {
  parallelRanges(images * g.oh, g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* const image = x + row / g.oh * g.h * g.w * g.c;
      const int64_t p = row % g.oh;
      for (int64_t q = 0; q < g.ow; q++) {
        T* const sum = y + (row * g.ow + q) * g.c;
        std::fill_n(sum, g.c, T{0});
        for (int64_t i = g.rowBegin(p); i < g.rowEnd(p); i++)
          for (int64_t j = g.columnBegin(q); j < g.columnEnd(q); j++) {
            const T* const value = image + (i * g.w + j) * g.c;
            for (int64_t k = 0; k < g.c; k++) sum[k] = wrappingAdd(sum[k], value[k]);
          }
      }
    }
  });
}

template <class T>
void windowSpread(const Window& g, int64_t images, const T* y, T* x) {
  parallelRanges(images, g.oh * g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      T* const image = x + n * g.h * g.w * g.c;
      std::fill_n(image, g.h * g.w * g.c, T{0});
      for (int64_t p = 0; p < g.oh; p++)
        for (int64_t q = 0; q < g.ow; q++) {
          const T* const value = y + ((n * g.oh + p) * g.ow + q) * g.c;
          for (int64_t i = g.rowBegin(p); i < g.rowEnd(p); i++)
            for (int64_t j = g.columnBegin(q); j < g.columnEnd(q); j++) {
              T* const to = image + (i * g.w + j) * g.c;
              for (int64_t k = 0; k < g.c; k++) to[k] = wrappingAdd(to[k], value[k]);
            }
        }
    }
  });
}

struct Plane {
  int64_t images, positions, pixels, c;
  Plane(const Extents& image, const Extents& pooled)
      : images(image[0]), positions(pooled[1] * pooled[2]), pixels(image[1] * image[2]), c(image[3]) {}
};

template <class T>
void planeTake(const Plane& g, const int32_t* index, const T* x, T* y) {
  parallelRanges(g.images * g.positions, 4 * g.c, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* const image = x + row / g.positions * g.pixels * g.c;
      for (int64_t k = 0; k < g.c; k++) {
        const int64_t at = index[row * g.c + k];
        y[row * g.c + k] = at >= 0 && at < g.pixels ? image[at * g.c + k] : T{0};
      }
    }
  });
}

template <class T>
void planePut(const Plane& g, const int32_t* index, const T* y, T* x) {
  parallelRanges(g.images, (4 * g.positions + g.pixels) * g.c, [&](int64_t begin, int64_t end) {
    std::fill_n(x + begin * g.pixels * g.c, (end - begin) * g.pixels * g.c, T{0});
    for (int64_t row = begin * g.positions; row < end * g.positions; row++) {
      T* const image = x + row / g.positions * g.pixels * g.c;
      for (int64_t k = 0; k < g.c; k++) {
        const int64_t at = index[row * g.c + k];
        if (at >= 0 && at < g.pixels) image[at * g.c + k] = wrappingAdd(image[at * g.c + k], y[row * g.c + k]);
      }
    }
  });
}

template <class T>
const T* input(const KernelMemory& memory, int i) {
  return static_cast<const T*>(memory.inputs[i]);
}

}  // namespace

void runWindowArgmax(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& image = kernel.inputs[0].shape;
  const Window g(image, kernel.output.shape, kernel.params);
  withType(kernel.inputs[0].dtype, [&](auto zero) {
    windowArgmax(g, image[0], input<decltype(zero)>(memory, 0), static_cast<int32_t*>(memory.output));
  });
}

void runWindowSum(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& image = kernel.inputs[0].shape;
  const Window g(image, kernel.output.shape, kernel.params);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    windowSum(g, image[0], input<T>(memory, 0), static_cast<T*>(memory.output));
  });
}

void runWindowSpread(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& image = kernel.output.shape;
  const Window g(image, kernel.inputs[0].shape, kernel.params);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    windowSpread(g, image[0], input<T>(memory, 0), static_cast<T*>(memory.output));
  });
}

void runPlaneTake(const Kernel& kernel, const KernelMemory& memory) {
  const Plane g(kernel.inputs[1].shape, kernel.output.shape);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    planeTake(g, input<int32_t>(memory, 0), input<T>(memory, 1), static_cast<T*>(memory.output));
  });
}

void runPlanePut(const Kernel& kernel, const KernelMemory& memory) {
  const Plane g(kernel.output.shape, kernel.inputs[1].shape);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    planePut(g, input<int32_t>(memory, 0), input<T>(memory, 1), static_cast<T*>(memory.output));
  });
}

}  // namespace ab
