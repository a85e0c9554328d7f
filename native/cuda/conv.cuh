// The factors of the products that convolutions are. Images NHWC, filters HWIO; with G groups each group is a product of its own.
//
//   forward       y[pixel, o]      = sum over (tap, c)  of patches[pixel, (tap, c)] * filter[(tap, c), o]
//   input grad    dx[place, c]     = sum over (tap, o)  of spread[place, (tap, o)] * filter[(tap, o), c]
//   filter grad   df[(tap, c), o]  = sum over pixels    of patches[pixel, (tap, c)] * dy[pixel, o]
//
// What lies in the padding, and in the gaps that a stride leaves in the input's gradient, is 0.
#pragma once

#include "divisor.h"
#include "simt.cuh"

namespace ab::cuda {

struct ConvGeometry {
  int n = 0, h = 0, w = 0, c = 0;
  int kh = 0, kw = 0, o = 0;
  int oh = 0, ow = 0;
  int strideH = 1, strideW = 1;
  int top = 0, left = 0;
  int dilH = 1, dilW = 1;
  int inputs = 0, outputs = 0;  // channels of a group
  Divisor byH, byW, byOh, byOw, byKw, byInputs, byOutputs, byStrideH, byStrideW;
};

// What an address holds; 0 where there is none.
template <class T>
__device__ __forceinline__ T oneAt(const T* from) {
  return from == nullptr ? T{0} : load(from);
}
template <class T>
__device__ __forceinline__ void fourAt(const T* from, T (&v)[4]) {
  const Four<T> read = from == nullptr ? Four<T>{} : load(reinterpret_cast<const Four<T>*>(from));
  for (int i = 0; i < 4; i++) v[i] = read.v[i];
}

// Four neighbours of a reader whose lines go along the depth: at once where channels come in fours.
template <class Reader, class Line, class T>
__device__ __forceinline__ void fourAlongDepth(const Reader& reader, const Line& line, int k, T (&v)[4]) {
  if (reader.aligned) return fourAt(reader.address(line, k), v);
  for (int i = 0; i < 4; i++) v[i] = reader.at(line, k + i);
}

// Lines are output pixels, the depth goes through (tap, channel).
template <class Element>
struct PatchReader {
  using T = Element;
  static constexpr bool kAlongDepth = true;

  int buffer = 0;
  ConvGeometry g;
  bool aligned = false;  // channels come in fours
  const T* memory = nullptr;

  struct Line {
    const T* image;
    int y, x;  // of the first tap
    bool inside;
  };

  __device__ __forceinline__ void bind(void* const* table, int group) { memory = bufferAt<const T>(table, buffer) + group * g.inputs; }

  __device__ __forceinline__ Line line(int index) const {
    auto n = static_cast<uint32_t>(index);
    const auto q = static_cast<int>(g.byOw.split(n));
    const auto p = static_cast<int>(g.byOh.split(n));
    const bool inside = static_cast<int>(n) < g.n;
    return {memory + (inside ? static_cast<int64_t>(n) * g.h * g.w * g.c : 0), p * g.strideH - g.top, q * g.strideW - g.left, inside};
  }

  // Null where there is only padding, or nothing.
  __device__ __forceinline__ const T* address(const Line& line, int k) const {
    auto tap = static_cast<uint32_t>(k);
    const auto channel = static_cast<int>(g.byInputs.split(tap));
    const auto j = static_cast<int>(g.byKw.split(tap));
    const int y = line.y + static_cast<int>(tap) * g.dilH, x = line.x + j * g.dilW;
    const bool inside = line.inside && static_cast<int>(tap) < g.kh && y >= 0 && y < g.h && x >= 0 && x < g.w;
    return inside ? line.image + static_cast<int64_t>(y * g.w + x) * g.c + channel : nullptr;
  }

  __device__ __forceinline__ T at(const Line& line, int k) const { return oneAt(address(line, k)); }

  __device__ __forceinline__ void four(const Line& line, int k, T (&v)[4]) const {
    fourAlongDepth(*this, line, k, v);
  }
};

// The same matrix on its side: lines are (tap, channel), the depth goes through the pixels.
template <class Element>
struct PatchColumnReader {
  using T = Element;
  static constexpr bool kAlongDepth = false;

  int buffer = 0;
  ConvGeometry g;
  bool aligned = false;
  const T* memory = nullptr;

  struct Line {
    int index;
    int y, x;  // what the tap adds to the place of a pixel
    int channel;
    bool inside;
  };

  __device__ __forceinline__ void bind(void* const* table, int group) { memory = bufferAt<const T>(table, buffer) + group * g.inputs; }

  __device__ __forceinline__ Line line(int index) const {
    auto tap = static_cast<uint32_t>(index);
    const auto channel = static_cast<int>(g.byInputs.split(tap));
    const auto j = static_cast<int>(g.byKw.split(tap));
    return {index, static_cast<int>(tap) * g.dilH - g.top, j * g.dilW - g.left, channel, static_cast<int>(tap) < g.kh};
  }

  __device__ __forceinline__ const T* address(const Line& line, int k) const {
    auto n = static_cast<uint32_t>(k);
    const auto q = static_cast<int>(g.byOw.split(n));
    const auto p = static_cast<int>(g.byOh.split(n));
    const int y = p * g.strideH + line.y, x = q * g.strideW + line.x;
    const bool inside = line.inside && static_cast<int>(n) < g.n && y >= 0 && y < g.h && x >= 0 && x < g.w;
    return inside ? memory + ((static_cast<int64_t>(n) * g.h + y) * g.w + x) * g.c + line.channel : nullptr;
  }

  __device__ __forceinline__ T at(const Line& line, int k) const { return oneAt(address(line, k)); }

  __device__ __forceinline__ void four(const Line& first, int k, T (&v)[4]) const {
    if (aligned) return fourAt(address(first, k), v);
    for (int i = 0; i < 4; i++) v[i] = at(line(first.index + i), k);
  }
};

// Lines are places of the image, the depth goes through (tap, output channel): the gradient that each tap sends there.
template <class Element>
struct SpreadReader {
  using T = Element;
  static constexpr bool kAlongDepth = true;

  int buffer = 0;
  ConvGeometry g;
  bool aligned = false;
  const T* memory = nullptr;

  struct Line {
    const T* image;
    int y, x;  // in the padded image
    bool inside;
  };

  __device__ __forceinline__ void bind(void* const* table, int group) { memory = bufferAt<const T>(table, buffer) + group * g.outputs; }

  __device__ __forceinline__ Line line(int index) const {
    auto n = static_cast<uint32_t>(index);
    const auto x = static_cast<int>(g.byW.split(n));
    const auto y = static_cast<int>(g.byH.split(n));
    const bool inside = static_cast<int>(n) < g.n;
    return {memory + (inside ? static_cast<int64_t>(n) * g.oh * g.ow * g.o : 0), y + g.top, x + g.left, inside};
  }

  __device__ __forceinline__ const T* address(const Line& line, int k) const {
    auto tap = static_cast<uint32_t>(k);
    const auto channel = static_cast<int>(g.byOutputs.split(tap));
    const auto j = static_cast<int>(g.byKw.split(tap));
    const int y = line.y - static_cast<int>(tap) * g.dilH, x = line.x - j * g.dilW;
    if (!line.inside || static_cast<int>(tap) >= g.kh || y < 0 || x < 0) return nullptr;
    auto p = static_cast<uint32_t>(y), q = static_cast<uint32_t>(x);
    const bool hit = g.byStrideH.split(p) == 0 && g.byStrideW.split(q) == 0;
    const bool inside = hit && static_cast<int>(p) < g.oh && static_cast<int>(q) < g.ow;
    return inside ? line.image + (static_cast<int64_t>(p) * g.ow + q) * g.o + channel : nullptr;
  }

  __device__ __forceinline__ T at(const Line& line, int k) const { return oneAt(address(line, k)); }

  __device__ __forceinline__ void four(const Line& line, int k, T (&v)[4]) const {
    fourAlongDepth(*this, line, k, v);
  }
};

// The filter as the input's gradient needs it: lines are input channels, the depth goes through (tap, output channel).
template <class Element>
struct TurnedFilterReader {
  using T = Element;
  static constexpr bool kAlongDepth = true;

  int buffer = 0;
  ConvGeometry g;
  bool aligned = false;
  const T* memory = nullptr;

  struct Line {
    const T* first;
    bool inside;
  };

  __device__ __forceinline__ void bind(void* const* table, int group) { memory = bufferAt<const T>(table, buffer) + group * g.outputs; }

  __device__ __forceinline__ Line line(int index) const {
    const bool inside = index < g.inputs;
    return {memory + (inside ? static_cast<int64_t>(index) * g.o : 0), inside};
  }

  __device__ __forceinline__ const T* address(const Line& line, int k) const {
    auto tap = static_cast<uint32_t>(k);
    const auto channel = static_cast<int>(g.byOutputs.split(tap));
    const bool inside = line.inside && static_cast<int>(tap) < g.kh * g.kw;
    return inside ? line.first + static_cast<int64_t>(tap) * g.inputs * g.o + channel : nullptr;
  }

  __device__ __forceinline__ T at(const Line& line, int k) const { return oneAt(address(line, k)); }

  __device__ __forceinline__ void four(const Line& line, int k, T (&v)[4]) const {
    fourAlongDepth(*this, line, k, v);
  }
};

}  // namespace ab::cuda
