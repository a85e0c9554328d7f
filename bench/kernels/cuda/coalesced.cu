// The same with rows and columns exchanged: the threads of a warp lie side by side. All read one number of A, a single sector, and 32 neighbours of a row of
// B, four; what they store fills its sectors too.
#include "cuda/simt.cuh"
#include "rung.h"

namespace ab::lab::device {
namespace {

using cuda::load;
using cuda::multiplyAdd;
using cuda::store;

constexpr int kDown = 8, kAcross = 32;

__global__ void __launch_bounds__(kDown* kAcross) rowsOfWarps(Gemm g, const float* a, const float* b, float* c) {
  const int thread = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(blockIdx.y) * kDown + thread / kAcross;
  const int column = static_cast<int>(blockIdx.x) * kAcross + thread % kAcross;
  if (row >= g.m || column >= g.n) return;
  float sum = 0;
  for (int p = 0; p < g.k; p++) sum = multiplyAdd(load(a + row * g.k + p), load(b + p * g.n + column), sum);
  store(c + row * g.n + column, sum);
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kAcross), blocksFor(g.m, kDown), kDown * kAcross, rowsOfWarps, g, on.a, on.b, on.c);
}

}  // namespace

const Rung coalesced{"coalesced", "a warp along a row", launch};

}  // namespace ab::lab::device
