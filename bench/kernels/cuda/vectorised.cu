// The same tile, moved in accesses of 16 bytes: a quarter of the instructions that read memory, shared or not. For that A is turned on its way to shared
// memory. Half of the passes of the banks are gone; those that are left come from columns that lie 32 bytes apart.
#include "fours.cuh"

namespace ab::lab::device {
namespace {

using cuda::Four;

__global__ void __launch_bounds__(kTileThreads) squaresOfFours(Gemm g, const float* a, const float* b, float* c) {
  AB_SHARED(float, sharedA, kSliceDepth * kStrideA);
  AB_SHARED(float, sharedB, kSliceDepth * kTile);
  const int thread = static_cast<int>(threadIdx.x);
  const int firstRow = static_cast<int>(blockIdx.y) * kTile, firstColumn = static_cast<int>(blockIdx.x) * kTile;
  const int row = thread / (kTile / kEach) * kEach, column = thread % (kTile / kEach) * kEach;
  float sums[kEach][kEach] = {};
  for (int first = 0; first < g.k; first += kSliceDepth) {
    bringSlices(g, a, b, firstRow, firstColumn, first, sharedA, sharedB);
    __syncthreads();
    for (int p = 0; p < kSliceDepth; p++) {
      Four<float> left[2], right[2];
      for (int i = 0; i < 2; i++) left[i] = cuda::load(reinterpret_cast<const Four<float>*>(sharedA + p * kStrideA + row + 4 * i));
      for (int j = 0; j < 2; j++) right[j] = cuda::load(reinterpret_cast<const Four<float>*>(sharedB + p * kTile + column + 4 * j));
      for (int i = 0; i < kEach; i++)
        for (int j = 0; j < kEach; j++) sums[i][j] = cuda::multiplyAdd(left[i / 4].v[i % 4], right[j / 4].v[j % 4], sums[i][j]);
    }
    __syncthreads();
  }
  for (int i = 0; i < kEach; i++)
    for (int j = 0; j < 2; j++) {
      Four<float> four;
      for (int e = 0; e < 4; e++) four.v[e] = sums[i][4 * j + e];
      putFour(c, firstRow + row + i, firstColumn + column + 4 * j, g.m, g.n, four);
    }
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kTile), blocksFor(g.m, kTile), kTileThreads, squaresOfFours, g, on.a, on.b, on.c);
}

}  // namespace

const Rung vectorised{"vectorised", "accesses of 16 bytes, A turned", launch};

}  // namespace ab::lab::device
