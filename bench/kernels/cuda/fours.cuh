// Accesses of 16 bytes where rows allow it, for what the rungs from `vectorised` on read and write.
#pragma once

#include "block_tile.h"
#include "cuda/simt.cuh"
#include "rung.h"

namespace ab::lab::device {

// A slice of A lies turned, by depth, so that a thread's rows are neighbours; what its lines have to spare puts the two halves of a warp that stores it
// into different banks.
constexpr int kStrideA = kTile + 4;

// Four neighbours of a matrix from (row, column) on; 0 outside.
__device__ __forceinline__ cuda::Four<float> fourAt(const float* from, int row, int column, int rows, int columns) {
  cuda::Four<float> four{};
  if (row >= rows) return four;
  if (columns % 4 == 0 && column < columns) return cuda::load(reinterpret_cast<const cuda::Four<float>*>(from + row * columns + column));
  for (int i = 0; i < 4; i++)
    if (column + i < columns) four.v[i] = cuda::load(from + row * columns + column + i);
  return four;
}

__device__ __forceinline__ void putFour(float* to, int row, int column, int rows, int columns, const cuda::Four<float>& four) {
  if (row >= rows) return;
  if (columns % 4 == 0) {
    if (column < columns) cuda::store(reinterpret_cast<cuda::Four<float>*>(to + row * columns + column), four);
    return;
  }
  for (int i = 0; i < 4; i++)
    if (column + i < columns) cuda::store(to + row * columns + column + i, four.v[i]);
}

// Brings one slice of both factors to shared memory: each thread four numbers of each.
__device__ __forceinline__ void bringSlices(const Gemm& g, const float* a, const float* b, int firstRow, int firstColumn, int first, float* sharedA,
                                            float* sharedB) {
  const int thread = static_cast<int>(threadIdx.x);
  const int r = thread / (kSliceDepth / 4), p = thread % (kSliceDepth / 4) * 4;
  const cuda::Four<float> fromA = fourAt(a, firstRow + r, first + p, g.m, g.k);
  for (int i = 0; i < 4; i++) cuda::store(sharedA + (p + i) * kStrideA + r, fromA.v[i]);
  const int q = thread / (kTile / 4), column = thread % (kTile / 4) * 4;
  cuda::store(reinterpret_cast<cuda::Four<float>*>(sharedB + q * kTile + column), fourAt(b, first + q, firstColumn + column, g.k, g.n));
}

}  // namespace ab::lab::device
