#include "gather.cuh"

#include "cpu/dtypes.h"
#include "lower.h"

namespace ab::cuda {
namespace {

Around aroundOf(const Extents& shape, int axis) {
  Around around;
  for (int i = 0; i < shape.rank; i++)
    (i < axis ? around.outer : i == axis ? around.extent : around.inner) *= static_cast<uint32_t>(shape[i]);
  return around;
}

RowShape rowsOf(const Extents& table, const Extents& index) {
  RowShape shape;
  shape.rows = static_cast<uint32_t>(table[0]);
  shape.count = static_cast<uint32_t>(index.size());
  shape.width = 1;
  for (int i = 1; i < table.rank; i++) shape.width *= static_cast<uint32_t>(table[i]);
  return shape;
}

}  // namespace

void lowerIota(const Kernel& kernel, Plan& plan) {
  const Around around = aroundOf(kernel.output.shape, static_cast<int>(kernel.params[0]));
  withType(kernel.output.dtype, [&](auto zero) {
    plan.launch(upTo(kernel.output.shape.size(), 256), 1, 256, iota<decltype(zero)>, kernel.output.buffer, around);
  });
}

void lowerArgmax(const Kernel& kernel, Plan& plan) {
  const Around around = aroundOf(kernel.inputs[0].shape, static_cast<int>(kernel.params[0]));
  const int from = kernel.inputs[0].buffer, to = kernel.output.buffer;
  withType(kernel.inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    if (around.inner == 1) plan.launch(upTo(around.outer, 8), 1, 256, argmaxOfRows<T>, from, to, around);
    else plan.launch(upTo(int64_t{around.outer} * around.inner, 256), 1, 256, argmaxOfColumns<T>, from, to, around);
  });
}

void lowerTakeRows(const Kernel& kernel, Plan& plan) {
  const RowShape shape = rowsOf(kernel.inputs[1].shape, kernel.inputs[0].shape);
  // Without rows the width may be anything, and nothing is read.
  const int64_t elements = kernel.output.shape.size();
  withType(kernel.output.dtype, [&](auto zero) {
    plan.launch(upTo(elements, 256), 1, 256, takeRows<decltype(zero)>, kernel.inputs[0].buffer, kernel.inputs[1].buffer, kernel.output.buffer, shape,
                Divisor(shape.width));
  });
}

void lowerAddRows(const Kernel& kernel, Plan& plan) {
  const RowShape shape = rowsOf(kernel.output.shape, kernel.inputs[0].shape);
  withType(kernel.output.dtype, [&](auto zero) {
    plan.launch(shape.rows * upTo(shape.width, 256), 1, 256, addRows<decltype(zero)>, kernel.inputs[0].buffer, kernel.inputs[1].buffer,
                kernel.output.buffer, shape);
  });
}

}  // namespace ab::cuda
