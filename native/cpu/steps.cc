#include "steps.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "isa.h"

namespace ab {
namespace {

// x ** y as JavaScript has it, which is C's pow but for bases of magnitude 1.
double jsPow(double x, double y) {
  if (std::isnan(y) || (std::isinf(y) && std::fabs(x) == 1)) return std::numeric_limits<double>::quiet_NaN();
  return std::pow(x, y);
}

// What a number becomes when JavaScript stores it in an Int32Array: truncated, and modulo 2^32; 0 if it is not finite.
inline int32_t toInt32(double x) {
  if (x > -2147483649.0 && x < 2147483648.0) return static_cast<int32_t>(x);
  if (!std::isfinite(x)) return 0;
  const double modulo = std::fmod(std::trunc(x), 4294967296.0);
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(modulo)));
}

}  // namespace
}  // namespace ab

#define AB_KERNELS "../step_kernels.inc"
#include "simd/foreach_isa.h"
#define AB_KERNELS "../fold_kernels.inc"
#include "simd/foreach_isa.h"

namespace ab {

StepFunction stepFunction(StepOp op, DType to, DType from) {
  static constexpr PerIsa<StepFunction (*)(StepOp, DType, DType)> find = AB_PER_ISA(findStep);
  return find.chosen()(op, to, from);
}

FoldFunctions foldFunctions(FoldOp op, DType dtype) {
  static constexpr PerIsa<FoldFunctions (*)(FoldOp, DType)> find = AB_PER_ISA(findFold);
  return find.chosen()(op, dtype);
}

int64_t workOf(StepOp op) {
  switch (op) {
    case StepOp::div: return 4;
    case StepOp::sqrt:
    case StepOp::rsqrt: return 8;
    case StepOp::exp:
    case StepOp::expm1:
    case StepOp::log:
    case StepOp::log1p: return 16;
    case StepOp::tanh:
    case StepOp::sigmoid: return 20;
    case StepOp::softplus: return 32;
    case StepOp::sin:
    case StepOp::cos: return 60;
    case StepOp::pow: return 40;
    default: return 1;
  }
}

}  // namespace ab
