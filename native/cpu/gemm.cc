#include "gemm.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "gemm_grid.h"
#include "gemm_tile.h"
#include "scratch.h"
#include "thread_pool.h"

#define AB_KERNELS "../gemm_kernels.inc"
#include "simd/foreach_isa.h"

namespace ab {

void gemm(const GemmArgs<float>& args) {
  static constexpr PerIsa<void (*)(const GemmArgs<float>&)> run = AB_PER_ISA(gemmRun<float>);
  run.chosen()(args);
}

void gemm(const GemmArgs<double>& args) {
  static constexpr PerIsa<void (*)(const GemmArgs<double>&)> run = AB_PER_ISA(gemmRun<double>);
  run.chosen()(args);
}

}  // namespace ab
