// A matrix as a factor of a product: see product.cuh for what a reader has.
#pragma once

#include "simt.cuh"

namespace ab::cuda {

// Lines are rows of the first factor or columns of the second. Along the depth, element (line, k) lies at line * stride + k; else at k * stride
// + line.
template <class Element, bool alongDepth>
struct MatrixReader {
  using T = Element;
  static constexpr bool kAlongDepth = alongDepth;

  int buffer = 0;
  int lines = 0, depth = 0;
  int64_t stride = 0;
  int64_t batchStride = 0;
  bool aligned = false;  // four neighbours at a multiple of 4 can be read at once
  const T* memory = nullptr;

  struct Line {
    const T* first;
    int index;
    bool inside;
  };

  __device__ __forceinline__ void bind(void* const* table, int matrix) { memory = bufferAt<const T>(table, buffer) + matrix * batchStride; }

  __device__ __forceinline__ Line line(int index) const {
    const bool inside = index < lines;
    return {inside ? memory + index * (alongDepth ? stride : 1) : memory, index, inside};
  }

  __device__ __forceinline__ T at(const Line& line, int k) const {
    if (!line.inside || k >= depth) return T{0};
    return load(line.first + k * (alongDepth ? 1 : stride));
  }

  __device__ __forceinline__ void four(const Line& line, int k, T (&v)[4]) const {
    const bool whole = alongDepth ? line.inside && k + 4 <= depth : line.index + 4 <= lines && k < depth;
    if (aligned && whole) {
      const Four<T> read = load(reinterpret_cast<const Four<T>*>(line.first + k * (alongDepth ? 1 : stride)));
      for (int i = 0; i < 4; i++) v[i] = read.v[i];
    } else if (alongDepth) {
      for (int i = 0; i < 4; i++) v[i] = at(line, k + i);
    } else {
      for (int i = 0; i < 4; i++) v[i] = line.index + i < lines && k < depth ? load(line.first + k * stride + i) : T{0};
    }
  }
};

}  // namespace ab::cuda
