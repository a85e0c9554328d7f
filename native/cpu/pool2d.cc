// Pooling over NHWC images. Every image is one task or more, and inside an image the order of additions is fixed.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "isa.h"
#include "kernels.h"
#include "scratch.h"

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

struct Plane {
  int64_t images, positions, pixels, c;
  Plane(const Extents& image, const Extents& pooled)
      : images(image[0]), positions(pooled[1] * pooled[2]), pixels(image[1] * image[2]), c(image[3]) {}
};

// The loops over the channels of one place, which each instruction set has its own version of.
template <class T>
struct PoolLoops {
  // Of a row of windows; best is room for one number for each channel.
  void (*argmaxOfRow)(const Window& g, const T* image, int64_t p, T* best, int32_t* at);
  void (*sumOfWindow)(const Window& g, const T* image, int64_t p, int64_t q, T* sum);
  void (*spreadToWindow)(const Window& g, const T* value, int64_t p, int64_t q, T* image);
  // Of one image, positions [begin, end).
  void (*take)(const Plane& g, const int32_t* index, const T* image, T* y, int64_t begin, int64_t end);
  void (*put)(const Plane& g, const int32_t* index, const T* y, T* image);
};

}  // namespace
}  // namespace ab

#define AB_KERNELS "../pool2d_kernels.inc"
#include "simd/foreach_isa.h"

namespace ab {
namespace {

template <class T>
PoolLoops<T> poolLoops() {
  static constexpr PerIsa<PoolLoops<T> (*)()> find = AB_PER_ISA(poolLoopsOf<T>);
  return find.chosen()();
}

template <class T>
void windowArgmax(const Window& g, int64_t images, const T* x, int32_t* y) {
  const PoolLoops<T> loops = poolLoops<T>();
  parallelRanges(images * g.oh, g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    auto* const best = static_cast<T*>(scratch(ScratchSlot::movement, static_cast<size_t>(g.c) * sizeof(T)));
    for (int64_t row = begin; row < end; row++) {
      const T* const image = x + row / g.oh * g.h * g.w * g.c;
      loops.argmaxOfRow(g, image, row % g.oh, best, y + row * g.ow * g.c);
    }
  });
}

template <class T>
void windowSum(const Window& g, int64_t images, const T* x, T* y) {
  const PoolLoops<T> loops = poolLoops<T>();
  parallelRanges(images * g.oh, g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const T* const image = x + row / g.oh * g.h * g.w * g.c;
      for (int64_t q = 0; q < g.ow; q++) loops.sumOfWindow(g, image, row % g.oh, q, y + (row * g.ow + q) * g.c);
    }
  });
}

template <class T>
void windowSpread(const Window& g, int64_t images, const T* y, T* x) {
  const PoolLoops<T> loops = poolLoops<T>();
  parallelRanges(images, g.oh * g.ow * g.c * g.kh * g.kw, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      T* const image = x + n * g.h * g.w * g.c;
      std::fill_n(image, g.h * g.w * g.c, T{0});
      for (int64_t p = 0; p < g.oh; p++)
        for (int64_t q = 0; q < g.ow; q++) loops.spreadToWindow(g, y + ((n * g.oh + p) * g.ow + q) * g.c, p, q, image);
    }
  });
}

template <class T>
void planeTake(const Plane& g, const int32_t* index, const T* x, T* y) {
  // Without pixels every position is out of range.
  if (g.pixels == 0) {
    std::fill_n(y, g.images * g.positions * g.c, T{0});
    return;
  }
  const PoolLoops<T> loops = poolLoops<T>();
  // Halves of an image, so that a few images keep all threads busy.
  const int64_t half = (g.positions + 1) / 2;
  parallelRanges(2 * g.images, 2 * half * g.c, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const int64_t at = n / 2 * g.positions * g.c;
      const int64_t from = n % 2 * half;
      loops.take(g, index + at, x + n / 2 * g.pixels * g.c, y + at, from, std::min(g.positions, from + half));
    }
  });
}

template <class T>
void planePut(const Plane& g, const int32_t* index, const T* y, T* x) {
  const PoolLoops<T> loops = poolLoops<T>();
  parallelRanges(g.images, (4 * g.positions + g.pixels) * g.c, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      T* const image = x + n * g.pixels * g.c;
      std::fill_n(image, g.pixels * g.c, T{0});
      loops.put(g, index + n * g.positions * g.c, y + n * g.positions * g.c, image);
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
