// Pooling over NHWC images. One thread for each result, which gathers in a fixed order; neighbouring threads have neighbouring channels.
#pragma once

#include "divisor.h"
#include "simt.cuh"

namespace ab::cuda {

// Windows may be longer than 32 bits where no result takes them.
struct Window {
  int64_t h = 0, w = 0, oh = 0, ow = 0, c = 0;
  int64_t kh = 1, kw = 1, strideH = 1, strideW = 1, top = 0, left = 0;
  uint32_t size = 0;  // of the result
  Divisor byC, byW, byH;  // of the result
};

// Image, row, column and channel of the n-th element of the result.
struct Pixel {
  uint32_t image;
  int64_t y, x, channel;
  __device__ __forceinline__ Pixel(const Window& g, uint32_t n) {
    channel = g.byC.split(n);
    x = g.byW.split(n);
    y = g.byH.split(n);
    image = n;
  }
};

__device__ __forceinline__ int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
__device__ __forceinline__ int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Integers wrap.
template <class T>
__device__ __forceinline__ T plus(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) return x + y;
  else return static_cast<T>(static_cast<uint32_t>(x) + static_cast<uint32_t>(y));
}

// The part of a window that lies in the image.
struct Clipped {
  int64_t top, bottom, left, right;
  __device__ __forceinline__ Clipped(const Window& g, const Pixel& at)
      : top(larger(0, at.y * g.strideH - g.top)), bottom(smaller(g.h, at.y * g.strideH - g.top + g.kh)), left(larger(0, at.x * g.strideW - g.left)),
        right(smaller(g.w, at.x * g.strideW - g.left + g.kw)) {}
};

template <class T>
__global__ void __launch_bounds__(256) windowArgmax(int from, int to, Window g, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= g.size) return;
  const Pixel at(g, n);
  const Clipped part(g, at);
  const T* const image = bufferAt<const T>(table, from) + at.image * g.h * g.w * g.c + at.channel;
  // Images without pixels: a position out of range, which reads as 0.
  int64_t position = -1;
  T best{0};
  for (int64_t y = part.top; y < part.bottom; y++)
    for (int64_t x = part.left; x < part.right; x++) {
      const T value = load(image + (y * g.w + x) * g.c);
      bool wins = position < 0 || value > best;
      // A NaN counts as largest, and the first one stays.
      if constexpr (std::is_floating_point_v<T>) wins = wins || (value != value && best == best);
      if (wins) best = value, position = y * g.w + x;
    }
  store(bufferAt<int32_t>(table, to) + n, static_cast<int32_t>(position));
}

template <class T>
__global__ void __launch_bounds__(256) windowSum(int from, int to, Window g, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= g.size) return;
  const Pixel at(g, n);
  const Clipped part(g, at);
  const T* const image = bufferAt<const T>(table, from) + at.image * g.h * g.w * g.c + at.channel;
  T sum{0};
  for (int64_t y = part.top; y < part.bottom; y++)
    for (int64_t x = part.left; x < part.right; x++) sum = plus(sum, load(image + (y * g.w + x) * g.c));
  store(bufferAt<T>(table, to) + n, sum);
}

// Each pixel adds up the windows that it lies in, in their order.
template <class T>
__global__ void __launch_bounds__(256) windowSpread(int from, int to, Window g, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= g.size) return;
  const Pixel at(g, n);
  const T* const values = bufferAt<const T>(table, from) + at.image * g.oh * g.ow * g.c + at.channel;
  // Window p covers y if p * stride <= y + top < p * stride + k.
  const int64_t y = at.y + g.top, x = at.x + g.left;
  const int64_t firstP = y < g.kh ? 0 : (y - g.kh) / g.strideH + 1, lastP = smaller(g.oh - 1, y / g.strideH);
  const int64_t firstQ = x < g.kw ? 0 : (x - g.kw) / g.strideW + 1, lastQ = smaller(g.ow - 1, x / g.strideW);
  T sum{0};
  for (int64_t p = firstP; p <= lastP; p++)
    for (int64_t q = firstQ; q <= lastQ; q++) sum = plus(sum, load(values + (p * g.ow + q) * g.c));
  store(bufferAt<T>(table, to) + n, sum);
}

// Pixels of an image by position, each channel its own.
struct Plane {
  uint32_t images = 0, positions = 0, pixels = 0, c = 0;
};

template <class T>
__global__ void __launch_bounds__(256) planeTake(int index, int from, int to, Plane g, Divisor byC, Divisor byPositions, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= g.images * g.positions * g.c) return;
  uint32_t image = n;
  const uint32_t channel = byC.split(image);
  byPositions.split(image);
  const auto position = static_cast<uint32_t>(load(bufferAt<const int32_t>(table, index) + n));
  T value{0};
  if (position < g.pixels) value = load(bufferAt<const T>(table, from) + (static_cast<int64_t>(image) * g.pixels + position) * g.c + channel);
  store(bufferAt<T>(table, to) + n, value);
}

// Several positions may name one pixel, and the order of additions must not depend on chance: so one thread has one channel of one image, and goes
// through its positions in order. Neighbours have neighbouring channels and images.
template <class T>
__global__ void __launch_bounds__(64) planePut(int index, int from, int to, Plane g, Divisor byC, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= g.images * g.c) return;
  uint32_t image = n;
  const uint32_t channel = byC.split(image);
  T* const pixels = bufferAt<T>(table, to) + static_cast<int64_t>(image) * g.pixels * g.c + channel;
  for (uint32_t i = 0; i < g.pixels; i++) store(pixels + i * g.c, T{0});
  const int64_t first = static_cast<int64_t>(image) * g.positions * g.c + channel;
  const int32_t* const positions = bufferAt<const int32_t>(table, index) + first;
  const T* const values = bufferAt<const T>(table, from) + first;
  for (uint32_t i = 0; i < g.positions; i++) {
    const auto position = static_cast<uint32_t>(load(positions + i * g.c));
    if (position >= g.pixels) continue;
    T* const pixel = pixels + position * g.c;
    store(pixel, plus(load(pixel), load(values + i * g.c)));
  }
}

}  // namespace ab::cuda
