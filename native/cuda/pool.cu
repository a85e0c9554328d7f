#include "pool.cuh"

#include "cpu/dtypes.h"
#include "lower.h"

namespace ab::cuda {
namespace {

Window windowOf(const Extents& image, const Extents& pooled, const Extents& result, const std::vector<int64_t>& params) {
  Window g;
  g.h = image[1];
  g.w = image[2];
  g.c = image[3];
  g.oh = pooled[1];
  g.ow = pooled[2];
  g.kh = params[0];
  g.kw = params[1];
  g.strideH = params[2];
  g.strideW = params[3];
  g.top = params[4];
  g.left = params[6];
  g.size = static_cast<uint32_t>(result.size());
  g.byC = Divisor(result[3]);
  g.byW = Divisor(result[2]);
  g.byH = Divisor(result[1]);
  return g;
}

Plane planeOf(const Extents& image, const Extents& pooled) {
  const auto number = [](int64_t n) { return static_cast<uint32_t>(n); };
  return {number(image[0]), number(pooled[1] * pooled[2]), number(image[1] * image[2]), number(image[3])};
}

}  // namespace

void lowerWindow(const Kernel& kernel, Plan& plan) {
  const Extents& x = kernel.inputs[0].shape;
  const Extents& y = kernel.output.shape;
  const bool spread = kernel.op == Opcode::windowSpread;
  const Window g = windowOf(spread ? y : x, spread ? x : y, y, kernel.params);
  withType(kernel.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto run = kernel.op == Opcode::windowArgmax ? windowArgmax<T> : spread ? windowSpread<T> : windowSum<T>;
    plan.launch(upTo(g.size, 256), 1, 256, run, kernel.inputs[0].buffer, kernel.output.buffer, g);
  });
}

void lowerPlane(const Kernel& kernel, Plan& plan) {
  const int index = kernel.inputs[0].buffer, from = kernel.inputs[1].buffer, to = kernel.output.buffer;
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (kernel.op == Opcode::planeTake) {
      const Plane g = planeOf(kernel.inputs[1].shape, kernel.output.shape);
      plan.launch(upTo(kernel.output.shape.size(), 256), 1, 256, planeTake<T>, index, from, to, g, Divisor(g.c), Divisor(g.positions));
    } else {
      const Plane g = planeOf(kernel.output.shape, kernel.inputs[1].shape);
      plan.launch(upTo(int64_t{g.images} * g.c, 64), 1, 64, planePut<T>, index, from, to, g, Divisor(g.c));
    }
  });
}

}  // namespace ab::cuda
