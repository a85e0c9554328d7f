#include "conv_winograd.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "conv_tasks.h"
#include "gemm_cut.h"
#include "gemm_tile.h"
#include "scratch.h"
#include "thread_pool.h"

#define AB_KERNELS "../conv_winograd_all.inc"
#include "simd/foreach_isa.h"

namespace ab {
namespace {

using Run = void (*)(const ConvShape&, const float*, const float*, float*);

}  // namespace

void winogradForward(const ConvShape& s, ConvAlgorithm algorithm, const float* x, const float* filter, float* y) {
  static constexpr PerIsa<Run> two = AB_PER_ISA(squaresForward<2>);
  static constexpr PerIsa<Run> four = AB_PER_ISA(squaresForward<4>);
  (algorithm == ConvAlgorithm::winograd ? two : four).chosen()(s, x, filter, y);
}

void winogradInputGrad(const ConvShape& s, ConvAlgorithm algorithm, const float* dy, const float* filter, float* dx) {
  static constexpr PerIsa<Run> two = AB_PER_ISA(squaresInputGrad<2>);
  static constexpr PerIsa<Run> four = AB_PER_ISA(squaresInputGrad<4>);
  (algorithm == ConvAlgorithm::winograd ? two : four).chosen()(s, dy, filter, dx);
}

void winogradFilterGrad(const ConvShape& s, ConvAlgorithm algorithm, const float* x, const float* dy, float* dfilter) {
  static constexpr PerIsa<Run> two = AB_PER_ISA(squaresFilterGrad<2>);
  static constexpr PerIsa<Run> four = AB_PER_ISA(squaresFilterGrad<4>);
  (algorithm == ConvAlgorithm::winograd ? two : four).chosen()(s, x, dy, dfilter);
}

}  // namespace ab
