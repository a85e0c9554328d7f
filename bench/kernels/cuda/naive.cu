// A thread for each element of C, as the textbook has it, and the threads of a warp one below the other. Each so reads a row of A of its own: a load of
// 32 numbers touches 32 sectors of memory, 8 times what they fill, and so does the store.
#include "cuda/simt.cuh"
#include "rung.h"

namespace ab::lab::device {
namespace {

using cuda::load;
using cuda::multiplyAdd;
using cuda::store;

constexpr int kDown = 32, kAcross = 8;

__global__ void __launch_bounds__(kDown* kAcross) columnsOfWarps(Gemm g, const float* a, const float* b, float* c) {
  const int thread = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(blockIdx.y) * kDown + thread % kDown;
  const int column = static_cast<int>(blockIdx.x) * kAcross + thread / kDown;
  if (row >= g.m || column >= g.n) return;
  float sum = 0;
  for (int p = 0; p < g.k; p++) sum = multiplyAdd(load(a + row * g.k + p), load(b + p * g.n + column), sum);
  store(c + row * g.n + column, sum);
}

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  launchOn(stream, blocksFor(g.n, kAcross), blocksFor(g.m, kDown), kDown * kAcross, columnsOfWarps, g, on.a, on.b, on.c);
}

}  // namespace

const Rung naive{"naive", "a thread for each element, a warp down a column", launch};

}  // namespace ab::lab::device
