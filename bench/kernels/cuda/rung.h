// One rung of the device's ladder: a kernel that computes the same product as all others, and one idea more than the one before it. Written in the
// dialect of native/cuda/simt.cuh, so that nvcc compiles what the emulation counts.
#pragma once

#include <cuda_runtime.h>

#include "cuda/plan.h"

namespace ab::lab::device {

// C[m,n] = A[m,k] B[k,n], row-major; none of the three has 2^31 elements.
struct Gemm {
  int m = 0, n = 0, k = 0;
};

// On the device. Rows of 4 numbers begin at a multiple of 16 bytes.
struct Operands {
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  void* const* table = nullptr;  // on the device too: the addresses of A, B and C, as the product's own kernel wants them
};

struct Rung {
  const char* name;
  const char* idea;
  // Gives the kernel, which overwrites C, to the stream. Throws ab::cuda::CudaError.
  void (*launch)(cudaStream_t stream, const Gemm& g, const Operands& on);
};

#define RUNG(name) extern const Rung name;
#include "rungs.inc"
#undef RUNG

#define RUNG(name) &name,
inline constexpr const Rung* kRungs[] = {
#include "rungs.inc"
};
#undef RUNG

// Launches a grid of `across` by `down` blocks.
template <class... Parameters, class... Arguments>
void launchOn(cudaStream_t stream, int across, int down, int threads, void (*kernel)(Parameters...), Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = {static_cast<unsigned>(across), static_cast<unsigned>(down), 1};
  config.blockDim = {static_cast<unsigned>(threads), 1, 1};
  config.stream = stream;
  cuda::check(cudaLaunchKernelEx(&config, kernel, arguments...), "a rung was not launched");
}

// Blocks of `size` that cover n.
inline int blocksFor(int n, int size) { return static_cast<int>(cuda::upTo(n, size)); }

}  // namespace ab::lab::device
