// A block brings squares of both factors to shared memory, where each number is read by 32 threads: a twentieth of the sectors. What limits it now is
// shared memory itself, from which every multiplication reads twice.
#include "cuda/simt.cuh"
#include "rung.h"

namespace ab::lab::device {
namespace {

using cuda::load;
using cuda::multiplyAdd;
using cuda::store;

constexpr int kTile = 32;

__global__ void __launch_bounds__(kTile* kTile) squaresInShared(Gemm g, const float* a, const float* b, float* c) {
  AB_SHARED(float, sharedA, kTile * kTile);
  AB_SHARED(float, sharedB, kTile * kTile);
  const int x = static_cast<int>(threadIdx.x) % kTile, y = static_cast<int>(threadIdx.x) / kTile;
  const int row = static_cast<int>(blockIdx.y) * kTile + y, column = static_cast<int>(blockIdx.x) * kTile + x;
  float sum = 0;
  for (int first = 0; first < g.k; first += kTile) {
    store(sharedA + y * kTile + x, row < g.m && first + x < g.k ? load(a + row * g.k + first + x) : 0.0f);
    store(sharedB + y * kTile + x, first + y < g.k && column < g.n ? load(b + (first + y) * g.n + column) : 0.0f);
    __syncthreads();
    for (int p = 0; p < kTile; p++) sum = multiplyAdd(load(sharedA + y * kTile + p), load(sharedB + p * kTile + x), sum);
    __syncthreads();
  }
  if (row < g.m && column < g.n) store(c + row * g.n + column, sum);
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kTile), blocksFor(g.m, kTile), kTile * kTile, squaresInShared, g, on.a, on.b, on.c);
}

}  // namespace

const Rung shared_tile{"shared_tile", "squares of 32 x 32 in shared memory", launch};

}  // namespace ab::lab::device
