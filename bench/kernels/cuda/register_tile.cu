// A thread owns 8 x 8 elements of C in registers: 16 reads of shared memory for 64 multiplications where there were 128, and a tile of 128 x 128 takes a
// quarter of the sectors. Banks meet: eight columns in a row put every fourth thread into the same bank, and stores go a sector apart.
#include "block_tile.h"
#include "cuda/simt.cuh"
#include "rung.h"

namespace ab::lab::device {
namespace {

using cuda::load;
using cuda::multiplyAdd;
using cuda::store;

__global__ void __launch_bounds__(kTileThreads) squaresInRegisters(Gemm g, const float* a, const float* b, float* c) {
  AB_SHARED(float, sharedA, kTile * kSliceDepth);
  AB_SHARED(float, sharedB, kSliceDepth * kTile);
  const int thread = static_cast<int>(threadIdx.x);
  const int firstRow = static_cast<int>(blockIdx.y) * kTile, firstColumn = static_cast<int>(blockIdx.x) * kTile;
  const int row = thread / (kTile / kEach) * kEach, column = thread % (kTile / kEach) * kEach;
  float sums[kEach][kEach] = {};
  for (int first = 0; first < g.k; first += kSliceDepth) {
    for (int n = thread; n < kTile * kSliceDepth; n += kTileThreads) {
      const int r = firstRow + n / kSliceDepth, p = first + n % kSliceDepth;
      store(sharedA + n, r < g.m && p < g.k ? load(a + r * g.k + p) : 0.0f);
    }
    for (int n = thread; n < kTile * kSliceDepth; n += kTileThreads) {
      const int p = first + n / kTile, q = firstColumn + n % kTile;
      store(sharedB + n, p < g.k && q < g.n ? load(b + p * g.n + q) : 0.0f);
    }
    __syncthreads();
    for (int p = 0; p < kSliceDepth; p++) {
      float left[kEach], right[kEach];
      for (int i = 0; i < kEach; i++) left[i] = load(sharedA + (row + i) * kSliceDepth + p);
      for (int j = 0; j < kEach; j++) right[j] = load(sharedB + p * kTile + column + j);
      for (int i = 0; i < kEach; i++)
        for (int j = 0; j < kEach; j++) sums[i][j] = multiplyAdd(left[i], right[j], sums[i][j]);
    }
    __syncthreads();
  }
  for (int i = 0; i < kEach; i++)
    for (int j = 0; j < kEach; j++) {
      const int r = firstRow + row + i, q = firstColumn + column + j;
      if (r < g.m && q < g.n) store(c + r * g.n + q, sums[i][j]);
    }
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kTile), blocksFor(g.m, kTile), kTileThreads, squaresInRegisters, g, on.a, on.b, on.c);
}

}  // namespace

const Rung register_tile{"register_tile", "8 x 8 elements a thread, 128 x 128 a block", launch};

}  // namespace ab::lab::device
