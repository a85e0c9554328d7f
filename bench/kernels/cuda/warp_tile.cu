// A warp owns 64 x 32 elements, nearly a square, where it had 16 x 128: a third less of shared memory for as many multiplications. Its lanes lie 8 x 4, a
// thread's squares of 4 x 4 half a warp's part away from each other; so eight threads together read 16 numbers that are neighbours, no bank is asked for two
// words at once, and what is stored fills its sectors.
#include "fours.cuh"

namespace ab::lab::device {
namespace {

using cuda::Four;

constexpr int kWarpRows = 64, kWarpColumns = 32;

__global__ void __launch_bounds__(kTileThreads) tilesOfWarps(Gemm g, const float* a, const float* b, float* c) {
  AB_SHARED(float, sharedA, kSliceDepth * kStrideA);
  AB_SHARED(float, sharedB, kSliceDepth * kTile);
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int firstRow = static_cast<int>(blockIdx.y) * kTile, firstColumn = static_cast<int>(blockIdx.x) * kTile;
  const int row = warp / (kTile / kWarpColumns) * kWarpRows + lane / 4 * 4;
  const int column = warp % (kTile / kWarpColumns) * kWarpColumns + lane % 4 * 4;
  float sums[kEach][kEach] = {};
  for (int first = 0; first < g.k; first += kSliceDepth) {
    bringSlices(g, a, b, firstRow, firstColumn, first, sharedA, sharedB);
    __syncthreads();
    for (int p = 0; p < kSliceDepth; p++) {
      Four<float> left[2], right[2];
      for (int i = 0; i < 2; i++)
        left[i] = cuda::load(reinterpret_cast<const Four<float>*>(sharedA + p * kStrideA + row + kWarpRows / 2 * i));
      for (int j = 0; j < 2; j++)
        right[j] = cuda::load(reinterpret_cast<const Four<float>*>(sharedB + p * kTile + column + kWarpColumns / 2 * j));
      for (int i = 0; i < kEach; i++)
        for (int j = 0; j < kEach; j++) sums[i][j] = cuda::multiplyAdd(left[i / 4].v[i % 4], right[j / 4].v[j % 4], sums[i][j]);
    }
    __syncthreads();
  }
  for (int i = 0; i < kEach; i++)
    for (int j = 0; j < 2; j++) {
      Four<float> four;
      for (int e = 0; e < 4; e++) four.v[e] = sums[i][4 * j + e];
      putFour(c, firstRow + row + kWarpRows / 2 * (i / 4) + i % 4, firstColumn + column + kWarpColumns / 2 * j, g.m, g.n, four);
    }
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kTile), blocksFor(g.m, kTile), kTileThreads, tilesOfWarps, g, on.a, on.b, on.c);
}

}  // namespace

const Rung warp_tile{"warp_tile", "64 x 32 elements a warp, its lanes 8 x 4", launch};

}  // namespace ab::lab::device
